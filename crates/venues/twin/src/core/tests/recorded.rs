//! The twin writes every field that was recorded on the exchange.

use std::collections::{BTreeMap, BTreeSet};

use rec_domain::{BookSide, Price, TimeSpan};
use serde_json::Value;

use super::{
    series::world_of,
    support::{market_worth, order, place, recorded, young},
};
use crate::core::{
    Series, Session,
    query::{self, Params},
};

/// Fields that the exchange no longer sends, or that only other kinds of markets have.
const GONE: [&str; 2] = ["liquidity_dollars", "products"];

fn keys(value: &Value) -> BTreeSet<String> {
    value.as_object().into_iter().flatten().map(|(key, _)| key.clone()).collect()
}

fn assert_covers(what: &str, ours: &Value, theirs: &Value) {
    let (ours, theirs) = (keys(ours), keys(theirs));
    let missing: Vec<_> = theirs.difference(&ours).filter(|key| !GONE.contains(&key.as_str())).collect();
    assert!(missing.is_empty(), "{what}: {missing:?} is missing");
}

#[test]
fn rest_bodies_have_every_recorded_field() {
    let twin = young(1);
    let get = |path: &str| query::get(&twin, path, &Params::parse("status=open&limit=1")).expect("answers");
    if let Some(text) = recorded("markets_open_KXBTCD.json") {
        let theirs: Value = serde_json::from_str(&text).expect("JSON");
        let ours = get("markets");
        assert_covers("list", &ours, &theirs);
        assert_covers("market", &ours["markets"][0], &theirs["markets"][0]);
        assert_eq!(ours["markets"][0]["price_ranges"], theirs["markets"][0]["price_ranges"]);
    }
    if let Some(text) = recorded("series_KXBTCD.json") {
        let theirs: Value = serde_json::from_str(&text).expect("JSON");
        assert_covers("series", &get("series/KXBTCD")["series"], &theirs["series"]);
    }
    let quarters = world_of(&[Series::Kxbtc15m], 2);
    let get_quarter = |path: &str| query::get(&quarters, path, &Params::parse("status=open&limit=1")).expect("answers");
    if let Some(text) = recorded("markets_open_KXBTC15M.json") {
        let theirs: Value = serde_json::from_str(&text).expect("JSON");
        let ours = get_quarter("markets");
        assert_covers("quarter", &ours["markets"][0], &theirs["markets"][0]);
        for same in
            ["price_level_structure", "strike_type", "settlement_timer_seconds", "custom_strike", "no_sub_title"]
        {
            assert_eq!(ours["markets"][0][same], theirs["markets"][0][same], "{same}");
        }
        let ranges = |body: &Value| body["markets"][0]["price_ranges"].clone();
        assert_eq!(ranges(&ours), ranges(&theirs));
    }
    if let Some(text) = recorded("series_KXBTC15M.json") {
        let theirs: Value = serde_json::from_str(&text).expect("JSON");
        let ours = get_quarter("series/KXBTC15M");
        assert_covers("series of quarters", &ours["series"], &theirs["series"]);
        for same in ["frequency", "title", "tags", "fee_type", "exchange_index"] {
            assert_eq!(ours["series"][same], theirs["series"][same], "{same}");
        }
    }
    if let Some(text) = recorded("cf_history_BRTI_head.json") {
        let theirs: Value = serde_json::from_str(&text).expect("JSON");
        let ours = query::get(&twin, "cfbenchmarks/history/values", &Params::parse("id=BRTI&timespan=HOUR"));
        let ours = ours.expect("answers");
        assert_covers("index history", &ours["data"], &theirs["data"]);
        assert_covers("row of the index history", &ours["data"]["payload"][0], &theirs["data"]["payload"][0]);
    }
    if let Some(text) = recorded("endpoint_costs.json") {
        let theirs: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(get("account/endpoint_costs"), theirs);
    }
    if let Some(text) = recorded("historical_cutoff.json") {
        assert_covers("cutoff", &get("historical/cutoff"), &serde_json::from_str(&text).expect("JSON"));
    }
}

#[test]
fn frames_have_every_recorded_field() {
    let Some(text) = recorded("ws_frames.jsonl") else { return };
    let mut twin = young(1);
    let close = twin.config().start + TimeSpan::from_minutes(60);
    twin.advance_quietly(close - TimeSpan::from_seconds(70));
    let mut session = Session::default();
    let ticker = market_worth(&twin, 50.0);
    session.command(
        &format!(
            r#"{{"id":1,"cmd":"subscribe","params":{{"channels":["orderbook_delta","ticker","trade","market_lifecycle_v2","cfbenchmarks_value","cfbenchmarks_value_5hz"],"market_tickers":["{ticker}"],"index_ids":["BRTI"]}}}}"#
        ),
        &twin,
    );
    place(&mut twin, &order(&ticker, "a", BookSide::Bid, 1, Price::from_cents(99))).expect("accepted");
    let mut outputs = twin.take_outputs();
    outputs.extend(twin.advance(close + TimeSpan::from_seconds(160)));
    let mut ours: BTreeMap<String, Value> = BTreeMap::new();
    for frame in outputs.iter().flat_map(|output| session.on_output(output, &twin)) {
        let frame: Value = serde_json::from_str(frame.text.trim()).expect("JSON");
        // The fullest frame of each kind is compared.
        let name = kind(&frame);
        let fuller = ours.get(&name).is_none_or(|known| keys(&known["msg"]).len() < keys(&frame["msg"]).len());
        if fuller {
            ours.insert(name, frame);
        }
    }
    for line in text.lines() {
        let theirs: Value = serde_json::from_str(line).expect("JSON");
        if let Some(ours) = ours.get(&kind(&theirs)) {
            assert_covers(&kind(&theirs), ours, &theirs);
            assert_covers(&kind(&theirs), &ours["msg"], &theirs["msg"]);
        }
    }
    for name in ["orderbook_delta", "ticker", "trade", "cfbenchmarks_value", "market_lifecycle_v2 settled"] {
        assert!(ours.contains_key(name), "{name}");
    }
}

fn kind(frame: &Value) -> String {
    let event = frame["msg"]["event_type"].as_str().map(|event| format!(" {event}")).unwrap_or_default();
    format!("{}{event}", frame["type"].as_str().expect("a type"))
}
