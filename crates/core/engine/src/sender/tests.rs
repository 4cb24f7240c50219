use rec_domain::{DecisionId, DeskId, ExchangeIndex, Money, OrderGroupId, intent::Action};

use super::*;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(seconds)
}

fn id(number: u32) -> IntentId {
    IntentId::new(DeskId::from_bits(1), 1, number)
}

fn intent(number: u32) -> Intent {
    Intent {
        id: id(number),
        epoch: 1,
        created_at: at(0),
        action: Action::TriggerGroup { group: OrderGroupId::new("g"), exchange_index: ExchangeIndex::new(2) },
        effect: Effect::Administrative,
        trade: None,
        decision: DecisionId::of("test"),
        reason: String::new(),
        worst_case: Money::ZERO,
        send_by: None,
    }
}

fn started() -> Sender {
    let mut sender = Sender::new(SenderConfig::default());
    sender.step(at(1), SenderInput::Orphans { claims: vec![] });
    sender
}

fn claims(outputs: &[SenderOutput]) -> usize {
    outputs.iter().filter(|output| matches!(output, SenderOutput::Claim { .. })).count()
}

fn sends(outputs: &[SenderOutput]) -> usize {
    outputs.iter().filter(|output| matches!(output, SenderOutput::Send { .. })).count()
}

#[test]
fn nothing_is_claimed_before_the_orphans_are_known() {
    let mut sender = Sender::new(SenderConfig::default());
    let outputs = sender.step(at(1), SenderInput::Dispatch { intent: id(1) });
    assert!(outputs.contains(&SenderOutput::ScanOrphans));
    assert_eq!(claims(&outputs), 0);
    let outputs = sender.step(at(2), SenderInput::Orphans { claims: vec![] });
    assert_eq!(claims(&outputs), 1);
}

#[test]
fn a_hint_and_a_scan_of_the_same_intent_send_it_once() {
    let mut sender = started();
    let mut outputs = sender.step(at(2), SenderInput::Dispatch { intent: id(1) });
    outputs.extend(sender.step(at(2), SenderInput::Unanswered { intents: vec![id(1)] }));
    assert_eq!(claims(&outputs), 1);
    let claimed = SenderInput::Claimed { intent: intent(1), signed_at: at(2) };
    let mut outputs = sender.step(at(2), claimed.clone());
    outputs.extend(sender.step(at(2), claimed));
    assert_eq!(sends(&outputs), 1);
}

#[test]
fn a_scan_that_comes_after_the_answer_sends_nothing_and_answers_nothing() {
    let mut sender = started();
    sender.step(at(2), SenderInput::Dispatch { intent: id(1) });
    sender.step(at(2), SenderInput::Claimed { intent: intent(1), signed_at: at(2) });
    sender.step(at(2), SenderInput::Sent { intent: id(1), outcome: Outcome::Done });
    sender.step(at(2), SenderInput::Recorded { intent: id(1) });
    let mut outputs = sender.step(at(2), SenderInput::Unanswered { intents: vec![id(1)] });
    outputs.extend(sender.step(at(2), SenderInput::Refused { intent: id(1), refusal: ClaimRefusal::AlreadyClaimed }));
    assert_eq!(sends(&outputs), 0);
    assert!(!outputs.iter().any(|output| matches!(output, SenderOutput::Record { .. })));
    assert_eq!(sender.under_way(), 0);
}

#[test]
fn what_an_earlier_process_claimed_is_unknown() {
    let mut sender = Sender::new(SenderConfig::default());
    let outputs = sender.step(at(5), SenderInput::Orphans { claims: vec![(id(1), at(3))] });
    let unknown = outputs.iter().any(|output| {
        matches!(output, SenderOutput::Record { answer }
            if matches!(answer.outcome, Outcome::Unknown { signed_at, .. } if signed_at == at(3)))
    });
    assert!(unknown);
    assert_eq!(sends(&outputs), 0);
}

#[test]
fn what_this_process_claims_is_not_taken_for_an_orphan_by_a_look_that_comes_late() {
    let mut sender = Sender::new(SenderConfig::default());
    let first = sender.step(at(1), SenderInput::Dispatch { intent: id(1) });
    let second = sender.step(at(2), SenderInput::Wake);
    assert!([first, second].iter().all(|outputs| outputs.contains(&SenderOutput::ScanOrphans)), "asked twice");
    sender.step(at(3), SenderInput::Orphans { claims: vec![] });
    sender.step(at(3), SenderInput::Claimed { intent: intent(1), signed_at: at(3) });
    let late = sender.step(at(3), SenderInput::Orphans { claims: vec![(id(1), at(3))] });
    assert_eq!(late, [], "it is being sent");
    let outputs = sender.step(at(4), SenderInput::Sent { intent: id(1), outcome: Outcome::Done });
    assert!(matches!(&outputs[0], SenderOutput::Record { answer } if answer.outcome == Outcome::Done));
}

