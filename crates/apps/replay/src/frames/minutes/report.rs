//! What comes of a replay minute by minute.

use rec_domain::{EventTicker, MarketTicker, Price, Quantity, Side, Timestamp, UsdPrice, refusal::RefusalCode};
use rec_engine::entry::Rule;
use serde::Serialize;

/// The strike tables of a recording.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Minutes {
    /// What the recording does not say and what was taken instead.
    pub assumed: Vec<String>,
    /// One table a minute, in the order of time.
    pub minutes: Vec<Minute>,
}

/// The strike table at one instant.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Minute {
    /// The instant: a full minute, or the end of the recording.
    pub at: Timestamp,
    /// The event that closes next; `None` when no known event is open.
    pub event: Option<EventTicker>,
    /// When it closes.
    pub close_time: Option<Timestamp>,
    /// Whole seconds until then.
    pub seconds_to_close: Option<i64>,
    /// The spot price.
    pub spot: Option<UsdPrice>,
    /// The settlement index, or what stands in its place.
    pub index: Option<UsdPrice>,
    /// Momentum, percent.
    pub momentum_percent: Option<f64>,
    /// The rows, in ascending strike.
    pub rows: Vec<MinuteRow>,
}

/// A row and what is decided on it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MinuteRow {
    /// The market.
    pub ticker: MarketTicker,
    /// The strike.
    pub strike: UsdPrice,
    /// The favoured side; `None` while there is no price that favours one.
    pub side: Option<Side>,
    /// Chance of the favoured side, percent.
    pub probability: Option<f64>,
    /// Best bid, as a YES price.
    pub bid: Option<Price>,
    /// Best ask, as a YES price.
    pub ask: Option<Price>,
    /// Chance minus ask minus fee of the favoured side, points.
    pub edge: Option<f64>,
    /// Contracts traded so far, as the recording says.
    pub volume: Quantity,
    /// What is decided.
    pub decision: Decision,
    /// The objections of the entry rules, in their order; empty exactly when the decision is to enter.
    pub reasons: Vec<Reason>,
}

/// What is decided on a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "decision", rename_all = "snake_case")]
pub enum Decision {
    /// Buy the favoured side.
    Enter {
        /// Contracts.
        quantity: Quantity,
        /// The most to pay, in the side's own price.
        limit: Price,
    },
    /// Do nothing.
    Refuse,
}

/// A rule's objection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// The rule.
    pub rule: Rule,
    /// Its code.
    pub code: RefusalCode,
    /// Its words.
    pub message: String,
}
