//! What a replay minute by minute promises.

use std::{path::PathBuf, sync::Arc};

use rec_domain::{Price, Side, Timestamp, refusal::RefusalCode};
use rec_kalshi::rows::order_book::NoSidePrices;
use rec_model::{Fingerprint, FingerprintSet, Grid};

use super::{super::read_recording, *};

const CLOSE: &str = "2026-09-25T20:00:00Z";

fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

/// Moves of a tenth of a percent are rare, so that a price well above a strike stays there.
fn calm() -> Arc<FingerprintSet> {
    let tails = vec![50.0, 1.0, 0.0, 50.0, 2.0, 0.0];
    let grid = Grid::new(vec![1, 60], vec![0.0, 0.1, 2.0], tails.clone(), tails).expect("valid");
    let part = ("baseline".to_owned(), None, Fingerprint { grid, support: None });
    Arc::new(FingerprintSet::new("btc", [part]).expect("a set"))
}

fn judgement(fingerprints: Option<Arc<FingerprintSet>>) -> Judgement {
    let settings = AutomationSettings { spike_alert_enabled: false, ..AutomationSettings::default() };
    Judgement { fingerprints, settings, caps: RiskCaps::default() }
}

fn ticker(market: &str, bid: &str, ask: &str, time: &str) -> String {
    let milliseconds = at(time).micros() / 1_000;
    format!(
        r#"{{"type":"ticker","sid":3,"msg":{{"market_ticker":"{market}","yes_bid_dollars":"{bid}","yes_ask_dollars":"{ask}","yes_bid_size_fp":"10.00","yes_ask_size_fp":"10.00","volume_fp":"5000.00","ts_ms":{milliseconds}}}}}"#
    )
}

fn played(lines: &[String], spot: &[SpotPrice], fingerprints: Option<Arc<FingerprintSet>>) -> Minutes {
    let recorded = read_recording(&lines.join("\n"), NoSidePrices::No).expect("a recording");
    minutes(&[recorded], spot, &judgement(fingerprints))
}

/// A price of 84,000 once a second from the first to the second instant.
fn steady(from: &str, to: &str) -> Vec<SpotPrice> {
    let seconds = at(from).micros() / 1_000_000..=at(to).micros() / 1_000_000;
    let price = "84000".parse().expect("a price");
    seconds.map(|second| SpotPrice { at: Timestamp::from_seconds(second), price }).collect()
}

/// Two strikes, quoted every two seconds through the last minutes of an hour and a little longer.
fn last_minutes() -> Vec<String> {
    let times =
        (0..200).map(|step| (at("2026-09-25T19:55:00Z") + rec_domain::TimeSpan::from_seconds(step * 2)).to_string());
    times
        .flat_map(|time| {
            [
                ticker("KXBTCD-26SEP2516-T82999.99", "0.9500", "0.9600", &time),
                ticker("KXBTCD-26SEP2516-T83999.99", "0.5000", "0.5200", &time),
            ]
        })
        .collect()
}

#[test]
fn a_row_is_entered_when_every_rule_allows_it_and_says_why_not_otherwise() {
    let spot = steady("2026-09-25T19:54:00Z", "2026-09-25T20:05:00Z");
    let report = played(&last_minutes(), &spot, Some(calm()));
    let minute = report.minutes.iter().find(|minute| minute.at == at("2026-09-25T19:56:00Z")).expect("a full minute");
    assert_eq!((minute.close_time, minute.seconds_to_close), (Some(at(CLOSE)), Some(240)));
    let [safe, even] = minute.rows.as_slice() else { panic!("{minute:?}") };
    assert_eq!((safe.side, even.bid), (Some(Side::Yes), Some(Price::from_cents(50))));
    assert!(matches!(safe.decision, Decision::Enter { .. }) && safe.reasons.is_empty(), "{safe:?}");
    assert_eq!(even.decision, Decision::Refuse);
    assert!(even.reasons.iter().any(|reason| reason.code == RefusalCode::Probability), "{even:?}");
    assert!(report.assumed.iter().any(|said| said.contains("spot price stands in its place")), "{:?}", report.assumed);
}

