//! How far back the ordinary lists reach. What is older stands in lists of its own.
//!
//! The distances are those of a recorded cutoff (2026-09-25: orders of the 11th, everything else of 27 July).

use rec_domain::{TimeSpan, Timestamp};

use crate::core::exchange::Twin;

const DAY_SECONDS: i64 = 86_400;
/// Days after which orders that ended are old.
const ORDER_DAYS: i64 = 14;
/// Days after which everything else is.
const OTHER_DAYS: i64 = 60;

impl Twin {
    /// Orders that ended before this instant are old.
    #[must_use]
    pub fn orders_cutoff(&self) -> Timestamp {
        self.midnight_before(ORDER_DAYS)
    }

    /// Trades and fills from before this instant are old.
    #[must_use]
    pub fn trades_cutoff(&self) -> Timestamp {
        self.midnight_before(OTHER_DAYS)
    }

    fn midnight_before(&self, days: i64) -> Timestamp {
        let at = self.now() - TimeSpan::from_seconds(days * DAY_SECONDS);
        Timestamp::from_seconds(at.seconds().div_euclid(DAY_SECONDS) * DAY_SECONDS)
    }
}
