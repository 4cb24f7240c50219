//! Tests on recorded bodies and frames, which the project does not ship.

use std::{collections::BTreeMap, path::PathBuf};

use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use rec_domain::{
    ExchangeIndex, PriceGrid, Timestamp, UsdPrice,
    audit::{AccountStatement, audit, report::RoundingInForce},
    fee::{FeeRounding, FeeSchedule},
    market::{Collateral, LifecycleChange, MarketStatus},
};
use serde_json::Value;

use crate::{
    export, legacy,
    number::expiration_value,
    rows::{
        EventRow, MarketRow, Page, SeriesRow,
        index_history::read_index_history,
        limits::{read_costs, read_cutoff},
        list::{Strictness, read_member, read_page, read_row},
        order_book::NoSidePrices,
    },
    ws::{Frame, FrameKind, Observation, SequenceTracker},
};

/// The text of a recorded file; `None`, said aloud, where there is none.
fn recorded(name: &str) -> Option<String> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../../shared");
    let folder = std::env::var_os("REC_SHARED_DIR").map_or(beside, PathBuf::from);
    let file = folder.join("data").join(name);
    std::fs::read_to_string(&file).map_err(|error| println!("SKIPPED: {}: {error}", file.display())).ok()
}

fn series_and_markets(series: &str) -> Option<(SeriesRow, Page<MarketRow>)> {
    let row = read_member(&recorded(&format!("kalshi/series_{series}.json"))?, "series").expect("series");
    let body = recorded(&format!("kalshi/markets_open_{series}.json"))?;
    Some((row, read_page(&body, Strictness::Strict).expect("markets")))
}

#[test]
fn recorded_series_and_markets_become_markets_of_the_desk() {
    for (series, tapered) in [("KXBTCD", false), ("KXBTC15M", true)] {
        let Some((row, page)) = series_and_markets(series) else { return };
        assert_eq!(row.fees, FeeSchedule::CRYPTO);
        assert!(!page.items.is_empty());
        for market in &page.items {
            // The event's body was not recorded; what it adds is its collateral.
            let event = format!(
                r#"{{"event_ticker":"{}","series_ticker":"{series}","collateral_return_type":"DIRECNET"}}"#,
                market.event
            );
            let event: EventRow = read_row(&event).expect("event");
            let joined = market.join(&event, &row).expect("they belong together");
            assert_eq!(joined.exchange_index, ExchangeIndex::new(2));
            assert_eq!(joined.grid == PriceGrid::linear_cent(), !tapered);
            assert_eq!(joined.status, MarketStatus::Active);
            assert!(joined.strike.is_some());
            assert_eq!(market.result, None);
        }
    }
}

#[test]
fn the_recorded_index_history_is_read_exactly() {
    let Some(body) = recorded("kalshi/cf_history_BRTI_head.json") else { return };
    let rows = read_index_history(&body).expect("history");
    assert_eq!(rows.len(), 3);
    assert_eq!(rows[0].stamped_at, Timestamp::from_millis(1_790_355_600_000));
    assert_eq!(rows[0].value, UsdPrice::from_cents(8_373_750));
}

#[test]
fn the_recorded_costs_and_cutoff_are_read() {
    let Some(body) = recorded("kalshi/endpoint_costs.json") else { return };
    let costs = read_costs(&body).expect("costs");
    let cancel = ("DELETE", "/trade-api/v2/portfolio/events/orders/:order_id", 2);
    assert_eq!(costs.default, 10);
    assert!(costs.exceptions.iter().any(|cost| (cost.method.as_str(), cost.path.as_str(), cost.cost) == cancel));
    let Some(body) = recorded("kalshi/historical_cutoff.json") else { return };
    assert_eq!(read_cutoff(&body).expect("cutoff").orders, "2026-09-11T00:00:00Z".parse().expect("instant"));
}

