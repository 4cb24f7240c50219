//! Market time.

use rec_domain::Timestamp;
use serde::Deserialize;

/// How market time follows from the time of day. Processes that share a desk need the same values.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockConfig {
    /// Seconds of market time in one second.
    pub speed: f64,
    /// Market time at `wall_origin`; market time is the time of day when there is none.
    pub market_origin: Option<Timestamp>,
    /// The instant at which market time was `market_origin`.
    pub wall_origin: Option<Timestamp>,
}