#[test]
fn a_lost_claim_is_never_sent_when_it_turns_out_to_have_been_made() {
    let mut sender = started();
    sender.step(at(2), SenderInput::Dispatch { intent: id(1) });
    let failed = SenderInput::ClaimFailed { intent: id(1), signed_at: at(2), reason: "gone".to_owned() };
    sender.step(at(2), failed);
    let outputs = sender.step(at(3), SenderInput::Wake);
    assert_eq!(claims(&outputs), 1);
    let refused = SenderInput::Refused { intent: id(1), refusal: ClaimRefusal::AlreadyClaimed };
    let outputs = sender.step(at(3), refused);
    assert_eq!(sends(&outputs), 0);
    assert!(matches!(&outputs[0], SenderOutput::Record { answer }
        if matches!(answer.outcome, Outcome::Unknown { .. })));
}

#[test]
fn what_was_claimed_too_late_is_not_sent_and_is_known_not_to_have_been() {
    let claimed = |send_by: Option<i64>| {
        let mut sender = started();
        sender.step(at(2), SenderInput::Dispatch { intent: id(1) });
        let intent = Intent { send_by: send_by.map(at), ..intent(1) };
        sender.step(at(5), SenderInput::Claimed { intent, signed_at: at(2) })
    };
    for in_time in [None, Some(5), Some(6)] {
        assert_eq!(sends(&claimed(in_time)), 1, "{in_time:?}");
    }
    let outputs = claimed(Some(4));
    assert_eq!(sends(&outputs), 0);
    let too_late = NotSent::Claim { refusal: ClaimRefusal::TooLate };
    assert!(matches!(&outputs[0], SenderOutput::Record { answer }
        if answer.outcome == Outcome::NotSent { reason: too_late.clone() }));
}

#[test]
fn a_claim_is_tried_again_only_when_the_attempt_before_has_its_answer() {
    let mut sender = started();
    sender.step(at(2), SenderInput::Dispatch { intent: id(1) });
    let failed = || SenderInput::ClaimFailed { intent: id(1), signed_at: at(2), reason: "slow".to_owned() };
    sender.step(at(2), failed());
    let asked = |sender: &mut Sender, seconds| claims(&sender.step(at(seconds), SenderInput::Wake));
    assert_eq!((asked(&mut sender, 3), asked(&mut sender, 4), asked(&mut sender, 9)), (1, 0, 0));
    sender.step(at(9), failed());
    assert_eq!((asked(&mut sender, 10), asked(&mut sender, 11)), (1, 0));
}

#[test]
fn a_late_word_on_a_claim_changes_nothing_of_what_is_being_sent_or_recorded() {
    let refused = |refusal| SenderInput::Refused { intent: id(1), refusal };
    let late = [
        refused(ClaimRefusal::AlreadyClaimed),
        refused(ClaimRefusal::Halted),
        SenderInput::ClaimFailed { intent: id(1), signed_at: at(1), reason: "slow".to_owned() },
    ];
    for word in late {
        let mut sender = started();
        sender.step(at(2), SenderInput::Dispatch { intent: id(1) });
        sender.step(at(2), SenderInput::Claimed { intent: intent(1), signed_at: at(2) });
        sender.step(at(2), word.clone());
        let outputs = sender.step(at(2), SenderInput::Sent { intent: id(1), outcome: Outcome::Done });
        let done = |output: &SenderOutput| matches!(output, SenderOutput::Record { answer } if answer.outcome == Outcome::Done);
        assert!(outputs.iter().any(done), "{word:?}: {outputs:?}");
        sender.step(at(2), SenderInput::RecordFailed { intent: id(1), reason: "down".to_owned() });
        sender.step(at(2), word.clone());
        assert!(sender.step(at(3), SenderInput::Wake).iter().any(done), "{word:?}");
    }
}

#[test]
fn an_answer_is_stored_again_until_it_is_durable() {
    let mut sender = started();
    sender.step(at(2), SenderInput::Dispatch { intent: id(1) });
    sender.step(at(2), SenderInput::Claimed { intent: intent(1), signed_at: at(2) });
    sender.step(at(2), SenderInput::Sent { intent: id(1), outcome: Outcome::Done });
    for second in 3..20 {
        let failed = SenderInput::RecordFailed { intent: id(1), reason: "down".to_owned() };
        sender.step(at(second), failed);
        let outputs = sender.step(at(second + 1), SenderInput::Wake);
        assert!(outputs.iter().any(|output| matches!(output, SenderOutput::Record { .. })), "{second}");
    }
}
