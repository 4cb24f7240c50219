//! One-minute price history.

use rec_domain::{Timestamp, UsdPrice};
use serde::{Deserialize, Serialize};

/// The last price of a minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MinuteClose {
    /// The minute, as any instant in it (one convention throughout a history: start or end).
    pub at: Timestamp,
    /// The price.
    pub close: UsdPrice,
}

impl MinuteClose {
    /// Whole minutes since the epoch.
    #[must_use]
    pub const fn minute(&self) -> i64 {
        self.at.seconds().div_euclid(60)
    }
}
