//! What may stand where although a rule is against it, each with its reason.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{Finding, Rule};

const ALLOWED_TOML: &str = include_str!("allowed.toml");

/// One entry of `allowed.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Allowance {
    /// The rule that is suspended.
    pub rule: Rule,
    /// The file, relative to the root with slashes; one that ends in a slash is a folder with all in it.
    pub file: String,
    /// Only on lines that contain this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contains: Option<String>,
    /// Why.
    pub reason: String,
}

impl Allowance {
    /// Whether it covers `finding`.
    #[must_use]
    pub fn covers(&self, finding: &Finding) -> bool {
        let here =
            if self.file.ends_with('/') { finding.file.starts_with(&self.file) } else { finding.file == self.file };
        here && self.rule == finding.rule && self.contains.as_ref().is_none_or(|part| finding.text.contains(part))
    }
}

impl std::fmt::Display for Allowance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { rule, file, contains, .. } = self;
        write!(f, "allowed.toml: `{rule}` in {file}")?;
        if let Some(part) = contains {
            write!(f, " on lines with `{part}`")?;
        }
        f.write_str(" allows nothing any more: remove the entry")
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    allow: Vec<Allowance>,
}

/// Why a list of allowances was not taken.
#[derive(Debug, Error)]
pub enum AllowedError {
    /// It is no such list.
    #[error("the list of what the lint allows cannot be read: {0}")]
    Unreadable(#[from] toml::de::Error),
    /// An entry has no reason.
    #[error("the allowance of `{rule}` in {file} gives no reason: say why it may stand there")]
    NoReason {
        /// The rule.
        rule: Rule,
        /// The file.
        file: String,
    },
}

/// Reads a list of allowances.
///
/// # Errors
/// When it is no such list, names an unknown rule, or an entry gives no reason.
pub fn parse_allowed(text: &str) -> Result<Vec<Allowance>, AllowedError> {
    let document: Document = toml::from_str(text)?;
    match document.allow.iter().find(|entry| entry.reason.trim().is_empty()) {
        Some(entry) => Err(AllowedError::NoReason { rule: entry.rule, file: entry.file.clone() }),
        None => Ok(document.allow),
    }
}

/// The list that belongs to this project.
///
/// # Errors
/// As [`parse_allowed`].
pub fn allowed_here() -> Result<Vec<Allowance>, AllowedError> {
    parse_allowed(ALLOWED_TOML)
}
