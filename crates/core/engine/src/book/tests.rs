use rec_domain::{BookSide, MarketTicker, Price, Quantity, TimeSpan, Timestamp, book::BookTop};

use super::{BookMachine, Config, Input, Output};
use crate::Machine;

const NOON: Timestamp = Timestamp::from_seconds(1_790_366_400);

fn at(millis: i64) -> Timestamp {
    NOON + TimeSpan::from_millis(millis)
}

fn ticker(name: &str) -> MarketTicker {
    MarketTicker::new(name)
}

fn wanted(names: &[&str]) -> Input {
    Input::Wanted { tickers: names.iter().map(|name| ticker(name)).collect() }
}

fn snapshot(seq: u64, name: &str, bid_cents: i64, ask_cents: i64, millis: i64) -> Input {
    let level = |cents| vec![(Price::from_cents(cents), Quantity::from_contracts(10))];
    Input::Snapshot {
        sid: 7,
        seq,
        ticker: ticker(name),
        bids: level(bid_cents),
        asks: level(ask_cents),
        at: at(millis),
        received_at: at(millis),
    }
}

fn delta(seq: u64, name: &str, cents: i64, contracts: i64, millis: i64) -> Input {
    Input::Delta {
        sid: 7,
        seq,
        ticker: ticker(name),
        book_side: BookSide::Bid,
        price: Price::from_cents(cents),
        delta: Quantity::from_contracts(contracts),
        at: at(millis),
        received_at: at(millis),
    }
}

fn heartbeat(millis: i64) -> Input {
    Input::Heartbeat { received_at: at(millis) }
}

/// A machine with its clock in milliseconds after noon.
struct Bench {
    machine: BookMachine,
    now: i64,
}

impl Bench {
    fn new() -> Self {
        Self { machine: BookMachine::new(Config::default()), now: 0 }
    }

    /// Connected and subscribed to A and B, both with a book, at 10 ms.
    fn running() -> Self {
        let mut bench = Self::new();
        bench.give(0, wanted(&["A", "B"]));
        bench.give(0, Input::Connected);
        bench.give(5, Input::Subscribed { sid: 7 });
        bench.give(10, snapshot(1, "A", 40, 45, 10));
        bench.give(10, snapshot(2, "B", 60, 65, 10));
        bench.until(200);
        bench
    }

    fn give(&mut self, millis: i64, input: Input) -> Vec<Output> {
        self.now = millis;
        self.machine.step(at(millis), input)
    }

    /// Wakes whenever the machine wants to be woken, up to and including `millis`.
    fn until(&mut self, millis: i64) -> Vec<(i64, Output)> {
        let mut outputs = Vec::new();
        for _turn in 0..10_000 {
            let Some(wake) = self.machine.next_wakeup().filter(|wake| *wake <= at(millis)) else { break };
            self.now = self.now.max(wake.since(NOON).millis());
            let now = self.now;
            outputs.extend(self.machine.step(at(now), Input::Wake).into_iter().map(|output| (now, output)));
        }
        assert!(self.machine.next_wakeup().is_none_or(|wake| wake > at(millis)), "the machine spins");
        self.now = millis;
        outputs
    }
}

fn tops(outputs: &[Output]) -> Vec<&BookTop> {
    outputs.iter().flat_map(|output| if let Output::Publish(tops) = output { tops.as_slice() } else { &[] }).collect()
}

fn bid_cents(top: &BookTop) -> Option<i64> {
    top.top.and_then(|top| top.bid).map(|level| level.price.units() / 100)
}

fn only<T>(timed: Vec<(i64, Output)>, mut pick: impl FnMut(i64, &Output) -> Option<T>) -> Vec<T> {
    timed.iter().filter_map(|(millis, output)| pick(*millis, output)).collect()
}

#[test]
fn subscribes_once_and_publishes_what_it_knows() {
    let mut bench = Bench::new();
    assert_eq!(bench.give(0, wanted(&["A"])), []);
    assert_eq!(bench.give(1, Input::Connected), [Output::Subscribe { tickers: vec![ticker("A")] }, unknown("A", 1)]);
    assert_eq!(bench.give(2, Input::Subscribed { sid: 7 }).len(), 1, "proof that nothing is known yet");
    bench.give(3, snapshot(1, "A", 40, 45, 3));
    let outputs: Vec<_> = bench.until(400).into_iter().map(|(_millis, output)| output).collect();
    assert_eq!(tops(&outputs).len(), 1, "{outputs:?}");
    assert_eq!(bid_cents(tops(&outputs)[0]), Some(40));
}

