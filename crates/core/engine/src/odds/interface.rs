//! What the `odds` machine is told and what it wants done.

use rec_domain::{
    Fresh, TimeSpan, UsdPrice,
    book::BookTop,
    index::IndexPrint,
    market::Market,
    momentum::MomentumReading,
    strike_table::{StrikeRows, StrikeTable},
};
use serde::{Deserialize, Serialize};

/// Limits, in market time (the shell has scaled those that also cover transport).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Config {
    /// Two tables are at least this far apart where only spot prices and books changed between them.
    pub least_gap: TimeSpan,
    /// Two tables are at least this far apart whatever changed: what every chance depends on is not kept waiting.
    pub price_gap: TimeSpan,
    /// A table is made at least this often, changed or not.
    pub every: TimeSpan,
    /// Rows: the strikes nearest to the price.
    pub strikes: usize,
    /// How old a spot price may be.
    pub spot_limit: TimeSpan,
    /// How old an index print may be.
    pub index_limit: TimeSpan,
    /// How old a momentum reading may be.
    pub momentum_limit: TimeSpan,
    /// How old a book may be; an older one counts as not known.
    pub book_limit: TimeSpan,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            least_gap: TimeSpan::from_millis(100),
            price_gap: TimeSpan::from_millis(10),
            every: TimeSpan::from_seconds(1),
            strikes: 21,
            spot_limit: TimeSpan::from_seconds(3),
            index_limit: TimeSpan::from_seconds(3),
            momentum_limit: TimeSpan::from_seconds(5),
            book_limit: TimeSpan::from_seconds(3),
        }
    }
}

/// What the machine is told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "input", content = "body", rename_all = "snake_case")]
pub enum Input {
    /// A spot price.
    Spot(Fresh<UsdPrice>),
    /// A print of the settlement index.
    Index(IndexPrint),
    /// Momentum.
    Momentum(MomentumReading),
    /// Every market that is open or about to open.
    Markets(Vec<Market>),
    /// Tops of books that changed.
    Books(Vec<BookTop>),
    /// Time has passed.
    Wake,
}

/// What the machine wants done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "output", content = "body", rename_all = "snake_case")]
pub enum Output {
    /// Publish a strike table.
    Strikes(Box<StrikeTable>),
    /// Publish rows of the last strike table whose books changed.
    Rows(StrikeRows),
}
