//! The comparison of the desk's books with the exchange's.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// One comparison at one quiet point.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reconciliation {
    /// When it was made.
    pub at: Timestamp,
    /// The instant up to which the exchange's lists were complete.
    pub as_of: Timestamp,
    /// The last change in the desk's own books before it.
    pub books_changed_at: Timestamp,
    /// Everything that differs; empty when the books agree.
    pub differences: Vec<Difference>,
}

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Compared {
    /// Cash of a shard.
    Cash,
    /// Net position of a market.
    Position,
    /// A resting order.
    Order,
    /// A fill without an order that the exchange knows.
    Fill,
    /// A settlement.
    Settlement,
}

/// Something on which desk and exchange differ.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Difference {
    /// What is compared.
    pub compared: Compared,
    /// Of which shard, market or order.
    pub subject: String,
    /// What the desk has.
    pub ours: String,
    /// What the exchange has.
    pub theirs: String,
}

impl Reconciliation {
    /// Whether desk and exchange agree in everything.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.differences.is_empty()
    }
}