fn unknown(name: &str, millis: i64) -> Output {
    let when = at(millis);
    Output::Publish(vec![BookTop { ticker: ticker(name), top: None, observed_at: when, received_at: when }])
}

#[test]
fn acknowledgements_take_numbers_and_old_frames_change_nothing() {
    let mut bench = Bench::running();
    bench.give(210, Input::Acknowledged { sid: 7, seq: 3 });
    let outputs = bench.give(220, delta(4, "A", 41, 5, 220));
    assert_eq!(tops(&outputs).iter().map(|top| bid_cents(top)).collect::<Vec<_>>(), [Some(41)]);
    bench.give(230, delta(4, "A", 41, 5, 220));
    bench.give(240, delta(2, "A", 42, 5, 220));
    let outputs = bench.give(900, heartbeat(900));
    assert_eq!(bench.machine.gaps(), 0);
    let level = tops(&outputs)[0].top.and_then(|top| top.bid).map(|level| level.quantity);
    assert_eq!(level, Some(Quantity::from_contracts(5)), "the repeated frame was not applied");
}

#[test]
fn a_gap_makes_every_book_unknown_at_once_and_asks_for_one_snapshot() {
    let mut bench = Bench::running();
    let outputs = bench.give(210, delta(4, "A", 41, 5, 210));
    assert!(
        outputs
            .contains(&Output::Publish(tops(&outputs).into_iter().filter(|top| top.top.is_none()).cloned().collect()))
    );
    assert_eq!(tops(&outputs).len(), 2, "a gap in A's frames is a gap for B too");
    let rest = bench.until(800);
    let asked = only(rest, |millis, output| match output {
        Output::RequestSnapshot { sid: 7, tickers } => Some((millis, tickers.len())),
        _ => None,
    });
    assert_eq!(asked.iter().map(|(_millis, tickers)| *tickers).collect::<Vec<_>>(), [2], "{asked:?}");
    bench.give(810, delta(5, "A", 41, 5, 810));
    assert_eq!(bench.machine.known_and_wanted(), (0, 2), "a change makes no book");
    bench.give(820, snapshot(6, "A", 30, 35, 820));
    bench.give(820, snapshot(7, "B", 31, 36, 820));
    assert_eq!(bench.machine.known_and_wanted(), (2, 2));
    let quiet = bench.until(2_000);
    assert!(only(quiet, |_millis, output| matches!(output, Output::RequestSnapshot { .. }).then_some(())).is_empty());
}

#[test]
fn a_negative_level_makes_that_book_unknown_and_only_that() {
    let mut bench = Bench::running();
    let mut outputs = bench.give(700, delta(3, "A", 40, -11, 210));
    outputs.extend(bench.until(720).into_iter().map(|(_millis, output)| output));
    assert!(outputs.contains(&Output::RequestSnapshot { sid: 7, tickers: vec![ticker("A")] }), "{outputs:?}");
    assert_eq!(bench.machine.known_and_wanted(), (1, 2));
}

#[test]
fn where_nothing_is_wanted_silence_is_no_reason_for_a_new_connection() {
    let mut bench = Bench::running();
    bench.give(300, wanted(&[]));
    for millis in (1_000..60_000).step_by(500) {
        let outputs = bench.give(millis, Input::Wake);
        assert!(!outputs.iter().any(|output| matches!(output, Output::Reconnect { .. })), "{millis} ms: {outputs:?}");
    }
    bench.give(60_000, wanted(&["A"]));
    let outputs = bench.give(60_100, Input::Wake);
    assert!(!outputs.iter().any(|output| matches!(output, Output::Reconnect { .. })), "{outputs:?}");
    let outputs = bench.give(76_000, Input::Wake);
    assert!(outputs.iter().any(|output| matches!(output, Output::Reconnect { .. })), "now there is something to hear");
}

