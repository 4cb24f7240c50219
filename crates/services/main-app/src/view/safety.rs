//! Halts, and whether the desk may enter at all.

use rec_domain::{
    Timestamp,
    desk_view::DeskView,
    halt::{Halt, HaltSource},
};

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
    /// What is to be said of arming; none where nothing needs arming.
    pub arming: Option<ArmingView>,
    /// How old the desk's word is.
    pub age: Option<Age>,
}

/// Whether the desk is armed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArmingView {
    /// Whether what increases exposure may be sent.
    pub armed: bool,
    /// Whether there is an arming, which may be waiting for a clean comparison.
    pub in_force: bool,
    /// Until when, by whom and why; or why not.
    pub words: String,
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
            halts: halts.iter().map(|halt| HaltView::of(halt, agrees_since(live, halt), now.market)).collect(),
            ready: desk.is_some_and(|desk| desk.value.ready),
            halted_by_operator: halts.iter().any(|halt| halt.source == HaltSource::Operator),
            arming: desk.and_then(|desk| ArmingView::of(&desk.value, now.market)),
            age: desk.map(|desk| Age::wall(desk.received_at, Limits::DESK_WALL, now)),
        }
    }

    /// Whether entries are stopped.
    #[must_use]
    pub fn is_halted(&self) -> bool {
        !self.halts.is_empty()
    }
}

impl ArmingView {
    fn of(desk: &DeskView, now: Timestamp) -> Option<Self> {
        if !desk.mode.needs_arming() {
            return None;
        }
        let words = match &desk.arming {
            None => "nothing is opened; stops and closes go on".to_owned(),
            Some(arming) if arming.unproven => "the desk crashed; it waits until books and exchange agree".to_owned(),
            Some(arming) => {
                format!("until {} by {}: {}", format::instant(arming.until, now), arming.requester, arming.reason)
            }
        };
        Some(Self { armed: desk.armed, in_force: desk.arming.is_some(), words })
    }
}

/// Whether books and exchange were found to agree since a halt began.
fn agrees_since(live: &Live, halt: &Halt) -> bool {
    let last = live.desk.as_ref().and_then(|desk| desk.value.reconciliation.as_ref());
    last.is_some_and(|last| last.is_clean() && last.as_of > halt.since)
}

impl HaltView {
    fn of(halt: &Halt, agrees: bool, now: Timestamp) -> Self {
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
            since: format::instant(halt.since, now),
            ends: halt.source.clearing_rule(),
            button: match halt.source {
                HaltSource::Operator => Some("Resume"),
                HaltSource::OrderGroup => Some("Reset group"),
                HaltSource::Reconciliation => agrees.then_some("Clear"),
                HaltSource::Failure | HaltSource::Clock => None,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use rec_domain::TimeSpan;

    use super::*;
    use crate::sample;

    #[test]
    fn a_halt_of_the_comparison_may_be_cleared_once_books_and_exchange_agree() {
        let mut live = sample::live();
        let desk = &mut live.desk.as_mut().expect("desk").value;
        let compared = desk.reconciliation.as_ref().expect("compared").as_of;
        let halt = |since| Halt { source: HaltSource::Reconciliation, reason: "r".to_owned(), since };
        desk.halts = vec![halt(compared - TimeSpan::from_seconds(1))];
        assert_eq!(SafetyView::of(&live, sample::moment()).halts[0].button, Some("Clear"));
        let desk = &mut live.desk.as_mut().expect("desk").value;
        desk.halts = vec![halt(compared)];
        assert_eq!(SafetyView::of(&live, sample::moment()).halts[0].button, None, "not compared since");
    }
}
