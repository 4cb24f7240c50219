//! Series beside the hourly one: ranges, quarters of an hour, ether.

use std::collections::BTreeSet;

use rec_domain::{BookSide, Price, TimeSpan, Timestamp};
use serde_json::Value;

use super::support::{order, place};
use crate::core::{
    Asset, Output, Series, Session, Twin, TwinConfig, Verdict,
    market::{Event, Stage, Strike},
    output::LifecycleEvent,
    query::{self, Params},
};

/// A world of some series that has played its first minutes.
pub(super) fn world_of(series: &[Series], minutes: i64) -> Twin {
    let mut twin = Twin::new(TwinConfig { series: series.to_vec(), ..TwinConfig::demo(1) });
    let to = twin.config().start + TimeSpan::from_minutes(minutes);
    twin.advance_quietly(to);
    twin
}

fn open_event(twin: &Twin, series: Series) -> &Event {
    twin.events.values().find(|event| event.series == series && event.is_open(twin.now())).expect("an open event")
}

pub(super) fn get(twin: &Twin, path: &str, parameters: &str) -> Value {
    query::get(twin, path, &Params::parse(parameters)).expect("answers")
}

fn tickers(twin: &Twin, event: &Event) -> Vec<String> {
    event.markets.clone().map(|number| twin.ticker_of(number).to_string()).collect()
}

#[test]
fn exactly_one_range_wins_and_all_of_them_leave_no_gap() {
    let mut twin = world_of(&[Series::Kxbtc, Series::Kxeth], 3);
    for series in [Series::Kxbtc, Series::Kxeth] {
        let event = open_event(&twin, series).clone();
        let markets: Vec<_> = event.markets.clone().map(|number| &twin.markets[&number]).collect();
        let lowest = markets[0].strike.cap().expect("the lowest tail has a cap");
        let highest = markets[markets.len() - 1].strike.floor().expect("the highest tail has a floor");
        let mut value = lowest - rec_domain::UsdPrice::from_cents(2);
        while value < highest + rec_domain::UsdPrice::from_cents(2) {
            let winners = markets.iter().filter(|market| market.strike.result(value) == Some(Verdict::Yes)).count();
            assert_eq!(winners, 1, "{series:?} at {value}");
            value += rec_domain::UsdPrice::from_cents(if series == Series::Kxbtc { 3_333 } else { 7 });
        }
        let kinds: BTreeSet<&str> = markets.iter().map(|market| market.strike.kind()).collect();
        assert_eq!(kinds, BTreeSet::from(["between", "greater", "less"]));
    }
    let close = open_event(&twin, Series::Kxbtc).close;
    twin.advance_quietly(close + TimeSpan::from_minutes(3));
    for event in twin.events.values().filter(|event| event.close == close) {
        assert_eq!(event.stage, Stage::Finalized);
        let winners = event.markets.clone().filter(|number| twin.markets[number].result == Some(Verdict::Yes));
        assert_eq!(winners.count(), 1, "{}", event.ticker);
        assert_eq!(event.expiration_value, twin.settlement_value(event.series.asset(), close), "{}", event.ticker);
    }
}

#[test]
fn tickers_of_ranges_are_their_middle_and_the_strikes_of_the_tails() {
    let twin = world_of(&[Series::Kxbtc], 1);
    let event = open_event(&twin, Series::Kxbtc);
    assert_eq!(&*event.ticker, "KXBTC-26SEP2315");
    let named = tickers(&twin, event);
    for (ticker, number) in named.iter().zip(event.markets.clone()) {
        let suffix = ticker.strip_prefix("KXBTC-26SEP2315-").expect("the event's ticker");
        let expected = match twin.markets[&number].strike {
            Strike::Between(floor, cap) => {
                assert_eq!((cap - floor).units(), 99_990_000, "a hundred dollars less a cent");
                format!("B{}", (floor.units() + 50_000_000) / 1_000_000)
            }
            Strike::Above(floor) => format!("T{floor}"),
            Strike::Below(cap) => format!("T{}", cap.units() / 1_000_000),
            Strike::AtLeast(_) => panic!("no range"),
        };
        assert_eq!(suffix, expected);
    }
    let body = &get(&twin, "events/KXBTC-26SEP2315", "")["event"];
    assert_eq!((&body["mutually_exclusive"], &body["collateral_return_type"]), (&true.into(), &"MECNET".into()));
}