#[test]
fn gap_after_gap_ends_in_one_reconnect_and_never_in_a_storm() {
    let mut bench = Bench::running();
    let mut requests = 0;
    let mut reconnects = Vec::new();
    let mut seq = 2;
    for millis in (250..=10_000).step_by(10) {
        // Every frame shows a gap; the snapshots that were asked for come, after another gap.
        seq += 2;
        let mut outputs = bench.give(millis, delta(seq, "A", 41, 1, millis));
        seq += 1;
        outputs.extend(bench.give(millis, snapshot(seq, "A", 40, 45, millis)));
        seq += 1;
        outputs.extend(bench.give(millis, snapshot(seq, "B", 40, 45, millis)));
        requests += outputs.iter().filter(|output| matches!(output, Output::RequestSnapshot { .. })).count();
        if outputs.iter().any(|output| matches!(output, Output::Reconnect { .. })) {
            reconnects.push(millis);
        }
    }
    assert_eq!(reconnects.len(), 1, "{reconnects:?}");
    assert!(requests <= 20, "{requests}");
    bench.give(10_050, Input::Disconnected);
    let outputs = bench.give(10_100, Input::Connected);
    assert!(matches!(outputs[0], Output::Subscribe { .. }));
}

#[test]
fn unchanged_books_stay_current_while_frames_flow() {
    let mut bench = Bench::running();
    bench.give(300, heartbeat(300));
    let outputs = bench.give(1_200, delta(3, "B", 61, 1, 1_190));
    let a = tops(&outputs).into_iter().find(|top| top.ticker == ticker("A")).expect("proof for A");
    assert_eq!((bid_cents(a), a.observed_at), (Some(40), at(1_190)), "a frame of B proves that A did not change");
}

#[test]
fn what_waited_in_a_queue_is_as_old_as_its_arrival() {
    let mut bench = Bench::running();
    let outputs = bench.give(1_200, delta(3, "B", 61, 1, 400));
    for name in ["A", "B"] {
        let top = tops(&outputs).into_iter().find(|top| top.ticker == ticker(name)).expect("proof for both");
        assert_eq!((top.observed_at, top.received_at), (at(400), at(400)), "{name}");
    }
}

#[test]
fn a_channel_silenced_alone_is_probed_and_its_books_given_up_while_heartbeats_flow() {
    let mut bench = Bench::running();
    let mut probed = None;
    let mut lost = None;
    let mut reconnect = None;
    for millis in (210..20_000).step_by(100) {
        let mut outputs = bench.give(millis, heartbeat(millis));
        outputs.extend(bench.until(millis + 50).into_iter().map(|(_millis, output)| output));
        for output in &outputs {
            match output {
                Output::RequestSnapshot { tickers, .. } => {
                    probed.get_or_insert((millis, tickers.len()));
                }
                Output::Reconnect { .. } => {
                    reconnect.get_or_insert(millis);
                }
                Output::Publish(tops) if tops.iter().all(|top| top.top.is_none()) => {
                    lost.get_or_insert(millis);
                }
                _ => {}
            }
        }
    }
    let (probed, tickers) = probed.expect("a probe");
    assert_eq!(tickers, 1);
    let lost = lost.expect("the books are given up");
    assert!(probed <= 1_700 && lost <= 3_300, "{probed} {lost}");
    assert!(reconnect.is_some_and(|millis| millis <= 12_000), "{reconnect:?}");
}

#[test]
fn an_answered_probe_keeps_the_books() {
    let mut bench = Bench::running();
    let mut seq = 2;
    for millis in (210..30_000).step_by(100) {
        let mut outputs = bench.give(millis, heartbeat(millis));
        outputs.extend(bench.until(millis + 50).into_iter().map(|(_millis, output)| output));
        for output in outputs {
            match output {
                Output::RequestSnapshot { tickers, .. } => {
                    for name in tickers {
                        seq += 1;
                        bench.give(millis + 60, snapshot(seq, name.as_str(), 40, 45, millis));
                    }
                }
                Output::Reconnect { reason } => panic!("{reason}"),
                _ => {}
            }
        }
        assert_eq!(bench.machine.known_and_wanted(), (2, 2), "at {millis}");
    }
    assert!((10..=20).contains(&(seq - 2)), "{} probes in half a minute", seq - 2);
}

