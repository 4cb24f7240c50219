//! Nothing is done before it is committed, and nothing twice.

use super::*;

#[test]
fn nothing_changes_before_the_commit_is_known_to_have_happened() {
    let mut bench = Bench::ready();
    bench.committing = false;
    assert!(bench.ask("a", DeskCommand::Open(bench.wanted(Side::Yes, 20))).is_none());
    assert!(bench.desk.books().trades.is_empty());
    let dispatched = |bench: &Bench| bench.outputs.iter().any(|o| matches!(o, DeskOutput::Dispatch { .. }));
    assert!(!dispatched(&bench));
    let number = bench.commits.last().expect("commit").number;
    bench.tell(DeskInput::Committed { number });
    assert!(dispatched(&bench));
    assert_eq!(bench.desk.books().trades.len(), 1);
}

#[test]
fn a_failed_commit_is_tried_again_and_an_old_request_is_then_refused() {
    let mut bench = Bench::ready();
    bench.committing = false;
    bench.ask("a", DeskCommand::Open(bench.wanted(Side::Yes, 20)));
    let number = bench.commits.last().expect("commit").number;
    bench.tell(DeskInput::CommitFailed { number, for_ever: false, reason: "down".to_owned() });
    bench.committing = true;
    bench.later(30);
    let Some(DeskReply::Refused(refusal)) = bench.reply("a") else { panic!("refused") };
    assert_eq!(refusal.code, RefusalCode::TooLate);
    assert!(!bench.outputs.iter().any(|o| matches!(o, DeskOutput::Dispatch { .. })));
}

#[test]
fn an_unknown_commit_holds_everything_until_it_is_resolved() {
    let mut bench = Bench::ready();
    bench.committing = false;
    bench.ask("a", DeskCommand::Open(bench.wanted(Side::Yes, 20)));
    let number = bench.commits.last().expect("commit").number;
    bench.tell(DeskInput::CommitUnknown { number, reason: "connection lost".to_owned() });
    assert!(bench.outputs.contains(&DeskOutput::Resolve { number }));
    let before = bench.commits.len();
    bench.later(5);
    assert_eq!(bench.commits.len(), before, "nothing is committed meanwhile");
    bench.tell(DeskInput::Committed { number });
    assert!(matches!(bench.reply("a"), Some(DeskReply::Accepted { .. })));
}

#[test]
fn what_waits_for_a_commit_is_bounded() {
    let mut bench = Bench::ready();
    bench.committing = false;
    bench.ask("a", DeskCommand::Open(bench.wanted(Side::Yes, 20)));
    for number in 0..=QUEUE_BOUND {
        bench.tell(DeskInput::ExchangeClock { ahead: TimeSpan::ZERO });
        bench.tell(DeskInput::Adopt { orders: vec![] });
        bench.ask(&format!("{number}"), DeskCommand::Compare);
    }
    assert_eq!(bench.desk.waiting(), QUEUE_BOUND);
}

#[test]
fn the_same_request_twice_gets_the_first_answer_and_sends_once() {
    let mut bench = Bench::ready();
    let first = bench.ask("a", DeskCommand::Open(bench.wanted(Side::Yes, 20)));
    let sent = bench.orders_sent();
    let second = bench.ask("a", DeskCommand::Open(bench.wanted(Side::Yes, 20)));
    assert_eq!(first, second);
    assert_eq!(bench.orders_sent(), sent);
}
