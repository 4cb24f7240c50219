//! Passwords that stand in a file.

use super::{Rule, kind::Kind};

const NAMES: &[&str] = &["password", "passwd", "_pass", "secret_key", "pgpass"];
const GUESSED_FIRST: &[&str] = &[
    "123456", "admin", "changeme", "default", "letmein", "pass", "password", "postgres", "rec", "root", "secret",
    "test",
];

/// A password with a value in `line`; in settings any value counts, elsewhere those that are guessed first.
pub(super) fn look(kind: Kind, line: &str, found: &mut Vec<(Rule, String)>) {
    let lower = line.to_ascii_lowercase();
    for name in NAMES {
        for (at, _) in lower.match_indices(name) {
            let rest = &lower[at + name.len()..];
            if let Some(value) = value_of(rest)
                && (GUESSED_FIRST.contains(&value)
                    || (matches!(kind, Kind::Settings | Kind::Unit) && is_literal(value)))
            {
                found.push((Rule::DefaultPassword, format!("{name} = {value}")));
            }
        }
    }
    in_an_address(line, found);
}

/// What is assigned right after a name: `= "x"`, `: x`, `:-x}`; nothing when the name goes on or nothing is assigned.
fn value_of(rest: &str) -> Option<&str> {
    let rest = rest.trim_start_matches(['"', '\'']).trim_start();
    let rest = [":-", ":=", "=>", "=", ":"].iter().find_map(|sign| rest.strip_prefix(sign))?;
    let rest = rest.trim_start();
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''));
    let rest = if quote.is_some() { &rest[1..] } else { rest };
    let end = rest.find(|c: char| quote.map_or(c.is_whitespace() || "\"'`,;)}".contains(c), |q| c == q));
    Some(&rest[..end.unwrap_or(rest.len())]).filter(|value| !value.is_empty())
}

/// Whether a value of settings is the secret itself and no reference to one.
fn is_literal(value: &str) -> bool {
    !value.starts_with(['$', '/', '~', '{', '<', '[', '%']) && !value.starts_with("credential:") && value != "null"
}

/// `scheme://<user>:<password>@<host>`.
fn in_an_address(line: &str, found: &mut Vec<(Rule, String)>) {
    for (at, _) in line.match_indices("://") {
        let rest = &line[at + 3..];
        let authority =
            &rest[..rest.find(|c: char| c.is_whitespace() || "/\"'`<>{}$".contains(c)).unwrap_or(rest.len())];
        if let Some((user, _)) = authority.rsplit_once('@')
            && let Some((_, password)) = user.split_once(':')
            && !password.is_empty()
        {
            found.push((Rule::DefaultPassword, format!("{user}@")));
        }
    }
}
