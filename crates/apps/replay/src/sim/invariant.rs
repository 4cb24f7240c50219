//! What must never happen.

use std::fmt;

use rec_domain::Timestamp;
use serde::Serialize;

/// What must never happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Invariant {
    /// Never two working closes for one trade.
    OneWorkingClose,
    /// No automatic order increases or flips what it meant to close.
    ClosesOnlyReduce,
    /// Exposure is never above a cap, by the desk's rows and by the exchange's books.
    ExposureWithinCaps,
    /// Each fill is booked once, as it happened.
    FillsBookedOnce,
    /// At every quiet point the ledger equals the exchange's books to the micro-dollar.
    LedgerEqualsExchange,
    /// No order without a claimed intent, and none sent twice under one claim.
    NoOrderWithoutClaim,
    /// No entry after a halt.
    NoEntryAfterHalt,
    /// No entry while the desk is not armed, in a mode that needs it.
    NoEntryAfterDisarm,
    /// No entry after its `send_by`.
    NoEntryAfterSendBy,
    /// The database never has to refuse what the desk commits, and the desk never stops for it.
    NothingToRefuse,
    /// Once nothing goes wrong any more, everything is known, booked and equal within minutes.
    ComesToRest,
    /// No machine panics.
    NoPanic,
}

impl Invariant {
    /// Snake-case name.
    #[must_use]
    pub fn name(self) -> String {
        let name = serde_json::to_value(self).ok();
        name.and_then(|name| name.as_str().map(ToOwned::to_owned)).unwrap_or_default()
    }
}

impl fmt::Display for Invariant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.name())
    }
}

/// A broken invariant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Breach {
    /// Which.
    pub invariant: Invariant,
    /// When, in the simulation.
    pub at: Timestamp,
    /// What happened.
    pub what: String,
}
