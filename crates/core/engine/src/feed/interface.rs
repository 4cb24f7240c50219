//! What the `feed` machine is told and what it wants done.

use rec_domain::{Fresh, TimeSpan, Timestamp, UsdPrice, index::IndexPrint};
use serde::{Deserialize, Serialize};

use super::Candle;

/// Limits, in market time (the shell has scaled those that also cover transport).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Config {
    /// The spot venue's name, as `coinbase`.
    pub spot_source: String,
    /// Without an accepted spot price for this long the venue counts as stale.
    pub spot_limit: TimeSpan,
    /// Without an accepted index print for this long the index counts as stale.
    pub index_limit: TimeSpan,
    /// Spot prices are published at most this often; zero publishes each.
    pub publish_spot_every: TimeSpan,
    /// A price further than this from the last accepted one is held back, in percent.
    pub jump_percent: f64,
    /// How many further prices near it a held-back price needs.
    pub confirmations: usize,
    /// A value stamped further than this in the future is dropped.
    pub future_limit: TimeSpan,
    /// How far back candles are fetched.
    pub candles_back: TimeSpan,
    /// When the candles did not come, they are asked for again after this.
    pub candle_retry: TimeSpan,
    /// How often they are asked for at most.
    pub candle_attempts: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            spot_source: "coinbase".to_owned(),
            spot_limit: TimeSpan::from_seconds(3),
            index_limit: TimeSpan::from_seconds(3),
            publish_spot_every: TimeSpan::from_millis(100),
            jump_percent: 2.0,
            confirmations: 2,
            future_limit: TimeSpan::from_seconds(2),
            candles_back: TimeSpan::from_minutes(35),
            candle_retry: TimeSpan::from_seconds(5),
            candle_attempts: 10,
        }
    }
}

/// Where values come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The spot venue.
    Spot,
    /// The settlement index.
    Index,
}

/// What the machine is told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "input", content = "body", rename_all = "snake_case")]
pub enum Input {
    /// A price at the spot venue.
    Spot {
        /// The price.
        price: UsdPrice,
        /// The venue's time.
        observed_at: Timestamp,
    },
    /// A print of the settlement index.
    Index {
        /// The second that it is stamped with.
        stamped_at: Timestamp,
        /// The index.
        value: UsdPrice,
    },
    /// The candles that were asked for, in any order.
    Candles(Vec<Candle>),
    /// They could not be had.
    CandlesFailed,
    /// Time has passed.
    Wake,
}

/// What the machine wants done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "output", content = "body", rename_all = "snake_case")]
pub enum Output {
    /// Publish a spot price.
    Spot(Fresh<UsdPrice>),
    /// Publish an index print.
    Index(IndexPrint),
    /// Fetch one-minute candles of this time.
    FetchCandles {
        /// From.
        from: Timestamp,
        /// To.
        to: Timestamp,
    },
    /// Feed these to the momentum machine.
    Candles(Vec<Candle>),
    /// A source fell silent or came back.
    Stale {
        /// The source.
        source: Source,
        /// Whether it is stale now.
        stale: bool,
        /// Its last accepted value; `None` when there never was one.
        last_at: Option<Timestamp>,
    },
}

/// What was not published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counters {
    /// Came twice, or older than what was known.
    pub repeated_or_late: u64,
    /// Held back as an unconfirmed jump.
    pub held_back: u64,
    /// Not positive, or stamped in the future.
    pub impossible: u64,
}
