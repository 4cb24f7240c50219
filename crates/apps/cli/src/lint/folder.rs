//! Folders that belong to a person or to some machines only.

use super::{
    Rule,
    token::{path_at, path_begins, places},
};

const HOMEBREW: &[&str] =
    &["/opt/homebrew", "/usr/local/opt/", "/usr/local/opt\"", "/usr/local/Cellar", "/home/linuxbrew"];
const HOMES: &[&str] = &["/home/", "/Users/", "/root"];
const MACHINES: &[&str] = &[
    "/opt/",
    "/usr/local/",
    "/srv/",
    "/mnt/",
    "/Volumes/",
    "/work/",
    "/workspace/",
    "/tmp",
    "/private/tmp",
    "/private/var/",
    "/var/folders/",
];

/// Paths in `line` that other machines do not have.
pub(super) fn look(line: &str, found: &mut Vec<(Rule, String)>) {
    let mut seen = Vec::new();
    for (rule, prefixes) in [(Rule::HomebrewPath, HOMEBREW), (Rule::HomeFolder, HOMES), (Rule::MachinePath, MACHINES)] {
        for prefix in prefixes {
            for at in places(line, prefix) {
                if path_begins(line, at) && !seen.contains(&at) && names_a_folder(&line[at + prefix.len()..], prefix) {
                    seen.push(at);
                    found.push((rule, path_at(line, at).to_owned()));
                }
            }
        }
    }
    windows(line, found);
}

/// Whether `prefix` with `rest` after it is a folder of that kind: `/root` is, `/rooted` and the bare `/home/` are not.
fn names_a_folder(rest: &str, prefix: &str) -> bool {
    let next = rest.chars().next();
    if matches!(prefix, "/home/" | "/Users/") {
        next.is_some_and(char::is_alphanumeric)
    } else if prefix.ends_with(['/', '"']) {
        true
    } else {
        next.is_none_or(|c| !(c.is_alphanumeric() || c == '_' || c == '-'))
    }
}

/// `C:\Users`, also with the backslash escaped, and `C:/Users`; `x:\n` at the end of a text is no path.
fn windows(line: &str, found: &mut Vec<(Rule, String)>) {
    for at in places(line, ":\\").chain(places(line, ":/")) {
        let before = line[..at].chars().next_back();
        let drive = before.is_some_and(|c| c.is_ascii_uppercase())
            && line[..at - 1].chars().next_back().is_none_or(|c| !c.is_alphanumeric());
        let folder = line[at + 2..].trim_start_matches('\\').chars().next().is_some_and(|c| c.is_ascii_uppercase());
        if drive && folder {
            found.push((Rule::DriveLetter, path_at(line, at + 1).trim_start_matches(':').to_owned()));
        }
    }
}
