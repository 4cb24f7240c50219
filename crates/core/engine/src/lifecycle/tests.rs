use std::collections::BTreeSet;

use rec_domain::{
    EventTicker, ExchangeIndex, MarketTicker, PriceGrid, Quantity, SeriesTicker, TimeSpan, Timestamp, UsdPrice,
    fee::FeeSchedule,
    market::{Collateral, LifecycleChange, Market, MarketLifecycle, MarketStatus, StrikeRule},
};

use super::{Config, Input, LifecycleMachine, Output};
use crate::Machine;

const NOON: Timestamp = Timestamp::from_seconds(1_790_366_400);
const HOUR: i64 = 3_600;

fn at(seconds: i64) -> Timestamp {
    NOON + TimeSpan::from_seconds(seconds)
}

/// A market named so that its ticker tells nothing.
fn market(name: &str, strike: Option<i64>, open: i64, close: i64) -> Market {
    Market {
        ticker: MarketTicker::new(name),
        event: EventTicker::new(format!("closes {close}")),
        series: SeriesTicker::new("S"),
        title: String::new(),
        status: if open <= 0 { MarketStatus::Active } else { MarketStatus::Initialized },
        strike: strike.map(|dollars| StrikeRule::Greater(UsdPrice::from_cents(100 * dollars))),
        open_time: at(open),
        close_time: at(close),
        grid: PriceGrid::linear_cent(),
        exchange_index: ExchangeIndex::new(2),
        volume: Quantity::from_contracts(strike.unwrap_or(0)),
        fees: FeeSchedule::CRYPTO,
        collateral: Collateral::None,
    }
}

fn two_hours() -> Vec<Market> {
    vec![
        market("a1", Some(100), -HOUR, HOUR),
        market("a2", Some(200), -HOUR, HOUR),
        market("b1", Some(100), HOUR, 2 * HOUR),
        market("tbd", None, -HOUR, HOUR),
    ]
}

fn machine(config: Config, markets: Vec<Market>) -> LifecycleMachine {
    let mut machine = LifecycleMachine::new(config);
    assert_eq!(machine.step(at(0), Input::Wake), [Output::Fetch], "nothing is published before the first list");
    machine.step(at(0), Input::Fetched(markets));
    machine
}

/// Wakes the machine until `seconds`, answering fetches with `markets`; everything it said, with its second.
fn until(machine: &mut LifecycleMachine, seconds: i64, markets: &[Market]) -> Vec<(i64, Output)> {
    let mut said = Vec::new();
    while let Some(wake) = machine.next_wakeup().filter(|wake| *wake <= at(seconds)) {
        let mut outputs = machine.step(wake, Input::Wake);
        if outputs.contains(&Output::Fetch) {
            outputs.extend(machine.step(wake, Input::Fetched(markets.to_vec())));
        }
        said.extend(outputs.into_iter().map(|output| (wake.since(NOON).seconds(), output)));
        assert!(said.len() < 20_000, "the machine spins");
    }
    said
}

fn names(wanted: &BTreeSet<MarketTicker>) -> Vec<&str> {
    wanted.iter().map(MarketTicker::as_str).collect()
}

fn announce(name: &str, change: LifecycleChange) -> Input {
    Input::Lifecycle(MarketLifecycle { ticker: MarketTicker::new(name), change, received_at: NOON })
}

fn status(machine: &LifecycleMachine, seconds: i64, name: &str) -> Option<MarketStatus> {
    let markets = machine.visible(at(seconds));
    markets.into_iter().find(|market| market.ticker.as_str() == name).map(|market| market.status)
}

#[test]
fn rolls_over_by_close_time_with_the_next_event_a_minute_ahead() {
    let markets = two_hours();
    let mut machine = machine(Config::default(), markets.clone());
    assert_eq!(names(machine.wanted()), ["a1", "a2"], "a market without a strike is not wanted");
    let said = until(&mut machine, HOUR + 10, &markets);
    let changes: Vec<_> = said
        .iter()
        .filter_map(
            |(second, output)| if let Output::Wanted(wanted) = output { Some((*second, names(wanted))) } else { None },
        )
        .collect();
    assert_eq!(changes, [(HOUR - 60, vec!["a1", "a2", "b1"]), (HOUR, vec!["b1"])]);
}

#[test]
fn status_follows_time_since_the_exchange_announces_neither_opening_nor_closing() {
    let machine = machine(Config::default(), two_hours());
    assert_eq!(status(&machine, HOUR - 1, "a1"), Some(MarketStatus::Active));
    assert_eq!(status(&machine, HOUR, "a1"), Some(MarketStatus::Closed));
    assert_eq!(status(&machine, HOUR + 5, "a1"), None);
    assert_eq!(status(&machine, HOUR - 601, "b1"), None, "not about to open");
    assert_eq!(status(&machine, HOUR - 1, "b1"), Some(MarketStatus::Initialized));
    assert_eq!(status(&machine, HOUR, "b1"), Some(MarketStatus::Active));
}

#[test]
fn changes_by_time_are_published_at_their_instant() {
    let markets = two_hours();
    let mut machine =
        machine(Config { publish_every: TimeSpan::from_seconds(100_000), ..Config::default() }, markets.clone());
    let said = until(&mut machine, HOUR + 10, &markets);
    let published: Vec<_> = said
        .iter()
        .filter(|(_second, output)| matches!(output, Output::Publish(_)))
        .map(|(second, _output)| *second)
        .collect();
    assert_eq!(published, [HOUR - 600, HOUR, HOUR + 5]);
}

