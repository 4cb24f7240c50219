//! Every setting as a page for people, from the very files that the program reads: names, defaults, variables, meanings.

use std::{collections::BTreeMap, fmt::Write as _};

use crate::{manifest::Manifest, schema::DEFAULTS_TOML, variables::variables};

/// A setting as it stands in `config.default.toml`.
struct Entry {
    key: String,
    /// As TOML writes it; none where there is no fixed default.
    default: Option<String>,
    meaning: String,
}

/// A table of the file, with what is said of all of it.
#[derive(Default)]
struct Section {
    name: String,
    about: String,
    entries: Vec<Entry>,
}

/// The settings in Markdown, by section, in the order of `config.default.toml`.
#[must_use]
pub fn settings_markdown() -> String {
    let variables: BTreeMap<String, &str> =
        variables().into_iter().filter_map(|(variable, key)| Some((key?, variable))).collect();
    let mut page = String::new();
    for section in sections() {
        let title = if section.name.is_empty() { "Top level".to_owned() } else { format!("`[{}]`", section.name) };
        let _never_fails = write!(page, "### {title}\n\n");
        if !section.about.is_empty() {
            let _never_fails = write!(page, "{}\n\n", section.about);
        }
        if section.entries.is_empty() {
            continue;
        }
        page.push_str("| setting | default | variable | meaning |\n| --- | --- | --- | --- |\n");
        for entry in section.entries {
            let default = entry.default.map_or_else(|| "-".to_owned(), |value| format!("`{value}`"));
            let variable = variables.get(&entry.key).map_or_else(|| "-".to_owned(), |name| format!("`{name}`"));
            let _never_fails =
                writeln!(page, "| `{}` | {default} | {variable} | {} |", entry.key, entry.meaning.replace('|', "\\|"));
        }
        page.push('\n');
    }
    page
}

fn sections() -> Vec<Section> {
    let mut sections = vec![Section::default()];
    let (mut comment, mut meaning) = (Vec::new(), String::new());
    for line in DEFAULTS_TOML.lines() {
        let section = sections.last_mut();
        if let Some(text) = line.strip_prefix("# ") {
            comment.push(text);
        } else if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            let about = std::mem::take(&mut comment).join(" ");
            meaning.clear();
            sections.push(Section { name: name.to_owned(), about, entries: ports(name) });
        } else if let (Some((name, value)), Some(section)) = (line.split_once(" = "), section) {
            // Settings that stand together share the words above the first.
            if !comment.is_empty() {
                meaning = std::mem::take(&mut comment).join(" ");
            }
            let bare = name.trim_start_matches('#');
            let key = if section.name.is_empty() { bare.to_owned() } else { format!("{}.{bare}", section.name) };
            let default = (!name.starts_with('#')).then(|| value.to_owned());
            section.entries.push(Entry { key, default, meaning: meaning.clone() });
        } else if line.is_empty() {
            comment.clear();
        }
    }
    sections.retain(|section| !section.entries.is_empty() || !section.about.is_empty());
    sections
}

/// The ports have their defaults and words in `services.toml`.
fn ports(section: &str) -> Vec<Entry> {
    if section != "net.ports" {
        return Vec::new();
    }
    let with_port = Manifest::bundled().iter().filter_map(|(service, entry)| {
        let default = Some(entry.port?.to_string());
        Some(Entry { key: format!("net.ports.{service}"), default, meaning: entry.description.clone() })
    });
    with_port.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Schema;

    #[test]
    fn every_setting_is_told_of_once_with_its_words() {
        let told: Vec<Entry> = sections().into_iter().flat_map(|section| section.entries).collect();
        let mut names: Vec<&str> = told.iter().map(|entry| entry.key.as_str()).collect();
        names.sort_unstable();
        // The password has a variable only.
        let known: Vec<&str> = Schema::bundled()
            .iter()
            .map(|(key, _)| key)
            .filter(|key| *key != crate::schema::DATABASE_PASSWORD)
            .collect();
        assert_eq!(names, known);
        let of_section = |key: &str| {
            sections().iter().any(|section| {
                !section.about.is_empty() && key.rsplit_once('.').is_some_and(|(name, _)| name == section.name)
            })
        };
        for entry in &told {
            assert!(!entry.meaning.is_empty() || of_section(&entry.key), "{} has no words", entry.key);
        }
    }
}
