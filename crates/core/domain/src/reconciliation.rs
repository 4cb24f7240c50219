//! The comparison of the desk's books with the exchange's.

use serde::{Deserialize, Serialize};

use crate::{ExchangeIndex, MarketTicker, Money, Quantity, Timestamp};

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
    /// What was looked at; empty in what was stored before this was kept.
    #[serde(default)]
    pub compared: Looked,
}

/// What a comparison looked at, with what each side had.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Looked {
    /// Cash of every shard that either side knows.
    pub cash: Vec<CashOfShard>,
    /// Every position that either side has.
    pub positions: Vec<PositionOfMarket>,
    /// Orders that the exchange has resting, those of others included.
    pub resting: u32,
    /// Orders of this desk that were looked at: every one that is not complete, and those of the last hour.
    pub orders: u32,
    /// Contracts of these orders that the exchange says are filled.
    pub filled: Quantity,
    /// Contracts of these orders whose fills are booked.
    pub booked: Quantity,
    /// Fills whose order is not known.
    pub fills_waiting: u32,
    /// Payments of the last day.
    pub settlements: u32,
    /// Settlements that do not fit the books.
    pub settlements_waiting: u32,
    /// Whether deposits, withdrawals and transfers were read too.
    pub flows: bool,
    /// The instant up to which the exchange's lists were complete when books and exchange last agreed, before this or
    /// in it; `None` when they never did, or in what was stored before this was kept.
    #[serde(default)]
    pub agreed_as_of: Option<Timestamp>,
    /// Rows of these lists that could not be read. Cash tells whether they matter.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unreadable: Vec<String>,
}

/// Cash of a shard on both sides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CashOfShard {
    /// The shard.
    pub exchange_index: ExchangeIndex,
    /// What the ledger has.
    pub ours: Money,
    /// What the exchange has; `None` where it did not name the shard.
    pub theirs: Option<Money>,
    /// What resting orders bind, which is in neither.
    pub reserved: Money,
}

/// A net position on both sides: above zero YES, below zero NO.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PositionOfMarket {
    /// The market.
    pub ticker: MarketTicker,
    /// What the trades hold.
    pub ours: Quantity,
    /// What the exchange has.
    pub theirs: Quantity,
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
