//! Unknown closes are sent again, unknown entries never.

use super::*;

/// A desk that holds 20 contracts and does not know whether its order to close them was taken.
fn unsure() -> (Bench, TradeId, IntentId) {
    let (mut bench, _, trade) = Bench::holding();
    let close = bench.close("c", trade).expect("closing");
    bench.timeout(close);
    (bench, trade, close)
}

impl Bench {
    fn timeout(&mut self, intent: IntentId) {
        self.answer(intent, Outcome::Unknown { reason: "timeout".to_owned(), signed_at: self.now });
    }

    /// Repetitions of an order that were committed.
    fn repeats_of(&self, order: IntentId) -> Vec<Intent> {
        let of_order = |intent: &Intent| matches!(&intent.action, Action::Repeat { of, .. } if *of == order);
        self.intents().into_iter().filter(of_order).collect()
    }

    fn state_of(&self, order: IntentId) -> OrderState {
        self.desk.books().orders[&order].state
    }
}

#[test]
fn an_unknown_close_is_sent_again_as_the_same_order_and_an_unknown_entry_never_is() {
    let (mut bench, _, close) = unsure();
    bench.later(1);
    let repeats = bench.repeats_of(close);
    let [repeat] = repeats.as_slice() else { panic!("one repetition: {repeats:?}") };
    let Action::Repeat { spec, .. } = &repeat.action else { unreachable!("as selected") };
    assert_eq!(*spec, bench.desk.books().orders[&close].spec);
    assert_eq!(repeat.effect, rec_domain::intent::Effect::Reduces);
    assert!(repeat.send_by.is_some_and(|send_by| send_by <= bench.now + TimeSpan::from_seconds(2)), "never sent late");
    assert!(bench.outputs.contains(&DeskOutput::Dispatch { intent: repeat.id }));

    let mut bench = Bench::ready();
    let (entry, _) = bench.open("a", bench.wanted(Side::Yes, 20)).expect("admitted");
    bench.timeout(entry);
    for _ in 0..60 {
        bench.later(1);
    }
    assert_eq!(bench.repeats_of(entry), []);
}

#[test]
fn one_repetition_is_under_way_at_a_time_and_their_number_is_bounded() {
    let (mut bench, _, close) = unsure();
    for _ in 0..20 {
        bench.later(1);
    }
    assert_eq!(bench.repeats_of(close).len(), 1, "the first one has no answer yet");
    for _ in 0..20 {
        let last = bench.repeats_of(close).last().expect("one is made").id;
        bench.timeout(last);
        bench.later(1);
    }
    assert_eq!(bench.repeats_of(close).len(), DeskConfig::default().repeats_most);
    assert_eq!(bench.state_of(close), OrderState::Unknown);
}

#[test]
fn after_a_409_the_close_is_looked_for_until_a_report_shows_it() {
    let (mut bench, trade, close) = unsure();
    bench.later(1);
    let repeat = bench.repeats_of(close)[0].id;
    bench.outputs.clear();
    bench.answer(repeat, Outcome::AlreadyExists { signed_at: bench.now });
    assert!(bench.outputs.contains(&DeskOutput::RequestSweep));
    for _ in 0..20 {
        bench.later(1);
    }
    bench.sweep(&[(MARKET, 20)], bench.cash());
    bench.now += TimeSpan::from_seconds(120);
    bench.sweep(&[(MARKET, 20)], bench.cash());
    assert_eq!(bench.state_of(close), OrderState::Unknown, "the exchange has it, so it is never taken for absent");
    assert_eq!(bench.repeats_of(close).len(), 1);
    bench.show(close, ReportedStatus::Executed, 20);
    bench.fill("f2", close, BookSide::Ask, 60, 20);
    assert_eq!(bench.state(trade), TradeState::Closed);
}

#[test]
fn a_repetition_that_is_taken_closes_the_trade_once() {
    let (mut bench, trade, close) = unsure();
    bench.later(1);
    let repeat = bench.repeats_of(close)[0].id;
    let order = order_id(close);
    let filled = Quantity::from_contracts(20);
    bench.answer(repeat, Outcome::Acknowledged { order, filled, remaining: Quantity::ZERO, signed_at: bench.now });
    assert_eq!(bench.state_of(close), OrderState::Executed);
    bench.fill("f2", close, BookSide::Ask, 60, 20);
    assert_eq!(bench.state(trade), TradeState::Closed);
    assert_eq!(bench.orders_sent(), 2);
}

#[test]
fn a_repetition_that_was_refused_or_not_sent_says_nothing_of_the_first_attempt() {
    let refused = Outcome::Rejected { status: 400, code: "reduce_only".to_owned(), message: String::new() };
    let late = Outcome::NotSent { reason: NotSent::Claim { refusal: ClaimRefusal::TooLate } };
    for outcome in [refused, late] {
        let (mut bench, _, close) = unsure();
        bench.later(1);
        let repeat = bench.repeats_of(close)[0].id;
        bench.answer(repeat, outcome);
        assert_eq!(bench.state_of(close), OrderState::Unknown);
        bench.later(1);
        assert_eq!(bench.repeats_of(close).len(), 2);
    }
}

#[test]
fn absence_is_proven_only_past_the_last_repetition() {
    let (mut bench, _, close) = unsure();
    bench.later(1);
    bench.now += TimeSpan::from_seconds(100);
    bench.sweep(&[(MARKET, 20)], bench.cash());
    assert_eq!(bench.state_of(close), OrderState::Unknown, "a repetition is under way");
    let repeat = bench.repeats_of(close)[0].id;
    bench.timeout(repeat);
    let signed_at = bench.now;
    bench.sweep_as_of(signed_at + TimeSpan::from_seconds(34), &[(MARKET, 20)], bench.cash());
    assert_eq!(bench.state_of(close), OrderState::Unknown, "it may still be taken");
    bench.sweep_as_of(signed_at + TimeSpan::from_seconds(36), &[(MARKET, 20)], bench.cash());
    assert_eq!(bench.state_of(close), OrderState::Absent);
}

#[test]
fn a_close_is_not_sent_again_once_it_is_no_longer_wanted() {
    let (mut bench, _, close) = unsure();
    bench.now = close_time();
    bench.later(1);
    assert_eq!(bench.repeats_of(close), [], "the market has closed");
}
