//! What came of a recording.

use rec_domain::{MarketTicker, Price, Quantity, Side, Timestamp, UsdPrice, book::Level};
use serde::Serialize;

/// What came of a recording.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Report {
    /// Frames or messages that were read.
    pub frames: u64,
    /// The subscriptions that the frames belong to.
    pub subscriptions: Vec<Subscription>,
    /// Books, by market.
    pub books: Vec<BookState>,
    /// The last quote of each market by the ticker channel.
    pub quotes: Vec<Quote>,
    /// Trades of anybody, in the order in which they came.
    pub trades: Vec<Trade>,
    /// Settlement indices.
    pub indices: Vec<IndexState>,
    /// What was passed over, and why.
    pub ignored: Vec<Passed>,
}

/// A subscription and what is missing of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Subscription {
    /// Its number.
    pub sid: u64,
    /// Its channel, where the recording has its beginning.
    pub channel: Option<String>,
    /// Frames of it.
    pub frames: u64,
    /// Where numbers are missing.
    pub gaps: Vec<Gap>,
}

/// A place where numbers of a subscription are missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// The number that had to come.
    pub expected: u64,
    /// The number that came.
    pub got: u64,
}

/// One market's book at the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BookState {
    /// The market.
    pub ticker: MarketTicker,
    /// The subscription.
    pub sid: u64,
    /// Whether the desk's book machine knows the book. When it does not, frames are missing after the last snapshot:
    /// what stands here is what the frames at hand imply, and a desk would ask for a new snapshot.
    pub certain: bool,
    /// Highest price at which YES is wanted.
    pub bid: Option<Level>,
    /// Lowest price at which YES is offered.
    pub ask: Option<Level>,
    /// Prices at which YES is wanted.
    pub bid_levels: usize,
    /// Prices at which YES is offered.
    pub ask_levels: usize,
    /// Snapshots of it.
    pub snapshots: u64,
    /// Changes since the last snapshot.
    pub changes: u64,
    /// Those of them that came while the book was in doubt.
    pub doubtful_changes: u64,
}

/// Best prices by the ticker channel, in YES prices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Quote {
    /// The market.
    pub ticker: MarketTicker,
    /// Best bid.
    pub bid: Option<Price>,
    /// Best ask.
    pub ask: Option<Price>,
    /// Price of the last trade.
    pub last_price: Option<Price>,
    /// When, by the exchange's clock.
    pub at: Option<Timestamp>,
    /// Quotes of the market in the recording.
    pub count: u64,
}

/// A trade of anybody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Trade {
    /// The exchange's identity of it.
    pub trade_id: String,
    /// The market.
    pub ticker: MarketTicker,
    /// The YES price.
    pub price: Price,
    /// Contracts.
    pub quantity: Quantity,
    /// What the order acquired that met the resting one.
    pub taker: Option<Side>,
    /// When, by the exchange's clock.
    pub at: Option<Timestamp>,
}

/// A settlement index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IndexState {
    /// Its name, as `BRTI`.
    pub index: String,
    /// Prints of once a second that the desk's feed machine took, in the order of its saying.
    pub prints: Vec<Print>,
    /// Values of five times a second: a lead, never what markets settle on.
    pub ticks: Vec<Print>,
}

/// A value of an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Print {
    /// The instant that it is stamped with.
    pub stamped_at: Timestamp,
    /// The value.
    pub value: UsdPrice,
}

/// Frames that were passed over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Passed {
    /// The exchange's word for the kind; empty where it cannot be read.
    pub kind: String,
    /// Why.
    pub reason: String,
    /// How many.
    pub count: u64,
    /// The first of them, from 1: its line, or its place in a list.
    pub first: u64,
}