#[test]
fn fetches_on_a_timer_and_more_often_around_a_roll_over() {
    let markets = two_hours();
    let mut machine = machine(Config::default(), markets.clone());
    let said = until(&mut machine, 2 * HOUR - 1, &markets);
    let fetched = |from: i64, to: i64| {
        said.iter().filter(|(second, output)| *output == Output::Fetch && (from..to).contains(second)).count()
    };
    assert_eq!(fetched(0, 600), 39, "every 15 s");
    assert!((18..=22).contains(&fetched(HOUR - 30, HOUR + 30)), "{}", fetched(HOUR - 30, HOUR + 30));
}

#[test]
fn an_announced_market_is_fetched_soon_and_a_storm_of_announcements_is_not_followed() {
    let markets = two_hours();
    let mut machine = machine(Config::default(), markets.clone());
    machine.step(at(1), Input::Fetched(markets.clone()));
    let mut fetches = Vec::new();
    for tick in 0..200 {
        let now = at(1) + TimeSpan::from_millis(50 * tick);
        let outputs = machine.step(now, announce("new", LifecycleChange::Created));
        if outputs.contains(&Output::Fetch) {
            fetches.push(tick);
            machine.step(now, Input::Fetched(markets.clone()));
        }
        assert!(!outputs.iter().any(|output| matches!(output, Output::Lifecycle(_))), "not a market of ours");
    }
    assert_eq!(fetches, [40, 80, 120, 160]);
}

#[test]
fn failed_and_unanswered_fetches_are_repeated_at_a_bounded_rate() {
    let mut machine = LifecycleMachine::new(Config::default());
    let mut fetches = Vec::new();
    for second in 0..60 {
        if machine.step(at(second), Input::Wake).contains(&Output::Fetch) {
            fetches.push(second);
            if second < 30 {
                machine.step(at(second), Input::FetchFailed);
            }
        }
    }
    assert_eq!(fetches, [0, 3, 6, 9, 12, 15, 18, 21, 24, 27, 30, 43, 56]);
}

#[test]
fn an_announcement_prevails_over_a_list_that_lags_and_is_passed_on_once() {
    let mut machine = machine(Config::default(), two_hours());
    let outputs = machine.step(at(10), announce("a1", LifecycleChange::Deactivated));
    assert_eq!(outputs.iter().filter(|output| matches!(output, Output::Lifecycle(_))).count(), 1);
    machine.step(at(12), Input::Fetched(two_hours()));
    assert_eq!(status(&machine, 12, "a1"), Some(MarketStatus::Inactive));
    machine.step(at(26), Input::Fetched(two_hours()));
    assert_eq!(status(&machine, 26, "a1"), Some(MarketStatus::Active), "the list has caught up");
}

#[test]
fn an_early_close_and_a_determined_market_end_the_wish_for_its_book() {
    let mut machine = machine(Config::default(), two_hours());
    machine.step(at(10), announce("a1", LifecycleChange::CloseDateUpdated(at(20))));
    machine.step(at(10), announce("a2", LifecycleChange::Determined { result: "yes".to_owned() }));
    assert_eq!(names(machine.wanted()), ["a1"]);
    until(&mut machine, 24, &[]);
    assert!(machine.wanted().is_empty());
    assert_eq!(status(&machine, 24, "a1"), Some(MarketStatus::Closed));
}

#[test]
fn the_nearest_strikes_are_wanted_and_what_was_wanted_stays_within_a_bound() {
    let markets: Vec<_> = (0..100).map(|step| market(&format!("{step:03}"), Some(1_000 + step), -HOUR, HOUR)).collect();
    let mut machine = machine(Config { books_most: 10, ..Config::default() }, markets);
    assert_eq!(names(machine.wanted()).first(), Some(&"090"), "by volume while there is no price");
    machine.step(at(1), Input::Underlying(UsdPrice::from_cents(101_040)));
    assert!(names(machine.wanted()).contains(&"010"));
    let mut largest = 0;
    for cents in (101_040..106_000).step_by(20) {
        machine.step(at(2), Input::Underlying(UsdPrice::from_cents(cents)));
        largest = largest.max(machine.wanted().len());
        let nearest = format!("{:03}", (cents + 50) / 100 - 1_000);
        assert!(names(machine.wanted()).contains(&nearest.as_str()), "{cents}");
    }
    assert_eq!(largest, 20);
}

#[test]
fn inputs_survive_the_journal_and_outputs_can_be_written() {
    let change = announce("a1", LifecycleChange::Determined { result: "yes".to_owned() });
    let inputs = [Input::Fetched(two_hours()), change, Input::Underlying(UsdPrice::from_cents(1)), Input::Wake];
    let outputs = [Output::Fetch, Output::Publish(two_hours()), Output::Wanted([MarketTicker::new("a1")].into())];
    for input in inputs {
        let text = serde_json::to_string(&input).expect("JSON");
        assert_eq!(serde_json::from_str::<Input>(&text).expect("the same"), input, "{text}");
    }
    for output in outputs {
        serde_json::to_string(&output).expect("JSON");
    }
}
