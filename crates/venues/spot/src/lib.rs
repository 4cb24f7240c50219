//! Spot prices of the underlying: the public feeds of Coinbase Exchange, Kraken and Bitstamp, and Coinbase's candles.
//!
//! Nothing here needs a key. Prices are cut off to 1e-6 dollars, which is far below what the desk can tell apart.
//!
//! - [`feed`]: a venue's feed, kept connected, as [`Fresh`](rec_domain::Fresh) prices.
//! - [`protocol`]: what differs between the venues.
//! - [`rest`]: minute candles and the venue's time.

mod bitstamp;
pub mod feed;
mod kraken;
pub mod message;
mod number;
pub mod protocol;
pub mod rest;

#[cfg(test)]
mod wrong;

pub use feed::{DisconnectReason, Feed, FeedConfig, SpotEvent};
pub use message::Message;
pub use protocol::Protocol;
pub use rest::{Candle, RestConfig, SpotClient, SpotError};

/// The source that prices of Coinbase carry.
pub const SOURCE: &str = "coinbase";
