//! Orders that were lost in an outage, and orders that were sent again because nobody knew.

use super::{supervisors::Scene, *};

/// hummingbot #8457: six orders that the exchange had accepted were given up after three failed questions in an outage
/// of its name server, and filled into a position that nobody watched.
#[test]
fn an_outage_however_long_retires_no_order_and_its_fills_are_booked_when_it_ends() {
    let mut bench = Bench::ready();
    let (intent, trade) = bench.open("a", bench.wanted(Side::Yes, 20)).expect("admitted");
    bench.lose(intent);
    let exposure = bench.desk.books().exposure(|_| true);
    for _ in 0..8 * 60 {
        bench.later(60);
        let books = bench.desk.books();
        assert_eq!(books.orders[&intent].state, OrderState::Unknown, "no timer and no failed question retires it");
        assert_eq!(books.exposure(|_| true), exposure);
    }
    bench.show(intent, ReportedStatus::Executed, 20);
    bench.fill("found", intent, BookSide::Bid, 93, 20);
    assert_eq!((bench.net(), bench.ledger_sum()), (Quantity::from_contracts(20), Money::ZERO));
    assert_eq!(bench.desk.books().trades[&trade].held(), Quantity::from_contracts(20));
}

/// OpenAlice #91: a stop whose confirmation failed was placed again, three times in all.
#[test]
fn a_close_that_is_tried_again_is_the_same_order_and_the_exchange_takes_it_once() {
    let mut bench = Bench::ready();
    let (_, trade) = bench.holds(20);
    let close = bench.close("stop", trade).expect("closing");
    bench.lose(close);
    for _ in 0..3 {
        bench.later(2);
        let repeats = bench.intents().into_iter().filter(|intent| !bench.was_answered(intent.id));
        let repeats: Vec<Intent> = repeats.filter(|intent| matches!(intent.action, Action::Repeat { .. })).collect();
        let [repeat] = repeats.as_slice() else { panic!("one at a time: {repeats:?}") };
        let Action::Repeat { of, spec } = &repeat.action else { unreachable!("as selected") };
        assert_eq!((*of, spec), (close, &bench.desk.books().orders[&close].spec), "the same identity, the same order");
        bench.lose(repeat.id);
    }
    bench.later(2);
    let last = bench.intents().last().expect("a repetition").id;
    bench.answer(last, Outcome::AlreadyExists { signed_at: bench.now });
    bench.show(close, ReportedStatus::Executed, 20);
    bench.fill("stopped", close, BookSide::Ask, 42, 20);
    assert_eq!((bench.closes().len(), bench.net()), (1, Quantity::ZERO));
    assert_eq!(bench.state(trade), TradeState::Closed);
}

/// The same mistake with an entry: what is held makes it look as if something were still wanted.
#[test]
fn an_unknown_entry_that_adds_to_a_held_trade_is_looked_for_and_never_sent_again() {
    let mut bench = Bench::ready();
    let (_, trade) = bench.holds(20);
    let more = OpenRequest { origin: Origin::Manual, ..bench.wanted(Side::Yes, 5) };
    let (entry, added_to) = bench.open("more", more).expect("admitted");
    assert_eq!(added_to, trade);
    bench.lose(entry);
    for _ in 0..60 {
        bench.later(1);
    }
    let repeats = bench.intents().into_iter().filter(|intent| matches!(intent.action, Action::Repeat { .. }));
    assert_eq!(repeats.count(), 0);
    assert_eq!(bench.desk.books().orders[&entry].state, OrderState::Unknown);
}

/// nautilus #3176: each start made orders anew that were there already.
#[test]
fn a_start_makes_no_order_anew_neither_the_desk_nor_its_supervisor() {
    let mut bench = Bench::ready();
    let mut supervisor = EntrySupervisor::new();
    let cheap = Scene { yes_percent: 97.0, bid_cents: 91 };
    assert_eq!(supervisor.look(&mut bench, cheap), 1);
    let (intent, _) = bench.placed()[0].clone();
    let decision = bench.intents().into_iter().find(|known| known.id == intent).expect("committed").decision;
    for answer in [None, Some(1)] {
        if let Some(filled) = answer {
            bench.acknowledge(intent, filled);
            bench.fill("f1", intent, BookSide::Bid, 92, filled);
        }
        for _ in 0..3 {
            bench.restart();
            supervisor = EntrySupervisor::new();
            bench.later(15);
            supervisor.look(&mut bench, cheap);
            // Whoever did not hear the answer asks again with the same identity.
            let request = DeskRequest {
                decision,
                requester: "auto-entry-supervisor".to_owned(),
                command: DeskCommand::Open(bench.wanted(Side::Yes, 20)),
            };
            bench.tell(DeskInput::Request(request));
        }
        assert_eq!(bench.placed().len(), 1, "{:?}", bench.placed());
    }
    assert_eq!(bench.desk.books().trades.len(), 1);
}

impl Bench {
    fn was_answered(&self, intent: IntentId) -> bool {
        let books = self.desk.books();
        let last = books.repeats.values().find(|repeats| repeats.intents.contains(&intent));
        last.is_none_or(|repeats| !repeats.under_way || repeats.intents.last() != Some(&intent))
    }
}
