//! The spot venue.

use std::fmt;

use rec_domain::TimeSpan;
use serde::Deserialize;

use super::{VenueUrls, seconds};
use crate::checks::{host_of, stays_here};

/// Spot prices: the venue whose trades give them, and the candles with which momentum starts.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpotConfig {
    /// The venue whose trades give the price.
    pub venue: SpotVenue,
    /// Products that are watched, as `BTC-USD`, whatever the venue calls them.
    pub products: Vec<String>,
    /// REST address in use, for candles; Coinbase's, whatever the venue.
    pub rest_url: String,
    /// WebSocket address in use; the venue's.
    pub ws_url: String,
    /// How long an answer may take.
    #[serde(rename = "request_timeout_seconds", deserialize_with = "seconds")]
    pub request_timeout: TimeSpan,
    /// Coinbase's own addresses.
    pub coinbase: VenueUrls,
    /// Kraken's own address.
    pub kraken: FeedUrl,
    /// Bitstamp's own address.
    pub bitstamp: FeedUrl,
}

impl SpotConfig {
    /// Whether prices come from this machine, which no venue's do: then they are a twin's.
    #[must_use]
    pub fn is_simulated(&self) -> bool {
        let here = |url, scheme| host_of(url, scheme).is_some_and(|host| stays_here(&host));
        here(&self.rest_url, "http") && here(&self.ws_url, "ws")
    }
}

/// A venue whose feed of trades can be watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SpotVenue {
    /// Coinbase Exchange.
    Coinbase,
    /// Kraken.
    Kraken,
    /// Bitstamp.
    Bitstamp,
}

impl fmt::Display for SpotVenue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Coinbase => "coinbase",
            Self::Kraken => "kraken",
            Self::Bitstamp => "bitstamp",
        })
    }
}

/// The address of a venue of which only the feed is used.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeedUrl {
    /// WebSocket.
    pub ws_url: String,
}
