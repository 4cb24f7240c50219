//! What a replay promises.

use std::path::PathBuf;

use rec_domain::{MarketTicker, Price, Quantity};
use rec_kalshi::rows::order_book::NoSidePrices;

use super::*;

fn replayed(text: &str) -> Report {
    replay(read_recording(text, NoSidePrices::No).expect("a recording"))
}

fn recorded(name: &str) -> Option<String> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../../shared");
    let folder = std::env::var_os("REC_SHARED_DIR").map_or(beside, PathBuf::from);
    let file = folder.join("data").join(name);
    std::fs::read_to_string(&file).map_err(|error| println!("SKIPPED: {}: {error}", file.display())).ok()
}

const SNAPSHOT: &str = r#"{"type":"orderbook_snapshot","sid":1,"seq":1,"msg":{"market_ticker":"T","yes_dollars_fp":[["0.4000","5.00"]],"no_dollars_fp":[["0.5500","2.00"],["0.5000","9.00"]]}}"#;

fn delta(seq: u64, side: &str, price: &str, delta: &str) -> String {
    format!(
        r#"{{"type":"orderbook_delta","sid":1,"seq":{seq},"msg":{{"market_ticker":"T","price_dollars":"{price}","delta_fp":"{delta}","side":"{side}"}}}}"#
    )
}

#[test]
fn frames_in_order_make_a_certain_book() {
    let report = replayed(&[SNAPSHOT.to_owned(), delta(2, "no", "0.5500", "-2.00")].join("\n"));
    let [book] = report.books.as_slice() else { panic!("{report:?}") };
    assert!(book.certain);
    assert_eq!((book.bid_levels, book.ask_levels, book.changes, book.doubtful_changes), (1, 1, 1, 0));
    assert_eq!(book.ask.map(|level| level.price), Some(Price::from_cents(50)));
    assert!(report.subscriptions[0].gaps.is_empty());
    assert!(report.ignored.is_empty());
}

#[test]
fn a_gap_makes_the_book_doubtful_and_it_is_still_reported_until_a_snapshot_makes_it_certain() {
    let mut lines = vec![SNAPSHOT.to_owned(), delta(9, "yes", "0.4100", "3.00")];
    let report = replayed(&lines.join("\n"));
    assert_eq!(report.subscriptions[0].gaps, [Gap { expected: 2, got: 9 }]);
    let book = &report.books[0];
    assert!(!book.certain);
    assert_eq!((book.bid_levels, book.doubtful_changes), (2, 1));
    lines.push(SNAPSHOT.replace("\"seq\":1", "\"seq\":10"));
    let report = replayed(&lines.join("\n"));
    assert!(report.books[0].certain);
    assert_eq!((report.books[0].snapshots, report.books[0].changes), (2, 0));
}

#[test]
fn what_was_passed_over_is_named_with_its_reason_count_and_place() {
    let lines = [
        delta(1, "yes", "0.4100", "3.00"),
        "not json".to_owned(),
        r#"{"type":"weather","sid":3,"msg":{}}"#.to_owned(),
        r#"{"type":"weather","sid":3,"msg":{}}"#.to_owned(),
    ];
    let report = replayed(&lines.join("\n"));
    assert_eq!(report.frames, 4);
    let seen: Vec<_> = report.ignored.iter().map(|passed| (passed.kind.as_str(), passed.count, passed.first)).collect();
    assert_eq!(seen, [("", 1, 2), ("orderbook_delta", 1, 1), ("weather", 2, 3)]);
}

#[test]
fn index_prints_pass_the_feed_machine_once_a_second() {
    let print = |second: i64, value: &str| {
        format!(
            r#"{{"type":"cfbenchmarks_value","sid":5,"seq":{second},"msg":{{"index_id":"BRTI","data":"{{\"time\":{}000,\"value\":\"{value}\"}}"}}}}"#,
            1_790_363_592 + second
        )
    };
    let report = replayed(&[print(1, "84018.87"), print(1, "84018.87"), print(2, "84019.00")].join("\n"));
    let values: Vec<_> = report.indices[0].prints.iter().map(|print| print.value.to_string()).collect();
    assert_eq!(values, ["84018.87", "84019.00"]);
    assert_eq!(report.ignored.len(), 1);
}

#[test]
fn an_index_that_jumps_is_held_back_but_not_after_a_pause_of_the_recording() {
    let print = |second: i64, value: &str| {
        format!(
            r#"{{"type":"cfbenchmarks_value","sid":5,"msg":{{"index_id":"BRTI","data":"{{\"time\":{}000,\"value\":\"{value}\"}}"}}}}"#,
            1_790_363_592 + second
        )
    };
    for (second, taken) in [(1, 1), (61, 2)] {
        let report = replayed(&[print(0, "84018.87"), print(second, "90000.00")].join("\n"));
        assert_eq!((report.indices[0].prints.len(), report.ignored.len()), (taken, 2 - taken), "{second} s later");
    }
}

