//! Halts, and whether the desk may enter at all.

use rec_domain::halt::{Halt, HaltSource};

use super::{Age, Limits, Moment, format};
use crate::live::Live;

/// What the safety panel shows.
#[derive(Debug, Clone, PartialEq)]
pub struct SafetyView {
    /// Whether the desk has said anything yet.
    pub known: bool,
    /// Halts in force.
    pub halts: Vec<HaltView>,
    /// Whether books and exchange were compared since the start.
    pub ready: bool,
    /// Whether the operator's own halt is in force, so that there is something to resume.
    pub halted_by_operator: bool,
    /// How old the desk's word is.
    pub age: Option<Age>,
}

/// A halt in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HaltView {
    /// Who halted.
    pub source: &'static str,
    /// The same in words.
    pub by: &'static str,
    /// Why.
    pub reason: String,
    /// Since when, Eastern.
    pub since: String,
    /// How it ends.
    pub ends: &'static str,
    /// What the operator's button to end it says; `None` where it ends by itself.
    pub button: Option<&'static str>,
}

impl SafetyView {
    /// The safety panel.
    #[must_use]
    pub fn of(live: &Live, now: Moment) -> Self {
        let desk = live.desk.as_ref();
        let halts = desk.map(|desk| desk.value.halts.as_slice()).unwrap_or_default();
        Self {
            known: desk.is_some(),
            halts: halts.iter().map(HaltView::of).collect(),
            ready: desk.is_some_and(|desk| desk.value.ready),
            halted_by_operator: halts.iter().any(|halt| halt.source == HaltSource::Operator),
            age: desk.map(|desk| Age::wall(desk.received_at, Limits::DESK_WALL, now)),
        }
    }

    /// Whether entries are stopped.
    #[must_use]
    pub fn is_halted(&self) -> bool {
        !self.halts.is_empty()
    }
}

impl HaltView {
    fn of(halt: &Halt) -> Self {
        Self {
            source: halt.source.name(),
            by: match halt.source {
                HaltSource::Operator => "the operator",
                HaltSource::Failure => "the failure detector",
                HaltSource::Reconciliation => "the comparison with the exchange",
                HaltSource::OrderGroup => "the exchange's order group",
                HaltSource::Clock => "the clock",
            },
            reason: halt.reason.clone(),
            since: format::clock(halt.since),
            ends: halt.source.clearing_rule(),
            button: match halt.source {
                HaltSource::Operator => Some("Resume"),
                HaltSource::OrderGroup => Some("Reset group"),
                HaltSource::Failure | HaltSource::Reconciliation | HaltSource::Clock => None,
            },
        }
    }
}
