//! Cutting a line into the pieces that rules look at.

/// Every longest run of characters for which `keep` holds.
pub(super) fn runs(line: &str, keep: impl Fn(char) -> bool) -> impl Iterator<Item = &str> {
    line.split(move |c: char| !keep(c)).filter(|run| !run.is_empty())
}

/// Where `needle` begins in `line`, each time it does.
pub(super) fn places<'a>(line: &'a str, needle: &'a str) -> impl Iterator<Item = usize> + 'a {
    line.match_indices(needle).map(|(at, _)| at)
}

/// Whether a path may begin at `at`: nothing that belongs to a longer path, name or address stands before it.
pub(super) fn path_begins(line: &str, at: usize) -> bool {
    let before = &line[..at];
    before.ends_with("file://")
        || before.chars().next_back().is_none_or(|c| !(c.is_alphanumeric() || "_-./~})*?]".contains(c)))
}

/// The path that begins at `at`, as far as it can be told.
pub(super) fn path_at(line: &str, at: usize) -> &str {
    let rest = &line[at..];
    let end = rest.find(|c: char| c.is_whitespace() || "\"'`<>()[]{},;:|$".contains(c)).unwrap_or(rest.len());
    &rest[..end]
}
