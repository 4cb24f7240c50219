//! The layers of a configuration, merged: every setting with its value and where it came from.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use toml::Value;

use crate::{
    document::{Document, RawLeaf, looks_like_a_key, names_a_secret},
    origin::Origin,
    problem::{Place, Problem, Text},
    schema::{DATABASE_PASSWORD, NotAPath, Schema, Setting, is_path, resolve_path},
    secret::REDACTED,
    sources::Sources,
    suggest::did_you_mean,
    variables::{CONFIG_VARIABLE, belongs_to_tests, variables},
};

/// Faults after which the rest of a file is left aside.
pub(crate) const MOST_FAULTS: usize = 100;

/// A setting's value and where it came from.
#[derive(Debug, Clone)]
pub(crate) struct Leaf {
    pub(crate) value: Value,
    pub(crate) origin: Origin,
    /// The text to point at; none for defaults.
    pub(crate) place: Option<Place>,
}

/// Every setting that has a value.
pub(crate) type Leaves = BTreeMap<String, Leaf>;

/// What was read, and what was wrong with it.
#[derive(Debug, Default)]
pub(crate) struct Layers {
    /// The compiled-in defaults.
    pub(crate) defaults: Leaves,
    /// What the operator set, the highest layer of each setting.
    pub(crate) set: Leaves,
    /// The operator's file, when one was read.
    pub(crate) file: Option<PathBuf>,
    pub(crate) problems: Vec<Problem>,
}

impl Layers {
    /// Reads all layers.
    pub(crate) fn read(sources: &Sources) -> Self {
        let mut layers = Self { defaults: defaults(), ..Self::default() };
        layers.read_file(sources);
        layers.read_environment(sources);
        layers.read_options(sources);
        layers
    }

    /// The file named by `--config`, by `REC_CONFIG`, or the one in the configuration folder if it exists.
    fn read_file(&mut self, sources: &Sources) {
        let named = sources.config_flag.clone().map(|path| (path, "--config"));
        let named = named.or_else(|| Some((PathBuf::from(sources.var(CONFIG_VARIABLE)?), CONFIG_VARIABLE)));
        let (path, named_by) = match named {
            Some((path, by)) => (path, Some(by)),
            None => match config_file(sources).filter(|path| sources.exists(path)) {
                Some(path) => (path, None),
                None => return,
            },
        };
        if let (Some(by), false) = (named_by, path.is_absolute()) {
            self.problems.push(
                Problem::new(format!("{by} names `{}`, which is not an absolute path", path.display()))
                    .help("nothing depends on the working directory, so the file must be named from the root"),
            );
            return;
        }
        let content = match sources.read(&path) {
            Ok(content) => content,
            Err(error) => {
                let by = named_by.map(|by| format!(" (named by {by})")).unwrap_or_default();
                self.problems.push(
                    Problem::new(format!("cannot read the configuration file {}{by}: {error}", path.display()))
                        .help("`rec config init` writes one with comments where there is none"),
                );
                return;
            }
        };
        let mut document = Document::parse(&path.display().to_string(), &content);
        self.problems.append(&mut document.problems);
        let schema = Schema::bundled();
        for (key, place) in &document.tables {
            if self.has_too_many_faults() {
                break;
            }
            // The settings of an unknown section are reported with it, not one by one.
            let outer_is_known = key.rsplit_once('.').is_none_or(|(outer, _)| schema.is_section(outer));
            if !schema.is_section(key) && outer_is_known {
                let what = if schema.get(key).is_some() { "is a setting, not a section" } else { "is no section" };
                self.problems.push(unknown(format!("`{key}` {what}"), key, place));
            }
        }
        for leaf in document.leaves {
            if self.has_too_many_faults() {
                self.problems.push(Problem::new("what follows is not looked at any more; mend these first"));
                break;
            }
            self.add_from_file(leaf, &path, sources);
        }
        self.file = Some(path);
    }

    /// Whether nobody would read more of them: what is no configuration has a fault in each of its lines.
    fn has_too_many_faults(&self) -> bool {
        self.problems.len() >= MOST_FAULTS
    }

