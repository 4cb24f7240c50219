//! One-minute candles of the spot venue.

use rec_domain::{Timestamp, UsdPrice};
use serde::{Deserialize, Serialize};

/// A candle of one minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candle {
    /// The start of its minute.
    pub start: Timestamp,
    /// The last price of its minute.
    pub close: UsdPrice,
}
