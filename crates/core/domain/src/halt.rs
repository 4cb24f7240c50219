//! Halts: entries are stopped, with a reason, until the halt is cleared by its rule.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// Who halted. There is at most one halt from each source, and each is cleared by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HaltSource {
    /// The operator; only the operator clears it.
    Operator,
    /// The cascading-failure-detector; it clears it when the desk is well again.
    Failure,
    /// Books and exchange disagree; a clean comparison clears it.
    Reconciliation,
    /// An order group tripped; cleared with its reset.
    OrderGroup,
    /// The time of day jumped; it is cleared when the clock has run evenly for a while.
    Clock,
}

impl HaltSource {
    /// All sources.
    pub const ALL: &'static [Self] =
        &[Self::Operator, Self::Failure, Self::Reconciliation, Self::OrderGroup, Self::Clock];

    /// Lower-case name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Failure => "failure",
            Self::Reconciliation => "reconciliation",
            Self::OrderGroup => "order_group",
            Self::Clock => "clock",
        }
    }

    /// How a halt from this source ends, for people.
    #[must_use]
    pub const fn clearing_rule(self) -> &'static str {
        match self {
            Self::Operator => "the operator resumes",
            Self::Failure => "every needed service is healthy again",
            Self::Reconciliation => "books and exchange agree again",
            Self::OrderGroup => "the order group is reset after a clean comparison",
            Self::Clock => "the clock has run evenly for a while",
        }
    }
}

impl std::fmt::Display for HaltSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

/// A halt in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Halt {
    /// Who halted.
    pub source: HaltSource,
    /// Why, for people.
    pub reason: String,
    /// Since when.
    pub since: Timestamp,
}
