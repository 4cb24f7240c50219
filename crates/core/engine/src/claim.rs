//! The claim: the last check before a byte leaves. `store` enforces the same rule in one statement, and a property
//! test holds the two together.

use rec_domain::{Mode, Timestamp, answer::ClaimRefusal, intent::Effect};

/// What the rule is decided on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClaimFacts {
    /// Whether the intent is committed.
    pub committed: bool,
    /// Whether it was claimed before.
    pub claimed: bool,
    /// The epoch in which it was committed.
    pub intent_epoch: u32,
    /// The lease's epoch.
    pub lease_epoch: u32,
    /// Whether the lease has not run out, by the database's clock.
    pub lease_valid: bool,
    /// What it does to exposure.
    pub effect: Effect,
    /// Not to be sent after this.
    pub send_by: Option<Timestamp>,
    /// The present. The signature time may lie a little before it.
    pub now: Timestamp,
    /// Whether any halt is in force.
    pub halted: bool,
    /// What the desk trades against.
    pub mode: Mode,
    /// Whether the desk is armed.
    pub armed: bool,
}

/// Whether the intent may be sent, once.
///
/// # Errors
/// The first rule that forbids it, in the order in which `store` names them.
pub fn may_claim(facts: &ClaimFacts) -> Result<(), ClaimRefusal> {
    let increases = facts.effect == Effect::Increases;
    let refusals = [
        (!facts.committed, ClaimRefusal::Missing),
        (facts.claimed, ClaimRefusal::AlreadyClaimed),
        (facts.intent_epoch != facts.lease_epoch || !facts.lease_valid, ClaimRefusal::StaleEpoch),
        (facts.send_by.is_some_and(|send_by| send_by < facts.now), ClaimRefusal::TooLate),
        (increases && facts.halted, ClaimRefusal::Halted),
        (increases && facts.mode.needs_arming() && !facts.armed, ClaimRefusal::Disarmed),
    ];
    refusals.into_iter().find_map(|(holds, refusal)| holds.then_some(refusal)).map_or(Ok(()), Err)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: ClaimFacts = ClaimFacts {
        committed: true,
        claimed: false,
        intent_epoch: 3,
        lease_epoch: 3,
        lease_valid: true,
        effect: Effect::Increases,
        send_by: Some(Timestamp::from_seconds(10)),
        now: Timestamp::from_seconds(10),
        halted: false,
        mode: Mode::Twin,
        armed: false,
    };

    #[test]
    fn each_rule_refuses_by_itself() {
        let cases = [
            (ClaimFacts { committed: false, ..GOOD }, ClaimRefusal::Missing),
            (ClaimFacts { claimed: true, ..GOOD }, ClaimRefusal::AlreadyClaimed),
            (ClaimFacts { lease_epoch: 4, ..GOOD }, ClaimRefusal::StaleEpoch),
            (ClaimFacts { lease_valid: false, ..GOOD }, ClaimRefusal::StaleEpoch),
            (ClaimFacts { now: Timestamp::from_seconds(11), ..GOOD }, ClaimRefusal::TooLate),
            (ClaimFacts { halted: true, ..GOOD }, ClaimRefusal::Halted),
            (ClaimFacts { mode: Mode::Prod, ..GOOD }, ClaimRefusal::Disarmed),
        ];
        assert_eq!(may_claim(&GOOD), Ok(()));
        for (facts, refusal) in cases {
            assert_eq!(may_claim(&facts), Err(refusal), "{facts:?}");
        }
    }

    #[test]
    fn what_only_reduces_is_stopped_neither_by_halt_nor_by_disarming() {
        let facts = ClaimFacts { effect: Effect::Reduces, halted: true, mode: Mode::Prod, ..GOOD };
        assert_eq!(may_claim(&facts), Ok(()));
    }
}
