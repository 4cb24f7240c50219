//! Spot prices of the underlying: Coinbase Exchange's public ticker feed and its candles.
//!
//! Nothing here needs a key. Prices are cut off to 1e-6 dollars, which is far below what the desk can tell apart.
//!
//! - [`feed`]: the ticker feed, kept connected, as [`Fresh`](rec_domain::Fresh) prices.
//! - [`rest`]: minute candles and the venue's time.

pub mod feed;
pub mod message;
mod number;
pub mod rest;

pub use feed::{DisconnectReason, Feed, FeedConfig, SpotEvent};
pub use message::Message;
pub use rest::{Candle, RestConfig, SpotClient, SpotError};

/// The source that prices of this venue carry.
pub const SOURCE: &str = "coinbase";
