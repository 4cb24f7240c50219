//! How much of the desk's limits is used.

use serde::{Deserialize, Serialize};

use crate::{
    Money,
    caps::{Amount, Cap, EquityPeak, Tightening},
    refusal::RefusalCode,
};

/// Orders that only reduce, in sixty seconds, from which on an alarm is raised. They are never refused.
pub const EXITS_ALARM: u32 = 30;

/// How much of the limits is used, as the gate would count it at the view's instant.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RiskView {
    /// Each cap with what is used of it.
    pub caps: Vec<CapUse>,
    /// Caps lowered while the desk ran.
    pub tightened: Option<Tightening>,
    /// What the desk owns; `None` before books and exchange were first compared.
    pub equity: Option<Equity>,
    /// The highest it was.
    pub peak: Option<EquityPeak>,
    /// How far below it is.
    pub drawdown: Money,
    /// Whether the drawdown has been at four fifths of its cap, or beyond, for a while.
    pub drawdown_near: bool,
    /// Won or lost on the present Eastern day: realised after fees, and open at the bid.
    pub day_result: Money,
    /// Orders that only reduce, in the last sixty seconds.
    pub exits_last_minute: u32,
    /// Refusals of the present Eastern day by reason, the supervisor's and the gate's.
    pub refusals: Vec<(RefusalCode, u64)>,
}

/// A cap and what is used of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CapUse {
    /// The cap.
    pub cap: Cap,
    /// The limit in force.
    pub limit: Amount,
    /// What is used; of a cap on each market or event, where it is used most.
    pub used: Amount,
    /// What is left.
    pub headroom: Amount,
    /// The market or event that uses most, for a cap on each of them.
    pub of: Option<String>,
}

/// What the desk owns: cash, and contracts at what selling them would fetch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Equity {
    /// Cash on all shards, what resting orders hold of it and what is on its way between them included.
    pub cash: Money,
    /// Contracts at the bid.
    pub at_bid: Money,
    /// What contracts cost whose bid is missing or too old: they count as nothing.
    pub without_bid: Money,
}

impl Equity {
    /// All of it.
    #[must_use]
    pub fn total(&self) -> Money {
        self.cash + self.at_bid
    }
}
