use rec_domain::{TimeSpan, Timestamp, UsdPrice};

use super::{Config, FeedMachine, Input, Output, Source};
use crate::Machine;

const NOON: Timestamp = Timestamp::from_seconds(1_790_366_400);

fn at(millis: i64) -> Timestamp {
    NOON + TimeSpan::from_millis(millis)
}

fn machine() -> FeedMachine {
    FeedMachine::new(Config { publish_spot_every: TimeSpan::ZERO, ..Config::default() })
}

fn spot(machine: &mut FeedMachine, millis: i64, dollars: i64) -> Vec<i64> {
    let input = Input::Spot { price: UsdPrice::from_cents(dollars * 100), observed_at: at(millis) };
    let outputs = machine.step(at(millis), input);
    let price =
        |output: &Output| if let Output::Spot(spot) = output { Some(spot.value.units() / 1_000_000) } else { None };
    outputs.iter().filter_map(price).collect()
}

fn print(machine: &mut FeedMachine, stamp_millis: i64, dollars: i64) -> Vec<i64> {
    let input = Input::Index { stamped_at: at(stamp_millis), value: UsdPrice::from_cents(dollars * 100) };
    let outputs = machine.step(at(stamp_millis.max(0) + 60), input);
    let stamp = |output: &Output| {
        if let Output::Index(print) = output { Some(print.stamped_at.since(NOON).seconds()) } else { None }
    };
    outputs.iter().filter_map(stamp).collect()
}

#[test]
fn a_tick_that_comes_twice_or_late_is_dropped() {
    let mut feed = machine();
    assert_eq!(spot(&mut feed, 0, 100_000), [100_000]);
    assert_eq!(spot(&mut feed, 0, 100_000), [0_i64; 0]);
    let late = Input::Spot { price: UsdPrice::from_cents(9_990_000), observed_at: at(-50) };
    assert!(!feed.step(at(10), late).iter().any(|output| matches!(output, Output::Spot(_))));
    assert_eq!(feed.counters().repeated_or_late, 2);
}

#[test]
fn a_jump_is_held_back_until_two_more_prices_confirm_it() {
    let mut feed = machine();
    spot(&mut feed, 0, 100_000);
    assert_eq!(spot(&mut feed, 100, 90_000), [0_i64; 0]);
    assert_eq!(spot(&mut feed, 200, 90_010), [0_i64; 0]);
    assert_eq!(spot(&mut feed, 300, 90_020), [90_020]);
    assert_eq!(spot(&mut feed, 400, 10), [0_i64; 0]);
    assert_eq!(spot(&mut feed, 500, 90_030), [90_030], "one wrong price changes nothing");
    assert_eq!(spot(&mut feed, 600, 0), [0_i64; 0], "no price");
    assert_eq!(feed.counters().impossible, 1);
}

#[test]
fn confirmed_prints_are_all_published_so_that_no_settlement_lacks_one() {
    let mut feed = machine();
    print(&mut feed, 0, 100_000);
    assert_eq!(print(&mut feed, 1_000, 95_000), [0_i64; 0]);
    assert_eq!(print(&mut feed, 2_000, 95_000), [0_i64; 0]);
    assert_eq!(print(&mut feed, 3_000, 95_000), [1, 2, 3]);
}

#[test]
fn a_print_that_comes_late_still_counts_for_its_settlement() {
    let mut feed = machine();
    print(&mut feed, 0, 100_000);
    print(&mut feed, 2_000, 100_002);
    let late = Input::Index { stamped_at: at(1_000), value: UsdPrice::from_cents(10_000_100) };
    feed.step(at(2_100), late.clone());
    feed.step(at(2_200), late);
    let window = feed.settlement(at(60_000));
    assert_eq!((window.known, window.mean), (3, Some(UsdPrice::from_cents(10_000_100))));
    assert_eq!(feed.settlement(NOON).known, 0, "the print stamped at the close is not part of it");
    assert_eq!(feed.settlement(at(61_000)).known, 2);
}

#[test]
fn each_source_is_called_stale_by_itself_once_and_back_once() {
    let mut feed = machine();
    spot(&mut feed, 0, 100_000);
    print(&mut feed, 0, 100_000);
    let mut changes = Vec::new();
    for millis in (100..10_000).step_by(100) {
        let mut outputs = feed.step(at(millis), Input::Wake);
        if millis % 1_000 == 0 {
            let index = Input::Index { stamped_at: at(millis), value: UsdPrice::from_cents(10_000_000) };
            outputs.extend(feed.step(at(millis), index));
        }
        if millis == 8_000 {
            let price = UsdPrice::from_cents(10_000_000);
            outputs.extend(feed.step(at(millis), Input::Spot { price, observed_at: at(millis) }));
        }
        changes.extend(outputs.into_iter().filter_map(|output| match output {
            Output::Stale { source, stale, .. } => Some((millis, source, stale)),
            _ => None,
        }));
    }
    assert_eq!(changes, [(3_100, Source::Spot, true), (8_000, Source::Spot, false)]);
}

#[test]
fn a_source_that_never_spoke_is_stale_after_the_limit() {
    let mut feed = machine();
    feed.step(at(0), Input::Wake);
    let outputs = feed.step(at(3_001), Input::Wake);
    assert_eq!(outputs.iter().filter(|output| matches!(output, Output::Stale { stale: true, .. })).count(), 2);
}

#[test]
fn candles_are_fetched_at_the_start_until_they_come_and_not_for_ever() {
    let fetched = |feed: &mut FeedMachine, millis| {
        feed.step(at(millis), Input::Wake).iter().filter(|output| matches!(output, Output::FetchCandles { .. })).count()
    };
    let mut feed = machine();
    let attempts: usize = (0..200).map(|seconds| fetched(&mut feed, seconds * 1_000)).sum();
    assert_eq!(attempts, 10);
    let mut feed = machine();
    assert_eq!(fetched(&mut feed, 0), 1);
    assert_eq!(feed.step(at(50), Input::Candles(Vec::new())), [Output::Candles(Vec::new())]);
    assert_eq!((100..200).map(|seconds| fetched(&mut feed, seconds * 1_000)).sum::<usize>(), 0);
}

#[test]
fn published_spot_prices_are_coalesced_and_the_newest_is_never_lost() {
    let mut feed = FeedMachine::new(Config::default());
    assert_eq!(spot(&mut feed, 0, 100_000), [100_000]);
    assert_eq!(spot(&mut feed, 30, 100_001), [0_i64; 0]);
    assert_eq!(spot(&mut feed, 60, 100_002), [0_i64; 0]);
    assert_eq!(feed.next_wakeup(), Some(at(100)));
    let outputs = feed.step(at(100), Input::Wake);
    assert!(matches!(&outputs[0], Output::Spot(spot) if spot.value == UsdPrice::from_cents(10_000_200)));
}

#[test]
fn inputs_survive_the_journal_and_outputs_can_be_written() {
    let candle = super::Candle { start: NOON, close: UsdPrice::from_cents(1) };
    let inputs = [
        Input::Spot { price: UsdPrice::from_cents(1), observed_at: NOON },
        Input::Candles(vec![candle]),
        Input::CandlesFailed,
        Input::Wake,
    ];
    let outputs = [Output::Candles(vec![candle]), Output::Stale { source: Source::Spot, stale: true, last_at: None }];
    for input in inputs {
        let text = serde_json::to_string(&input).expect("JSON");
        assert_eq!(serde_json::from_str::<Input>(&text).expect("the same"), input, "{text}");
    }
    for output in outputs {
        serde_json::to_string(&output).expect("JSON");
    }
}
