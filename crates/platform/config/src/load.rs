//! From layers to a checked configuration.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use toml::Value;

use crate::{
    checks,
    derive::derive,
    document::names_a_secret,
    layers::{Layers, Leaf, Leaves, as_table},
    origin::Origin,
    problem::{ConfigErrors, Problem},
    schema::Schema,
    secret::REDACTED,
    section::Config,
    sources::Sources,
};

/// A configuration with the origin of every value.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// What callers print before they start.
    pub warnings: Vec<String>,
    /// The operator's file, when there is one.
    pub file: Option<PathBuf>,
    leaves: Leaves,
}

/// A setting as `rec config show` lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ShownSetting {
    /// Dotted name, as `net.bind_host`.
    pub key: String,
    /// Value as it would stand in a file; `[redacted]` for a secret, `None` when it is not set.
    pub value: Option<String>,
    /// Where the value came from; `None` when it is not set.
    pub origin: Option<Origin>,
}

/// Reads, merges and checks every layer.
///
/// # Errors
/// All faults of all layers at once, each pointing at its text.
pub fn load(sources: &Sources) -> Result<Loaded, ConfigErrors> {
    let Layers { defaults, mut set, file, mut problems } = Layers::read(sources);
    let mut base = defaults.clone();
    derive(&mut base, sources);
    if !base.contains_key("state_dir") {
        if !set.contains_key("state_dir") {
            problems.push(
                Problem::new("there is no folder for the desk's state: neither HOME nor XDG_STATE_HOME is set")
                    .help("set REC_STATE_DIR to an absolute path"),
            );
        }
        let stand_in = Sources { is_root: true, ..sources.clone() };
        derive(&mut base, &stand_in);
    }
    set.retain(|key, leaf| match fits(key, leaf, &base) {
        Ok(()) => true,
        Err(problem) => {
            problems.push(*problem);
            false
        }
    });
    let mut leaves = defaults;
    leaves.extend(set);
    derive(&mut leaves, sources);
    // Without a state folder the fault is on the list; the rest is still checked.
    for (key, leaf) in base {
        leaves.entry(key).or_insert(leaf);
    }
    let config = match Config::deserialize(Value::Table(as_table(&leaves))) {
        Ok(config) => config,
        Err(error) => {
            problems.push(Problem::new(format!("the settings do not fit together: {}", error.message())));
            return Err(ConfigErrors(problems));
        }
    };
    checks::check(&config, &leaves, &mut problems);
    let warnings = checks::warnings(&config, sources);
    if problems.is_empty() { Ok(Loaded { config, warnings, file, leaves }) } else { Err(ConfigErrors(problems)) }
}

/// Whether a value is possible for its setting, tried alone in an otherwise sound configuration.
fn fits(key: &str, leaf: &Leaf, base: &Leaves) -> Result<(), Box<Problem>> {
    let mut tried = base.clone();
    tried.insert(key.to_owned(), leaf.clone());
    let Err(error) = Config::deserialize(Value::Table(as_table(&tried))) else { return Ok(()) };
    let shown = if names_a_secret(key) { REDACTED.to_owned() } else { leaf.value.to_string() };
    let mut why = error.message().to_owned();
    for (kind, words) in [
        ("expected u16", "expected a whole number from 0 to 65535"),
        ("expected u32", "expected a whole number from 0 to 4294967295"),
        ("expected i64", "expected a whole number"),
        ("expected f64", "expected a number"),
    ] {
        why = why.replace(kind, words);
    }
    let message = format!("`{key}` cannot be {shown}: {why}");
    Err(Box::new(match &leaf.place {
        Some(place) => Problem::at(message, place, "this value"),
        None => Problem::new(message),
    }))
}

impl Loaded {
    /// Every setting with its value and origin, in the order of the default file; secrets redacted.
    #[must_use]
    pub fn settings(&self) -> Vec<ShownSetting> {
        let mut schema: Vec<_> = Schema::bundled().iter().collect();
        schema.sort_by_key(|(_, setting)| setting.position);
        let shown = schema.into_iter().map(|(key, _)| {
            let leaf = self.leaves.get(key);
            let value = leaf.map(|leaf| if names_a_secret(key) { REDACTED.to_owned() } else { leaf.value.to_string() });
            ShownSetting { key: key.to_owned(), value, origin: leaf.map(|leaf| leaf.origin.clone()) }
        });
        shown.collect()
    }

    /// Where a setting's value came from; none for a setting that has no value or does not exist.
    #[must_use]
    pub fn origin(&self, key: &str) -> Option<&Origin> {
        self.leaves.get(key).map(|leaf| &leaf.origin)
    }
}
