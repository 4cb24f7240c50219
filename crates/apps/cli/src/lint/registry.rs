//! Host names of package registries, each in two halves so that this file names none.

use super::{Rule, token::runs};

const REGISTRIES: &[(&str, &str)] = &[
    ("crates", "io"),
    ("pypi", "org"),
    ("pythonhosted", "org"),
    ("npmjs", "org"),
    ("npmjs", "com"),
    ("yarnpkg", "com"),
    ("debian", "org"),
    ("ubuntu", "com"),
    ("rubygems", "org"),
    ("proxy.golang", "org"),
    ("docker", "io"),
    ("ghcr", "io"),
    ("quay", "io"),
];

/// Host names in `line` at which packages are fetched.
pub(super) fn look(line: &str, found: &mut Vec<(Rule, String)>) {
    for run in runs(line, |c| c.is_ascii_alphanumeric() || c == '.' || c == '-') {
        let host = run.trim_matches('.').to_ascii_lowercase();
        if REGISTRIES.iter().any(|(name, top)| belongs(&host, name, top)) {
            found.push((Rule::PackageRegistry, host));
        }
    }
}

/// Whether `host` is the domain `name.top` or lies in it.
fn belongs(host: &str, name: &str, top: &str) -> bool {
    host.strip_suffix(top)
        .and_then(|rest| rest.strip_suffix('.'))
        .and_then(|rest| rest.strip_suffix(name))
        .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}
