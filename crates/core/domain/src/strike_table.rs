//! The strike table: chance, price and edge of each strike around the price.

use serde::{Deserialize, Serialize};

use crate::{
    EventTicker, Fresh, MarketTicker, Money, Probability, Quantity, Side, TimeSpan, Timestamp, UsdPrice, book::Top,
    index::SettlementWindow, momentum::MomentumReading,
};

/// All strikes of one event around the price, at one instant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StrikeTable {
    /// When it was computed.
    pub at: Timestamp,
    /// The event.
    pub event: EventTicker,
    /// When it closes.
    pub close_time: Timestamp,
    /// The spot price; `None` while there is none.
    pub spot: Option<Fresh<UsdPrice>>,
    /// The settlement index; `None` while there is none.
    pub index: Option<Fresh<UsdPrice>>,
    /// What is known of the settlement already.
    pub settlement: SettlementWindow,
    /// Momentum; `None` while there is none.
    pub momentum: Option<MomentumReading>,
    /// The rows, in ascending strike.
    pub rows: Vec<StrikeRow>,
}

/// Rows of the newest strike table whose books have changed since it was made. What does not come from the book is as in
/// the table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StrikeRows {
    /// When they were computed.
    pub at: Timestamp,
    /// The table's event.
    pub event: EventTicker,
    /// The rows, in the order in which their books were told.
    pub rows: Vec<StrikeRow>,
}

/// One strike.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StrikeRow {
    /// The market.
    pub ticker: MarketTicker,
    /// The nominal strike.
    pub strike: UsdPrice,
    /// Distance of the price from the strike, without sign.
    pub buffer: UsdPrice,
    /// The side that wins if the price stays where it is.
    pub favoured: Side,
    /// Chance of YES; `None` when it cannot be computed, with the reason in `why_not`.
    pub yes: Option<Probability>,
    /// Why there is no chance.
    pub why_not: Option<String>,
    /// Best bid and ask; `None` while the book is not known.
    pub top: Option<Top>,
    /// When the book was last seen, by its own clock.
    pub book_at: Option<Timestamp>,
    /// Contracts traded.
    pub volume: Quantity,
    /// Chance minus ask of YES, before and after the fee of one contract, in points.
    pub yes_edge: Option<Edge>,
    /// The same for NO.
    pub no_edge: Option<Edge>,
}

/// What buying one contract is worth beyond what it costs, in points (cents per contract).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Edge {
    /// Before the fee.
    pub gross_points: f64,
    /// After the fee.
    pub net_points: f64,
    /// The fee of one contract at the ask.
    pub fee: Money,
}

impl StrikeRow {
    /// Chance of `side`.
    #[must_use]
    pub fn probability(&self, side: Side) -> Option<Probability> {
        self.yes.map(|yes| match side {
            Side::Yes => yes,
            Side::No => yes.complement(),
        })
    }

    /// Edge of buying `side`.
    #[must_use]
    pub const fn edge(&self, side: Side) -> Option<Edge> {
        match side {
            Side::Yes => self.yes_edge,
            Side::No => self.no_edge,
        }
    }
}

impl StrikeTable {
    /// Time until the event closes; negative afterwards.
    #[must_use]
    pub fn time_to_close(&self, now: Timestamp) -> TimeSpan {
        self.close_time.since(now)
    }
}