#[test]
fn nothing_is_considered_after_the_close() {
    let spot = steady("2026-09-25T19:54:00Z", "2026-09-25T20:05:00Z");
    let report = played(&last_minutes(), &spot, Some(calm()));
    let (before, after): (Vec<_>, Vec<_>) = report.minutes.iter().partition(|minute| minute.at < at(CLOSE));
    assert!(before.iter().all(|minute| minute.rows.len() == 2) && before.len() == 4, "{before:?}");
    assert!(
        after.iter().all(|minute| minute.rows.is_empty() && minute.event.is_none()) && after.len() == 3,
        "{after:?}"
    );
    // The last two minutes are outside of the window.
    assert!(before.iter().filter(|minute| minute.seconds_to_close < Some(120)).all(|minute| {
        minute.rows.iter().all(|row| row.reasons.iter().any(|reason| reason.code == RefusalCode::OutsideWindow))
    }));
}

#[test]
fn without_a_price_every_row_is_refused_for_want_of_it_and_no_chance_is_invented() {
    let report = played(&last_minutes(), &[], Some(calm()));
    let rows: Vec<_> = report.minutes.iter().flat_map(|minute| &minute.rows).collect();
    assert_eq!(rows.len(), 8);
    for row in rows {
        assert_eq!((row.side, row.probability, row.decision), (None, None, Decision::Refuse));
        let first = row.reasons.first().expect("a reason");
        assert_eq!((first.code, first.message.as_str()), (RefusalCode::StaleSpot, "there is no spot price"));
    }
}

#[test]
fn without_a_model_no_row_has_a_chance() {
    let spot = steady("2026-09-25T19:54:00Z", "2026-09-25T20:05:00Z");
    let report = played(&last_minutes(), &spot, None);
    for row in report.minutes.iter().flat_map(|minute| &minute.rows) {
        assert_eq!((row.probability, row.decision), (None, Decision::Refuse));
        assert!(row.reasons.iter().any(|reason| reason.message.contains("--fingerprints")), "{row:?}");
    }
}

#[test]
fn the_last_quote_of_a_market_wins_and_a_silent_recording_makes_books_stale() {
    let market = "KXBTCD-26SEP2516-T82999.99";
    let lines = [
        ticker(market, "0.9000", "0.9200", "2026-09-25T19:50:10Z"),
        ticker(market, "0.9300", "0.9400", "2026-09-25T19:50:58Z"),
        ticker(market, "0.1000", "0.1200", "2026-09-25T19:53:00.5Z"),
    ];
    let report = played(&lines, &steady("2026-09-25T19:50:00Z", "2026-09-25T19:55:00Z"), Some(calm()));
    let row = |time: &str| &report.minutes.iter().find(|minute| minute.at == at(time)).expect("a minute").rows[0];
    let fresh = row("2026-09-25T19:51:00Z");
    assert_eq!((fresh.bid, fresh.ask), (Some(Price::from_cents(93)), Some(Price::from_cents(94))));
    assert!(matches!(fresh.decision, Decision::Enter { .. }), "{fresh:?}");
    let stale = row("2026-09-25T19:52:00Z");
    assert!(stale.reasons.iter().any(|reason| reason.code == RefusalCode::StaleBook), "{stale:?}");
}

#[test]
fn between_recordings_of_different_days_there_are_no_tables() {
    let recording = |time: &str| {
        let line = ticker("KXBTCD-26SEP2516-T82999.99", "0.9000", "0.9200", time);
        read_recording(&line, NoSidePrices::No).expect("a recording")
    };
    let days = ["2025-08-03T19:58:30Z", "2026-09-25T19:50:10Z", "9999-01-01T00:00:30Z"].map(recording);
    let spot = steady("2026-09-25T19:49:00Z", "2026-09-25T19:55:00Z");
    let report = minutes(&days, &spot, &judgement(Some(calm())));
    assert_eq!(report.minutes.len(), 60 + 60 + 1, "an hour after each, and the end");
    assert!(report.minutes.is_sorted_by_key(|minute| minute.at));
    let last = report.minutes.last().expect("the end");
    assert_eq!(last.at, at("9999-01-01T00:00:30Z"));
}

