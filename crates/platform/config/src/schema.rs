//! What may be set: the settings that `config.default.toml` and `services.toml` name.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use toml::Value;

use crate::{
    document::{Document, RawLeaf},
    manifest::{Manifest, SERVICES_TOML},
    origin::Origin,
};

/// The text of `config.default.toml`, compiled in.
pub const DEFAULTS_TOML: &str = include_str!("../../../../config.default.toml");

/// A setting that exists.
#[derive(Debug, Clone)]
pub(crate) struct Setting {
    /// A value of the right type.
    pub(crate) example: Value,
    /// Its default with where it stands; none when it follows from others or may be absent.
    pub(crate) default: Option<(Value, Origin)>,
    /// Where it stands in the file, for listings.
    pub(crate) position: usize,
}

/// All settings that exist, by dotted name.
#[derive(Debug)]
pub(crate) struct Schema {
    settings: BTreeMap<String, Setting>,
    sections: Vec<String>,
}

/// A secret that a variable may carry and a file may not.
pub(crate) const DATABASE_PASSWORD: &str = "database.password";

impl Schema {
    /// The settings of this program.
    pub(crate) fn bundled() -> &'static Self {
        static SCHEMA: OnceLock<Schema> = OnceLock::new();
        SCHEMA.get_or_init(Self::build)
    }

    fn build() -> Self {
        let examples = Document::parse("config.default.toml", &with_examples(DEFAULTS_TOML));
        let defaults = Document::parse("config.default.toml", DEFAULTS_TOML);
        let mut settings = BTreeMap::new();
        for leaf in examples.leaves {
            let default = defaults.leaves.iter().find(|default| default.key == leaf.key).map(|default| {
                (default.value.clone(), Origin::Default { file: "config.default.toml", line: default.place.line() })
            });
            let position = leaf.place.span.start;
            settings.insert(leaf.key, Setting { example: leaf.value, default, position });
        }
        let sections: Vec<String> = examples.tables.into_iter().map(|(key, _)| key).collect();
        let services = Document::parse("services.toml", SERVICES_TOML);
        let after = |key: &str| settings.get(key).map_or(0, |setting: &Setting| setting.position);
        let (ports_at, password_at) = (after("net.service_token_file") + 1, after("database.password_file"));
        let ports: Vec<(String, RawLeaf)> = Manifest::bundled()
            .iter()
            .filter_map(|(service, _)| {
                let wanted = format!("services.{service}.port");
                let leaf = services.leaves.iter().find(|leaf| leaf.key == wanted)?;
                Some((format!("net.ports.{service}"), leaf.clone()))
            })
            .collect();
        for (order, (key, leaf)) in ports.into_iter().enumerate() {
            let origin = Origin::Default { file: "services.toml", line: leaf.place.line() };
            let default = Some((leaf.value.clone(), origin));
            settings.insert(key, Setting { example: leaf.value, default, position: ports_at + order });
        }
        settings.insert(
            DATABASE_PASSWORD.to_owned(),
            Setting { example: Value::String(String::new()), default: None, position: password_at },
        );
        Self { settings, sections }
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Setting> {
        self.settings.get(key)
    }

    pub(crate) fn is_section(&self, key: &str) -> bool {
        self.sections.iter().any(|section| section == key)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Setting)> {
        self.settings.iter().map(|(key, setting)| (key.as_str(), setting))
    }

    /// Every name, those of sections included.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.settings.keys().map(String::as_str).chain(self.sections.iter().map(String::as_str))
    }
}

/// The text with its `#name = value` lines made settings.
fn with_examples(text: &str) -> String {
    let uncommented = text.lines().map(|line| match line.strip_prefix('#') {
        Some(rest) if rest.starts_with(|first: char| first.is_ascii_lowercase()) && rest.contains(" = ") => rest,
        _ => line,
    });
    uncommented.collect::<Vec<_>>().join("\n") + "\n"
}

/// Whether a setting names a file or a folder.
pub(crate) fn is_path(key: &str) -> bool {
    ["_dir", "_file", "_path"].iter().any(|end| key.ends_with(end))
}

/// Why a text names no file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotAPath {
    /// It is relative, and to what is not known.
    Relative,
    /// `~/` without a home.
    NoHome,
    /// `credential:` outside of a systemd unit with credentials, or with a slash in the name.
    NoCredentials,
}

/// The file that a text means: absolute, under the home (`~/`), a systemd credential, or relative to `beside`.
pub(crate) fn resolve_path(
    text: &str,
    beside: Option<&Path>,
    home: Option<&Path>,
    credentials: Option<&str>,
) -> Result<PathBuf, NotAPath> {
    if let Some(name) = text.strip_prefix("credential:") {
        return match credentials {
            Some(folder) if !name.is_empty() && !name.contains('/') => Ok(Path::new(folder).join(name)),
            _ => Err(NotAPath::NoCredentials),
        };
    }
    if let Some(rest) = text.strip_prefix("~/") {
        return home.map(|home| home.join(rest)).ok_or(NotAPath::NoHome);
    }
    let path = Path::new(text);
    match beside {
        _ if path.is_absolute() => Ok(path.to_owned()),
        Some(folder) => Ok(folder.join(path)),
        None => Err(NotAPath::Relative),
    }
}
