//! Momentum as measured.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// The weighted move of the underlying over the last half hour.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MomentumReading {
    /// When it was computed.
    pub at: Timestamp,
    /// The score in percent: 0.36 means 0.36 %. `None` when no period has a price to compare with.
    pub score_percent: Option<f64>,
    /// The moves in percent over 1, 2, 3, 4, 15 and 30 minutes; `None` where there is no price that old.
    pub deltas_percent: [Option<f64>; 6],
}

impl MomentumReading {
    /// The periods of `deltas_percent` in minutes.
    pub const PERIODS_MINUTES: [i64; 6] = [1, 2, 3, 4, 15, 30];
}