#[test]
fn a_quarters_strike_is_what_the_quarter_before_it_settles_on_and_is_told_at_the_opening() {
    let mut twin = world_of(&[Series::Kxbtc15m], 5);
    let next = twin.events.values().find(|event| event.open > twin.now()).expect("listed ahead").clone();
    assert_eq!(&*next.ticker, "KXBTC15M-26SEP231430");
    let ticker = "KXBTC15M-26SEP231430-30";
    let before = get(&twin, &format!("markets/{ticker}"), "")["market"].clone();
    assert_eq!((&before["status"], &before["no_sub_title"]), (&"initialized".into(), &"Target price: TBD".into()));
    assert!(before.get("floor_strike").is_none(), "the strike is not known yet");
    let mut session = Session::default();
    session.command(r#"{"id":1,"cmd":"subscribe","params":{"channels":["market_lifecycle_v2"]}}"#, &twin);
    twin.advance_quietly(next.open - TimeSpan::from_seconds(1));
    let mut outputs = twin.advance(next.open);
    assert!(twin.fair_value(ticker).is_none());
    outputs.extend(twin.advance(next.open + TimeSpan::from_seconds(20)));
    let told: Vec<Value> = outputs
        .iter()
        .flat_map(|output| session.on_output(output, &twin))
        .map(|frame| serde_json::from_str(frame.text.trim()).expect("JSON"))
        .collect();
    let message = |kind: &str| told.iter().find(|frame| frame["msg"]["event_type"] == kind).expect(kind)["msg"].clone();
    let settled = twin.settlement_value(Asset::Bitcoin, next.open).expect("sixty prints");
    assert_eq!(message("metadata_updated")["floor_strike"], settled.as_f64());
    assert_eq!(message("metadata_updated")["market_ticker"], ticker);
    let after = get(&twin, &format!("markets/{ticker}"), "")["market"].clone();
    assert_eq!(after["floor_strike"], settled.as_f64());
    assert_eq!((&after["status"], &after["strike_type"]), (&"active".into(), &"greater_or_equal".into()));
    let previous = twin.events.values().find(|event| event.close == next.open).expect("kept");
    assert_eq!((previous.stage, previous.expiration_value), (Stage::Finalized, Some(settled)), "paid within 8 s");
    // The numbers of the channel have no gap.
    let numbers: Vec<u64> = told.iter().filter_map(|frame| frame["seq"].as_u64()).collect();
    assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "{numbers:?}");
    assert!(told.iter().any(|frame| frame["type"] == "event_lifecycle"), "the quarter after the next was listed");
}

#[test]
fn quarters_are_quoted_and_traded_on_the_finer_grid_near_the_ends() {
    let mut twin = world_of(&[Series::Kxbtc15m], 1);
    let grid = Series::Kxbtc15m.grid();
    let (mut fine, end) = (0, twin.now() + TimeSpan::from_minutes(90));
    while twin.now() < end {
        let to = twin.now() + TimeSpan::from_seconds(10);
        twin.advance_quietly(to);
        for market in twin.markets.values() {
            for side in [BookSide::Bid, BookSide::Ask] {
                for price in market.book.levels(side).keys() {
                    assert!(grid.contains(*price), "{price} is off the grid");
                    fine += usize::from(price.units() % 100 != 0);
                }
            }
        }
    }
    assert!(fine > 50, "{fine} prices between whole cents");
    let ticker = twin.ticker_of(open_event(&twin, Series::Kxbtc15m).markets.start).to_string();
    let tenth = order(&ticker, "tenth", BookSide::Bid, 1, Price::from_units(30));
    place(&mut twin, &tenth).expect("three tenths of a cent are on the grid");
    let middle = order(&ticker, "middle", BookSide::Bid, 1, Price::from_units(5_050));
    assert_eq!(place(&mut twin, &middle).expect_err("off the grid").code(), "invalid_price");
}

