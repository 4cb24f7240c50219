//! What the lint says.

use serde::Serialize;

use super::Rule;

/// One place that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// The file, relative to the root of the checkout, with slashes.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The rule.
    pub rule: Rule,
    /// What was found.
    pub found: String,
    /// The whole line, by which an allowance may be narrowed.
    #[serde(skip)]
    pub text: String,
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { file, line, rule, found, .. } = self;
        write!(f, "{file}:{line}: {rule}: `{found}`: {}", rule.advice())
    }
}