#[test]
fn other_texts_are_refused_and_lists_of_frames_are_read() {
    assert!(matches!(read_recording("\n\n", NoSidePrices::No), Err(RecordingError::Empty)));
    assert!(matches!(read_recording("[]", NoSidePrices::No), Err(RecordingError::Empty)));
    assert!(matches!(read_recording("{\"a\":1}", NoSidePrices::No), Err(RecordingError::Other)));
    assert!(matches!(read_recording("{\"tickers\":1}", NoSidePrices::No), Err(RecordingError::NoList("tickers"))));
    for nonsense in ["once upon a time\nthere was", "[1", "\u{1f}\u{8b}\u{8}", "1,2\n3,4", "null", "[{}]"] {
        let error = read_recording(nonsense, NoSidePrices::No).expect_err(nonsense);
        assert!(matches!(error, RecordingError::NoFrame { place: 1, .. }), "{nonsense}: {error}");
    }
    let list = format!("[\n{SNAPSHOT},\n{}]", delta(2, "yes", "0.4100", "3.00"));
    assert_eq!(replayed(&list).books[0].bid_levels, 2);
    assert_eq!(replayed(SNAPSHOT).frames, 1);
}

/// A quote of 2025 as it was recorded, with `yes_bid` in cents.
fn quote_in_cents(bid: u32, second: u32) -> String {
    format!(
        r#"{{"received_at":"2025-08-03T15:50:{second}-04:00","data":{{"market_ticker":"KXBTCD-25AUG0316-T114749.99","yes_bid":{bid},"yes_ask":{},"ts":17542506{second}}}}}"#,
        bid + 3
    )
}

#[test]
fn messages_of_2025_are_read_in_whatever_they_stand_and_what_follows_them_is_named() {
    let quotes = [quote_in_cents(40, 12), quote_in_cents(42, 13)];
    let lifecycle = r#"{"received_at":"2025-08-03T15:50:14-04:00","data":{"market_ticker":"T","event_type":"determined","determination_ts":1754250614,"result":"no"}}"#;
    for (text, passed) in [
        (format!("{{\"tickers\":[{}]}}", quotes.join(",")), 0),
        (format!("{{\n \"tickers\": [{}]\n}}\n}}\n", quotes.join(",\n")), 1),
        (format!("[{}]", quotes.join(",")), 0),
        (quotes.join("\r\n"), 0),
        (format!("{}\n{{\"received_at\":", quotes.join("\n")), 1),
        (format!("{{\"messages\":[{},{lifecycle}]}}", quotes.join(",")), 1),
        (format!("{{\"tickers\":[{}],\"created_events\":[{lifecycle}],\"events\":[]}}", quotes.join(",")), 1),
    ] {
        let report = replayed(&text);
        let [quote] = report.quotes.as_slice() else { panic!("{text}: {report:?}") };
        assert_eq!((quote.bid, quote.ask, quote.count), (Some(Price::from_cents(42)), Some(Price::from_cents(45)), 2));
        assert_eq!(report.ignored.iter().map(|one| one.count).sum::<u64>(), passed, "{text}: {:?}", report.ignored);
    }
}

#[test]
fn a_frame_may_stand_on_many_lines() {
    let pretty = |text: &str| {
        serde_json::to_string_pretty(&serde_json::from_str::<serde_json::Value>(text).expect("json")).expect("json")
    };
    let text = format!("{}\n{}\n", pretty(SNAPSHOT), pretty(&delta(2, "yes", "0.4100", "3.00")));
    assert_eq!(replayed(&text).books[0].bid_levels, 2);
}

#[test]
fn the_production_frames_of_september_2026_give_their_book_trade_and_index_values() {
    let Some(text) = recorded("kalshi/ws_frames.jsonl") else { return };
    let report = replayed(&text);
    assert_eq!(report.frames, 27);
    let gaps: Vec<_> = report.subscriptions.iter().filter(|one| !one.gaps.is_empty()).map(|one| one.sid).collect();
    assert_eq!(gaps, [1, 4, 5]);
    let [book] = report.books.as_slice() else { panic!("{:?}", report.books) };
    assert!(!book.certain, "forty thousand frames are missing before the last change");
    assert_eq!((book.bid, book.bid_levels, book.ask_levels), (None, 0, 50));
    let ask = book.ask.expect("asks");
    assert_eq!((ask.price, ask.quantity), (Price::from_cents(1), Quantity::from_contracts(17_336)));
    assert_eq!(report.trades[0].price.to_string(), "0.9840");
    let prints: Vec<_> = report.indices[0].prints.iter().map(|print| print.value.to_string()).collect();
    assert_eq!(prints, ["84018.87", "84033.39"]);
    assert_eq!(report.indices[0].ticks[0].value.to_string(), "84017.28");
    assert!(report.ignored.iter().all(|passed| passed.kind == "market_lifecycle_v2"), "{:?}", report.ignored);
}

#[test]
fn the_messages_of_2025_give_the_last_quote_of_each_market() {
    let Some(text) = recorded("kalshi/ws_ticker_messages_20250803.json") else { return };
    let report = replayed(&text);
    assert_eq!((report.frames, report.quotes.iter().map(|quote| quote.count).sum::<u64>()), (1_000, 1_000));
    assert!(report.indices.is_empty() && report.books.is_empty(), "no price is invented");
    let known = MarketTicker::new("KXBTCD-25AUG0316-T114749.99");
    assert!(report.quotes.iter().any(|quote| quote.ticker == known));
    let Some(text) = recorded("kalshi/ws_lifecycle_events_20250801.json") else { return };
    assert_eq!(replayed(&text).ignored[0].count, 3);
}