#[test]
fn silence_of_the_whole_connection_gives_up_every_book_and_the_connection() {
    let mut bench = Bench::running();
    let outputs = bench.until(40_000);
    let reconnects = only(outputs, |millis, output| matches!(output, Output::Reconnect { .. }).then_some(millis));
    assert!((2..=4).contains(&reconnects.len()), "{reconnects:?}");
    assert!(reconnects.windows(2).all(|pair| pair[1] - pair[0] >= 10_000), "{reconnects:?}");
    assert_eq!(bench.machine.known_and_wanted().0, 0);
}

#[test]
fn a_disconnection_leaves_no_book_known() {
    let mut bench = Bench::running();
    let outputs = bench.give(300, Input::Disconnected);
    assert_eq!(tops(&outputs).iter().filter(|top| top.top.is_none()).count(), 2);
    assert_eq!(bench.machine.next_wakeup(), None);
}

#[test]
fn follows_what_is_wanted() {
    let mut bench = Bench::running();
    let outputs = bench.give(300, wanted(&["B", "C"]));
    assert!(outputs.contains(&Output::AddMarkets { sid: 7, tickers: vec![ticker("C")] }));
    assert!(outputs.contains(&Output::DeleteMarkets { sid: 7, tickers: vec![ticker("A")] }));
    bench.give(310, Input::Acknowledged { sid: 7, seq: 3 });
    bench.give(320, snapshot(4, "C", 10, 15, 320));
    assert_eq!(bench.machine.known_and_wanted(), (2, 2));
    assert_eq!(bench.machine.gaps(), 0);
}

#[test]
fn a_market_that_the_exchange_does_not_answer_for_costs_neither_the_others_nor_the_connection() {
    let mut bench = Bench::running();
    bench.give(300, wanted(&["A", "B", "X"]));
    let mut seq = 2;
    let mut requests = 0;
    for millis in (400..60_000).step_by(200) {
        seq += 1;
        let mut outputs = bench.give(millis, delta(seq, "A", 41, 1, millis));
        outputs.extend(bench.until(millis + 100).into_iter().map(|(_millis, output)| output));
        assert!(!outputs.iter().any(|output| matches!(output, Output::Reconnect { .. })));
        requests += outputs.iter().filter(|output| matches!(output, Output::RequestSnapshot { .. })).count();
        assert!(bench.machine.known_and_wanted().0 >= 2);
    }
    assert!((3..=8).contains(&requests), "{requests}: asked for less and less often");
}

#[test]
fn quotes_that_contradict_a_book_for_long_get_it_fetched_anew() {
    let (bid, ask) = (Some(Price::from_cents(44)), Some(Price::from_cents(45)));
    let quote = |millis| Input::Quote { ticker: ticker("A"), bid, ask, received_at: at(millis) };
    let mut bench = Bench::running();
    bench.give(300, quote(300));
    bench.give(400, delta(3, "A", 43, 1, 400));
    bench.give(1_500, delta(4, "B", 43, 1, 1_500));
    bench.give(2_350, quote(2_350));
    assert_eq!(bench.machine.known_and_wanted(), (2, 2), "a change in between starts the comparison anew");
    bench.give(2_400, delta(5, "B", 43, 1, 2_400));
    bench.give(3_500, delta(6, "B", 43, 1, 3_500));
    let outputs = bench.give(4_400, quote(4_400));
    assert!(outputs.iter().any(|output| matches!(output, Output::RequestSnapshot { .. })), "{outputs:?}");
}

#[test]
fn inputs_survive_the_journal_and_outputs_can_be_written() {
    let tickers = vec![ticker("A")];
    let inputs =
        [snapshot(1, "A", 40, 45, 10), delta(2, "A", 41, -1, 20), wanted(&["A"]), Input::Subscribed { sid: 7 }];
    let outputs =
        [unknown("A", 1), Output::Subscribe { tickers: tickers.clone() }, Output::RequestSnapshot { sid: 7, tickers }];
    for input in inputs {
        let text = serde_json::to_string(&input).expect("JSON");
        assert_eq!(serde_json::from_str::<Input>(&text).expect("the same"), input, "{text}");
    }
    for output in outputs {
        serde_json::to_string(&output).expect("JSON");
    }
}
