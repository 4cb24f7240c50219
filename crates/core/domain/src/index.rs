//! The settlement index.

use serde::{Deserialize, Serialize};

use crate::{TimeSpan, Timestamp, UsdPrice};

/// One print of the settlement index, one a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexPrint {
    /// The second that it is stamped with.
    pub stamped_at: Timestamp,
    /// The index.
    pub value: UsdPrice,
    /// When we received it.
    pub received_at: Timestamp,
}

/// The prints of the last minute before a close that are known so far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettlementWindow {
    /// The close that the window ends at (not included).
    pub close_time: Timestamp,
    /// Prints known in the window [close - 60 s, close).
    pub known: u32,
    /// Their mean; `None` while none is known.
    pub mean: Option<UsdPrice>,
}

impl SettlementWindow {
    /// Prints that a settlement is made of.
    pub const PRINTS: u32 = 60;

    /// How long before the close the window begins.
    pub const LENGTH: TimeSpan = TimeSpan::from_seconds(60);

    /// Whether a print stamped `at` belongs to the settlement of `close_time`.
    #[must_use]
    pub fn contains(close_time: Timestamp, at: Timestamp) -> bool {
        close_time - Self::LENGTH <= at && at < close_time
    }
}