#[test]
fn an_hour_and_its_last_quarter_close_together_and_each_is_paid_in_its_own_time() {
    let mut twin = world_of(&Series::ALL, 1);
    let close = twin.config().start + TimeSpan::from_minutes(60);
    twin.advance_quietly(close - TimeSpan::from_seconds(1));
    drop(twin.take_outputs());
    let outputs = twin.advance(close + TimeSpan::from_minutes(4));
    for series in Series::ALL {
        let event = twin.events.values().find(|event| event.series == series && event.close == close);
        let event = event.expect("it closes on the hour");
        let of_event = |ticker: &str| ticker.starts_with(&format!("{}-", event.ticker));
        let after = |wanted: fn(&LifecycleEvent) -> Option<Timestamp>| {
            let changes = outputs.iter().filter_map(|output| match output {
                Output::Lifecycle(change) if of_event(&change.ticker) => wanted(&change.event),
                _ => None,
            });
            changes.map(|at| at.since(close).micros() / 1_000).min().expect("told")
        };
        let determined = after(|event| match event {
            LifecycleEvent::Determined { at, .. } => Some(*at),
            _ => None,
        });
        let settled = after(|event| match event {
            LifecycleEvent::Settled { at } => Some(*at),
            _ => None,
        });
        let within = |at: i64, (soonest, latest): (i64, i64)| (soonest..=latest).contains(&at);
        assert!(within(determined, series.determined_after()), "{series:?}: {determined} ms");
        assert!(within(settled, series.settled_after()), "{series:?}: {settled} ms");
        let value = twin.settlement_value(series.asset(), close);
        assert_eq!(event.expiration_value, value);
    }
    let bitcoin = twin.settlement_value(Asset::Bitcoin, close).expect("sixty prints").as_f64();
    let ether = twin.settlement_value(Asset::Ether, close).expect("sixty prints").as_f64();
    assert!(bitcoin > 70_000.0 && (2_000.0..3_500.0).contains(&ether), "{bitcoin} {ether}");
}

#[test]
fn a_series_plays_the_same_whatever_else_is_listed() {
    let play = |series: &[Series]| {
        let mut twin = world_of(series, 1);
        let to = twin.now() + TimeSpan::from_minutes(5);
        let outputs = twin.advance(to);
        let trades = outputs.iter().filter_map(|output| match output {
            Output::Trade(print) if print.market.ticker.starts_with("KXBTCD-") => {
                Some((print.market.ticker.to_string(), print.price, print.count, print.at))
            }
            _ => None,
        });
        trades.collect::<Vec<_>>()
    };
    let alone = play(&[Series::Kxbtcd]);
    assert!(alone.len() > 100);
    assert_eq!(alone, play(&Series::ALL));
}

#[test]
fn events_of_the_next_day_are_listed_the_day_before_and_open_by_time() {
    let config = TwinConfig { series: Series::ALL.to_vec(), listed_a_day_ahead: true, ..TwinConfig::demo(1) };
    let mut twin = Twin::new(config);
    let listed = |twin: &Twin, series: Series| {
        twin.events.values().filter(|event| event.series == series).map(|event| event.ticker.to_string()).collect()
    };
    let hours: BTreeSet<String> = listed(&twin, Series::Kxbtcd);
    // It is 14:00 on 23 September: nine closes of today, and tomorrow's, which were listed at 05:00.
    assert_eq!(hours.len(), 9 + 24, "{hours:?}");
    assert!(hours.contains("KXBTCD-26SEP2315") && hours.contains("KXBTCD-26SEP2423"));
    let quarters: BTreeSet<String> = listed(&twin, Series::Kxeth15m);
    assert_eq!(quarters.len(), 39, "tomorrow's quarters are listed at 16:01");
    let of_tomorrow = get(&twin, "events", "series_ticker=KXBTCD&status=unopened&limit=200");
    assert_eq!(of_tomorrow["events"].as_array().map(Vec::len), Some(32));
    let market = get(&twin, "markets", "event_ticker=KXBTCD-26SEP2416&limit=1")["markets"][0].clone();
    assert_eq!((&market["status"], &market["created_time"]), (&"initialized".into(), &"2026-09-23T09:00:49Z".into()));
    let at_four = twin.config().start + TimeSpan::from_minutes(122);
    twin.advance_quietly(at_four);
    let quarters: BTreeSet<String> = listed(&twin, Series::Kxeth15m);
    assert!(quarters.contains("KXETH15M-26SEP242345"), "{}", quarters.len());
    for series in Series::ALL {
        let open = twin.events.values().filter(|event| event.series == series && event.is_open(twin.now()));
        assert_eq!(open.count(), 1, "{series:?}");
    }
    assert!(twin.markets.len() < 30_000, "{} markets", twin.markets.len());
}

#[test]
fn only_listed_series_are_there() {
    let twin = world_of(&[Series::Kxbtcd, Series::Kxeth15m], 1);
    let list = get(&twin, "series", "category=Crypto");
    let named: Vec<&str> =
        list["series"].as_array().expect("a list").iter().filter_map(|one| one["ticker"].as_str()).collect();
    assert_eq!(named, ["KXBTCD", "KXETH15M"]);
    assert_eq!(get(&twin, "series", "tags=ETH")["series"].as_array().map(Vec::len), Some(1));
    assert_eq!(get(&twin, "series/KXETH15M", "")["series"]["frequency"], "fifteen_min");
    assert!(query::get(&twin, "series/KXBTC", &Params::default()).is_err());
}