#[test]
fn recorded_settlements_are_the_mean_of_their_sixty_prints() {
    let Some(body) = recorded("kalshi/settlement_vectors.json") else { return };
    let vectors: Vec<Value> = serde_json::from_str(&body).expect("vectors");
    for vector in vectors {
        let close: Timestamp = vector["close_time"].as_str().expect("text").parse().expect("instant");
        let first = vector["t0_unix_s"].as_i64().expect("number");
        let prints = vector["brti_1hz_cents"].as_array().expect("list").iter().zip(first..);
        let inside: Vec<_> = prints
            .filter(|(_cents, second)| {
                rec_domain::index::SettlementWindow::contains(close, Timestamp::from_seconds(*second))
            })
            .map(|(cents, _second)| UsdPrice::from_cents(cents.as_i64().expect("cents")))
            .collect();
        let stated = expiration_value(vector["expiration_value"].as_str().expect("text"));
        assert_eq!(inside.len(), 60);
        assert_eq!(UsdPrice::mean_half_up_to_cents(&inside), stated);
    }
}

fn frames() -> Option<Vec<String>> {
    recorded("kalshi/ws_frames.jsonl").map(|text| text.lines().map(str::to_owned).collect())
}

#[test]
fn every_recorded_frame_is_read() {
    let Some(lines) = frames() else { return };
    let mut kinds = BTreeMap::<&str, u32>::new();
    for line in &lines {
        for no_side in [NoSidePrices::Yes, NoSidePrices::No] {
            let frame = Frame::decode(&format!("{line}\n"), no_side);
            assert!(frame.sid.is_some(), "{line}");
            let kind = match frame.kind {
                FrameKind::Subscribed { .. } => "subscribed",
                FrameKind::Ok { .. } => "ok",
                FrameKind::BookSnapshot(snapshot) => {
                    assert!(snapshot.levels.bids.is_empty() && snapshot.levels.asks.len() > 40);
                    snapshot.levels.book().expect("a sound book");
                    "snapshot"
                }
                FrameKind::BookDelta(_) => "delta",
                FrameKind::Ticker(ticker) => {
                    assert!(ticker.top.bid.is_some() && ticker.top.ask.is_none());
                    "ticker"
                }
                FrameKind::Trade(_) => "trade",
                FrameKind::Lifecycle(_) => "lifecycle",
                FrameKind::IndexValue(_) => "index",
                FrameKind::IndexValue5Hz(_) => "index 5 Hz",
                other => panic!("{line}: {other:?}"),
            };
            *kinds.entry(kind).or_default() += 1;
        }
    }
    assert_eq!(lines.len(), 27);
    assert_eq!(kinds.len(), 9, "{kinds:?}");
}

#[test]
fn recorded_numbers_run_across_markets_and_ok_frames() {
    let Some(lines) = frames() else { return };
    let mut tracker = SequenceTracker::default();
    let mut gaps = Vec::new();
    for line in &lines {
        if let Observation::Gap { sid, expected, got } = tracker.observe(&Frame::decode(line, NoSidePrices::No)) {
            gaps.push((sid, expected, got));
        }
    }
    // The recording leaves frames out exactly there.
    assert_eq!(gaps, [(1, 6, 41_076), (4, 2, 23), (5, 2, 49)]);
}

#[test]
fn no_change_of_a_recorded_frame_panics_and_unknown_fields_are_tolerated() {
    let Some(lines) = frames() else { return };
    for line in &lines {
        let mut value: Value = serde_json::from_str(line).expect("json");
        value["news"] = serde_json::json!({"deep": [1, null]});
        if let Some(msg) = value["msg"].as_object_mut() {
            msg.insert("news".to_owned(), serde_json::json!([{}, "x"]));
        }
        let known = Frame::decode(line, NoSidePrices::Yes);
        assert_eq!(Frame::decode(&value.to_string(), NoSidePrices::Yes), known);
    }
    let config = Config { cases: 2_000, failure_persistence: None, ..Config::default() };
    let strategy = (0..lines.len(), any::<prop::sample::Index>(), any::<u8>(), 0_usize..12);
    TestRunner::new(config)
        .run(&strategy, |(line, place, byte, cut)| {
            let mut bytes = lines[line].clone().into_bytes();
            let place = place.index(bytes.len());
            bytes[place] = byte;
            let _ = Frame::decode(&String::from_utf8_lossy(&bytes), NoSidePrices::No);
            bytes.drain(place..(place + cut).min(bytes.len()));
            let _ = Frame::decode(&String::from_utf8_lossy(&bytes), NoSidePrices::No);
            Ok(())
        })
        .expect("no frame panics");
}