#[test]
fn a_spot_recording_has_one_of_four_forms_and_a_line_that_is_none_is_named() {
    let prices = |text: &str| {
        let read = read_spot(text).expect("prices").into_iter();
        read.map(|one| format!("{} {}", one.at, one.price)).collect::<Vec<_>>()
    };
    let expected = ["2026-09-25T19:50:00Z 84000.5", "2026-09-25T19:51:00Z 84001"].map(|one| {
        let (at, price) = one.split_once(' ').expect("two words");
        format!("{at} {}", price.parse::<rec_domain::UsdPrice>().expect("a price"))
    });
    for text in [
        "time,price\n1790365800,84000.5\n1790365860,84001",
        "1790365860000,84001\n2026-09-25T19:50:00Z,84000.5",
        "time,open,high,low,close,volume\n1790365800,1,2,3,84000.5,9\n1790365860,1,2,3,84001,9\n",
        "{\"type\":\"subscriptions\"}\n{\"type\":\"ticker\",\"product_id\":\"BTC-USD\",\"price\":\"84000.5\",\"time\":\"2026-09-25T19:50:00Z\"}\n{\"type\":\"ticker\",\"price\":\"84001\",\"time\":\"2026-09-25T19:51:00Z\"}",
        "[[1790365800,83999,84002,84000,84001,1.5],[1790365740,83999,84002,84000,84000.5,1.5]]",
    ] {
        assert_eq!(prices(text), expected, "{text}");
    }
    assert_eq!(read_spot(" \n"), Err(SpotError::Empty));
    for wrong in
        ["1790365800,84000\nyesterday,84000", "1790365800,84000\n1790365860,-1", "{\"type\":\"ticker\"}", "[[1,2]]"]
    {
        assert!(matches!(read_spot(wrong), Err(SpotError::Line { .. })), "{wrong}");
    }
}

fn shared(name: &str) -> Option<String> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../../shared");
    let folder = std::env::var_os("REC_SHARED_DIR").map_or(beside, PathBuf::from);
    let file = folder.join("data").join(name);
    std::fs::read_to_string(&file).map_err(|error| println!("SKIPPED: {}: {error}", file.display())).ok()
}

#[test]
fn the_recorded_messages_of_2025_close_with_their_hour_and_lack_a_price() {
    let Some(text) = shared("kalshi/ws_ticker_messages_20250803.json") else { return };
    let recorded = read_recording(&text, NoSidePrices::No).expect("a recording");
    let report = minutes(&[recorded], &[], &judgement(Some(calm())));
    let close = at("2025-08-03T20:00:00Z");
    assert!(report.minutes.len() >= 13);
    for minute in &report.minutes {
        let event = minute.event.as_ref().map(|event| event.as_str());
        assert_eq!(event == Some("KXBTCD-25AUG0316"), minute.at < close, "{} {event:?}", minute.at);
        assert!(minute.rows.iter().all(|row| row.reasons[0].code == RefusalCode::StaleSpot));
    }
}

#[test]
fn the_recorded_event_of_2025_is_a_table_of_its_moment() {
    let Some(text) = shared("kalshi/event_response_KXBTCD-25JUL2615.json") else { return };
    let recorded = read_recording(&text, NoSidePrices::No).expect("a recording");
    let spot = [SpotPrice { at: at("2025-07-26T18:00:20Z"), price: "118082.01".parse().expect("a price") }];
    let report = minutes(&[recorded], &spot, &judgement(Some(calm())));
    let [minute] = report.minutes.as_slice() else { panic!("{report:?}") };
    assert_eq!(minute.rows.len(), 21);
    assert!(minute.rows.iter().all(|row| row.probability.is_some()), "{minute:?}");
    assert!(minute.rows.windows(2).all(|pair| pair[0].strike < pair[1].strike));
}