    fn add_from_file(&mut self, leaf: RawLeaf, path: &Path, sources: &Sources) {
        let schema = Schema::bundled();
        let RawLeaf { key, value, name, place } = leaf;
        let Some(setting) = schema.get(&key) else {
            if schema.is_section(&key) {
                self.problems.push(Problem::at(
                    format!("`{key}` is a section, not a setting"),
                    &name,
                    format!("write [{key}] and its settings below"),
                ));
            } else if names_a_secret(&key) {
                self.problems.push(inline_secret(&key, &name));
            } else if key.rsplit_once('.').is_none_or(|(section, _)| schema.is_section(section)) {
                self.problems.push(unknown(format!("unknown setting `{key}`"), &key, &name));
            }
            return;
        };
        if key == DATABASE_PASSWORD {
            self.problems.push(inline_secret(&key, &name));
            return;
        }
        let origin = Origin::File { path: path.to_owned(), line: place.line() };
        self.add(&key, value, setting, origin, place, path.parent(), sources);
    }

    fn read_environment(&mut self, sources: &Sources) {
        let known = variables();
        let names = sources.env.keys().filter_map(|name| name.to_str()).filter(|name| name.starts_with("REC_"));
        for name in names.filter(|name| !belongs_to_tests(name)).map(str::to_owned).collect::<Vec<_>>() {
            let Some((_, key)) = known.iter().find(|(variable, _)| *variable == name) else {
                let mut problem = Problem::new(format!("unknown variable {name}"));
                let names = known.iter().map(|(variable, _)| *variable);
                let near = did_you_mean(&name, names).map(|near| format!("{near} ")).unwrap_or_default();
                problem = problem.help(format!("{near}`.env.example` lists every variable that is read"));
                self.problems.push(problem);
                continue;
            };
            let Some(value) = sources.env.get(std::ffi::OsStr::new(&name)) else { continue };
            let Some(value) = value.to_str() else {
                self.problems.push(Problem::new(format!("the value of {name} is not UTF-8 text")));
                continue;
            };
            let (Some(key), false) = (key, value.is_empty()) else { continue };
            self.add_text(key, value, &name, &format!("{name}="), Origin::Env { name: name.clone() }, sources);
        }
    }

    fn read_options(&mut self, sources: &Sources) {
        for given in &sources.overrides {
            if Schema::bundled().get(&given.key).is_none() {
                let problem = Problem::new(format!("{} sets `{}`, which is no setting", given.option, given.key));
                let near = did_you_mean(&given.key, Schema::bundled().names());
                self.problems.push(near.into_iter().fold(problem, Problem::help));
                continue;
            }
            let origin = Origin::CommandLine { option: given.option.clone() };
            self.add_text(&given.key, &given.value, &given.option, &format!("{} ", given.option), origin, sources);
        }
    }