#[test]
fn a_recorded_event_in_cents_becomes_markets_of_the_desk() {
    let Some(body) = recorded("kalshi/event_response_KXBTCD-25JUL2615.json") else { return };
    let event = legacy::read_event(&body).expect("event");
    assert_eq!(event.collateral, Collateral::DirectNetting);
    assert_eq!(event.recorded_at, Some("2025-07-26T18:00:20.535112Z".parse().expect("instant")));
    let markets = event.markets(FeeSchedule::CRYPTO);
    assert_eq!(markets.len(), 75);
    let close: Timestamp = "2025-07-26T19:00:00Z".parse().expect("instant");
    assert!(markets.iter().all(|market| market.close_time == close && market.strike.is_some()));
    assert_eq!(event.markets[0].yes_bid.map(|price| price.units()), Some(1_700));
    assert_eq!(event.markets[0].yes_ask, None, "an ask of one dollar is nobody's");
}

#[test]
fn recorded_tickers_and_results_are_read() {
    let messages = |name: &str, list: &str| {
        let body: Value = serde_json::from_str(&recorded(name)?).expect("json");
        let texts = body[list].as_array().expect("a list").iter().map(Value::to_string);
        Some(
            texts
                .map(|text| Frame::decode(&legacy::present_form(&text).expect("of 2025"), NoSidePrices::No))
                .collect::<Vec<_>>(),
        )
    };
    let Some(frames) = messages("kalshi/ws_ticker_messages_20250803.json", "tickers") else { return };
    let tickers: Vec<_> = frames
        .iter()
        .map(|frame| match &frame.kind {
            FrameKind::Ticker(update) => update,
            other => panic!("{other:?}"),
        })
        .collect();
    let of_event = |event: &str| tickers.iter().filter(|ticker| ticker.ticker.as_str().starts_with(event)).count();
    assert_eq!((of_event("KXBTCD-25AUG0316-"), of_event("KXBTCD-25AUG0317-")), (484, 516));
    assert!(frames.is_sorted_by_key(|frame| frame.sent_at));
    assert_eq!(frames[0].sent_at, Some("2025-08-03T19:50:13.439Z".parse().expect("instant")));
    assert_eq!(tickers[0].at, Some(Timestamp::from_seconds(1_754_250_612)));
    let Some(frames) = messages("kalshi/ws_lifecycle_events_20250801.json", "events") else { return };
    let results: Vec<_> = frames
        .iter()
        .map(|frame| match &frame.kind {
            FrameKind::Lifecycle(update) => match &update.change {
                LifecycleChange::Determined { result } => result.as_str(),
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(results, ["no", "yes", "no"]);
}

#[test]
fn the_recorded_account_adds_up() {
    let files = ["account/orders.json", "account/fills.json", "account/settlements.json"].map(recorded);
    let [Some(orders), Some(fills), Some(settlements)] = files else { return };
    let statement = AccountStatement {
        orders: export::read_orders("orders", &orders).expect("orders"),
        fills: export::read_fills("fills", &fills).expect("fills"),
        settlements: export::read_settlements("settlements", &settlements).expect("settlements"),
    };
    let report = audit(&statement);
    assert!(report.is_exact(), "{:?}", report.differences);
    assert_eq!((report.counts.orders, report.counts.fills, report.counts.settled), (310, 367, 266));
    let cents = RoundingInForce { rounding: FeeRounding::CENTS, orders: 310 };
    assert_eq!(report.roundings, [cents], "each fill's fee was rounded up to a cent");
}
