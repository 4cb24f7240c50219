//! The spot venue.

use rec_domain::TimeSpan;
use serde::Deserialize;

use super::{VenueUrls, seconds};

/// The spot venue, Coinbase.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpotConfig {
    /// Products that are watched, as `BTC-USD`.
    pub products: Vec<String>,
    /// REST address in use.
    pub rest_url: String,
    /// WebSocket address in use.
    pub ws_url: String,
    /// How long an answer may take.
    #[serde(rename = "request_timeout_seconds", deserialize_with = "seconds")]
    pub request_timeout: TimeSpan,
    /// Coinbase's own addresses.
    pub coinbase: VenueUrls,
}