    /// A value given as bare text, whose type the setting decides.
    fn add_text(&mut self, key: &str, value: &str, name: &str, lead: &str, origin: Origin, sources: &Sources) {
        let Some(setting) = Schema::bundled().get(key) else { return };
        let shown = if names_a_secret(key) || looks_like_a_key(value) { REDACTED } else { value };
        let text = Text { name: name.into(), content: format!("{lead}{shown}").into() };
        let place = Place { text, span: lead.len()..lead.len() + shown.len() };
        let parsed = match &setting.example {
            Value::Integer(_) | Value::Float(_) => {
                value.parse().map(Value::Integer).ok().or_else(|| value.parse().map(Value::Float).ok())
            }
            Value::Boolean(_) => value.parse().map(Value::Boolean).ok(),
            Value::Array(_) => Some(value.split(',').map(|item| item.trim().to_owned()).collect::<Vec<_>>().into()),
            _ => Some(Value::String(value.to_owned())),
        };
        match parsed {
            Some(value) => self.add(key, value, setting, origin, place, None, sources),
            None => {
                let wanted = wanted(&setting.example);
                self.problems.push(Problem::at(format!("{name} must be {wanted}"), &place, "not that"));
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "a value with all that is known of it")]
    fn add(
        &mut self,
        key: &str,
        mut value: Value,
        setting: &Setting,
        origin: Origin,
        place: Place,
        beside: Option<&Path>,
        sources: &Sources,
    ) {
        if !same_kind(&value, &setting.example) {
            let wanted = wanted(&setting.example);
            let found = value.type_str();
            self.problems.push(
                Problem::at(
                    format!("`{key}` must be {wanted}, not {}", with_article(found)),
                    &place,
                    format!("{found} here"),
                )
                .help(format!("for example: {} = {}", last(key), setting.example)),
            );
            return;
        }
        if let (true, Value::String(text)) = (is_path(key), &value) {
            if looks_like_a_key(text) {
                self.problems.push(inline_secret(key, &place));
                return;
            }
            let home = sources.home();
            match resolve_path(text, beside, home.as_deref(), sources.var("CREDENTIALS_DIRECTORY")) {
                Ok(path) => value = Value::String(path.display().to_string()),
                Err(why) => {
                    let (message, help) = match why {
                        NotAPath::Relative => ("is relative", "name it from the root, or as ~/..."),
                        NotAPath::NoHome => ("begins with ~/ and HOME is not set", "name it from the root"),
                        NotAPath::NoCredentials => (
                            "asks for a systemd credential and there are none",
                            "CREDENTIALS_DIRECTORY is set by systemd for units with LoadCredential; a credential has a plain name",
                        ),
                    };
                    self.problems
                        .push(Problem::at(format!("the path of `{key}` {message}"), &place, "this path").help(help));
                    return;
                }
            }
        }
        self.set.insert(key.to_owned(), Leaf { value, origin, place: Some(place) });
    }
}

/// The operator's file in the configuration folder.
pub(crate) fn config_file(sources: &Sources) -> Option<PathBuf> {
    Some(sources.config_folder()?.join("config.local.toml"))
}

fn defaults() -> Leaves {
    let with_default = Schema::bundled().iter().filter_map(|(key, setting)| {
        let (value, origin) = setting.default.clone()?;
        Some((key.to_owned(), Leaf { value, origin, place: None }))
    });
    with_default.collect()
}

/// Values as one table, by their dotted names.
pub(crate) fn as_table(leaves: &Leaves) -> toml::Table {
    let mut root = toml::Table::new();
    // Sections without a setting that has a value exist nevertheless.
    for (key, _) in Schema::bundled().iter() {
        if let Some((section, _)) = key.rsplit_once('.') {
            table_at(&mut root, section);
        }
    }
    for (key, leaf) in leaves {
        let (section, name) = key.rsplit_once('.').unwrap_or(("", key));
        if let Some(table) = table_at(&mut root, section) {
            table.insert(name.to_owned(), leaf.value.clone());
        }
    }
    root
}

fn table_at<'a>(root: &'a mut toml::Table, section: &str) -> Option<&'a mut toml::Table> {
    let mut table = root;
    for part in section.split('.').filter(|part| !part.is_empty()) {
        table = table.entry(part).or_insert_with(|| Value::Table(toml::Table::new())).as_table_mut()?;
    }
    Some(table)
}

fn unknown(message: String, key: &str, place: &Place) -> Problem {
    let problem = Problem::at(message, place, "not known");
    // A setting in the wrong section is found by its own name.
    let same_name: Vec<&str> =
        Schema::bundled().names().filter(|name| *name != key && last(name) == last(key)).take(3).collect();
    match did_you_mean(key, Schema::bundled().names()) {
        Some(near) => problem.help(near),
        None if !same_name.is_empty() => problem.help(format!("there is `{}`", same_name.join("`, `"))),
        None => problem.help("`rec config show` lists every setting"),
    }
}

fn inline_secret(key: &str, place: &Place) -> Problem {
    let file_setting = format!("{key}_file");
    let instead = if Schema::bundled().get(&file_setting).is_some() { file_setting } else { key.to_owned() };
    Problem::at(format!("`{key}` holds a secret itself"), place, "a secret has no place here").help(format!(
        "put the secret into a file of its own, readable by you only, and name that file with `{instead}`"
    ))
}

fn last(key: &str) -> &str {
    key.rsplit('.').next().unwrap_or(key)
}

fn same_kind(value: &Value, example: &Value) -> bool {
    match (value, example) {
        (Value::Integer(_) | Value::Float(_), Value::Integer(_) | Value::Float(_)) => true,
        (Value::Array(items), Value::Array(examples)) => {
            let example = examples.first();
            items.iter().all(|item| example.is_none_or(|example| item.same_type(example)))
        }
        _ => value.same_type(example),
    }
}

fn wanted(example: &Value) -> &'static str {
    match example {
        Value::Integer(_) | Value::Float(_) => "a number",
        Value::Boolean(_) => "true or false",
        Value::Array(_) => "a list of texts",
        _ => "a text in quotes",
    }
}

fn with_article(kind: &str) -> String {
    let article = if kind.starts_with(['a', 'i']) { "an" } else { "a" };
    format!("{article} {kind}")
}
