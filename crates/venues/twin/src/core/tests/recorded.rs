//! The twin writes every field that was recorded on the exchange, and in it the same kind of value.

use std::{
    collections::{BTreeMap, BTreeSet},
    mem::discriminant,
};

use rec_domain::{BookSide, Price, TimeSpan};
use serde_json::Value;

use super::{
    series::world_of,
    support::{market_worth, order, place, recorded, young},
};
use crate::core::{
    Series, Session, Twin,
    query::{self, Params},
};

/// Where ours lacks a key that theirs has, or has another kind of value, down to the last list and the JSON in texts.
/// Each element of a list of theirs is held against each of ours: those of one list are of one form.
fn differences(path: &str, ours: &Value, theirs: &Value) -> Vec<String> {
    match (ours, theirs) {
        (Value::Object(ours), Value::Object(theirs)) => theirs
            .iter()
            .flat_map(|(key, theirs)| match ours.get(key) {
                Some(ours) => differences(&format!("{path}.{key}"), ours, theirs),
                None => vec![format!("{path}.{key} is missing")],
            })
            .collect(),
        (Value::Array(ours), Value::Array(theirs)) if ours.is_empty() != theirs.is_empty() => {
            vec![format!("{path}: {} elements, {} there", ours.len(), theirs.len())]
        }
        (Value::Array(ours), Value::Array(theirs)) => {
            let pairs = theirs.iter().flat_map(|theirs| ours.iter().map(move |ours| (ours, theirs)));
            pairs.flat_map(|(ours, theirs)| differences(&format!("{path}[]"), ours, theirs)).collect()
        }
        (Value::String(ours), Value::String(theirs)) => match (inside(ours), inside(theirs)) {
            (ours, Some(theirs)) => differences(path, &ours.unwrap_or_default(), &theirs),
            (_, None) => Vec::new(),
        },
        _ if discriminant(ours) == discriminant(theirs) => Vec::new(),
        _ => vec![format!("{path}: {ours}, {theirs} there")],
    }
}

/// The object that a text is.
fn inside(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok().filter(Value::is_object)
}

fn assert_covers(what: &str, ours: &Value, theirs: &Value) {
    let found: BTreeSet<String> = differences(what, ours, theirs).into_iter().collect();
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn a_difference_is_found_however_deep_it_is() {
    let theirs = serde_json::json!({"list": [{"a": ["0.1", "2"]}], "text": "{\"time\":1}", "none": []});
    assert_eq!(differences("", &theirs, &theirs), Vec::<String>::new());
    for (ours, found) in [
        (r#"{"list": [{"a": ["0.1", 2]}], "text": "{\"time\":1}", "none": []}"#, ".list[].a[]: 2, \"0.1\" there"),
        (r#"{"list": [{"a": []}], "text": "{\"time\":1}", "none": []}"#, ".list[].a: 0 elements, 2 there"),
        (r#"{"list": [{"b": []}], "text": "{\"time\":1}", "none": []}"#, ".list[].a is missing"),
        (r#"{"list": null, "text": "{\"time\":1}", "none": []}"#, r#".list: null, [{"a":["0.1","2"]}] there"#),
        (r#"{"list": [{"a": ["1"]}], "text": "{\"time\":\"1\"}", "none": []}"#, ".text.time: \"1\", 1 there"),
        (r#"{"list": [{"a": ["1"]}], "text": "1", "none": []}"#, ".text: null, {\"time\":1} there"),
    ] {
        let ours: Value = serde_json::from_str(ours).expect("JSON");
        assert_eq!(differences("", &ours, &theirs).first().map(String::as_str), Some(found), "{ours}");
    }
}

#[test]
fn rest_bodies_have_every_recorded_field() {
    let twin = young(1);
    let get = |path: &str| query::get(&twin, path, &Params::parse("status=open&limit=1")).expect("answers");
    if let Some(text) = recorded("markets_open_KXBTCD.json") {
        let theirs: Value = serde_json::from_str(&text).expect("JSON");
        let ours = get("markets");
        assert_covers("markets", &ours, &theirs);
        assert_eq!(ours["markets"][0]["price_ranges"], theirs["markets"][0]["price_ranges"]);
    }
    if let Some(text) = recorded("series_KXBTCD.json") {
        let theirs: Value = serde_json::from_str(&text).expect("JSON");
        assert_covers("series", &get("series/KXBTCD"), &theirs);
    }
    let quarters = world_of(&[Series::Kxbtc15m], 2);
    let get_quarter = |path: &str| query::get(&quarters, path, &Params::parse("status=open&limit=1")).expect("answers");
    if let Some(text) = recorded("markets_open_KXBTC15M.json") {
        let theirs: Value = serde_json::from_str(&text).expect("JSON");
        let ours = get_quarter("markets");
        assert_covers("quarters", &ours, &theirs);
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
        assert_covers("series of quarters", &ours, &theirs);
        for same in ["frequency", "title", "tags", "fee_type", "exchange_index"] {
            assert_eq!(ours["series"][same], theirs["series"][same], "{same}");
        }
    }
    if let Some(text) = recorded("cf_history_BRTI_head.json") {
        let theirs: Value = serde_json::from_str(&text).expect("JSON");
        let ours = query::get(&twin, "cfbenchmarks/history/values", &Params::parse("id=BRTI&timespan=HOUR"));
        let ours = ours.expect("answers");
        assert_covers("index history", &ours, &theirs);
    }
    if let Some(text) = recorded("endpoint_costs.json") {
        let theirs: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(get("account/endpoint_costs"), theirs);
    }
    if let Some(text) = recorded("historical_cutoff.json") {
        assert_covers("cutoff", &get("historical/cutoff"), &serde_json::from_str(&text).expect("JSON"));
    }
}

/// The subscriptions of the recording, in its order.
const CHANNELS: [&str; 6] =
    ["orderbook_delta", "trade", "ticker", "market_lifecycle_v2", "cfbenchmarks_value", "cfbenchmarks_value_5hz"];

#[test]
fn frames_have_every_recorded_field() {
    let Some(text) = recorded("ws_frames.jsonl") else { return };
    let mut twin = young(1);
    let close = twin.config().start + TimeSpan::from_minutes(60);
    twin.advance_quietly(close - TimeSpan::from_seconds(70));
    let mut session = Session::default();
    let ticker = market_worth(&twin, 50.0);
    let mut frames = Vec::new();
    for channel in CHANNELS {
        let params = serde_json::json!({"channels": [channel], "market_tickers": [ticker], "index_ids": ["BRTI"]});
        frames.extend(command(&mut session, "subscribe", &params, &twin));
    }
    for sid in 1..=3 {
        let params = serde_json::json!({"sids": [sid], "action": "add_markets", "market_tickers": [ticker]});
        frames.extend(command(&mut session, "update_subscription", &params, &twin));
    }
    place(&mut twin, &order(&ticker, "a", BookSide::Bid, 1, Price::from_cents(99))).expect("accepted");
    let mut outputs = twin.take_outputs();
    outputs.extend(twin.advance(close + TimeSpan::from_seconds(160)));
    let told = outputs.iter().flat_map(|output| session.on_output(output, &twin));
    frames.extend(told.map(|frame| serde_json::from_str(frame.text.trim()).expect("JSON")));
    // The fullest frame of each kind is compared.
    let fields = |frame: &Value| frame["msg"].as_object().map_or(0, serde_json::Map::len);
    let mut ours: BTreeMap<String, Value> = BTreeMap::new();
    for frame in frames {
        let name = kind(&frame);
        if ours.get(&name).is_none_or(|known| fields(known) < fields(&frame)) {
            ours.insert(name, frame);
        }
    }
    for line in text.lines() {
        let theirs: Value = serde_json::from_str(line).expect("JSON");
        let name = kind(&theirs);
        let ours = ours.get(&name).unwrap_or_else(|| panic!("{name}: the twin sends none"));
        assert_covers(&name, ours, &theirs);
        assert_eq!(ours.get("seq").is_some(), theirs.get("seq").is_some(), "{name}: numbered or not");
    }
}

fn command(session: &mut Session, name: &str, params: &Value, twin: &Twin) -> Vec<Value> {
    let command = serde_json::json!({"id": 1, "cmd": name, "params": params}).to_string();
    let frames = session.command(&command, twin);
    frames.iter().map(|frame| serde_json::from_str(frame.text.trim()).expect("JSON")).collect()
}

/// A frame's type, with the event of a market's life, and the subscription that a command was answered for.
fn kind(frame: &Value) -> String {
    let name = frame["type"].as_str().expect("a type");
    match (frame["msg"]["event_type"].as_str(), name) {
        (Some(event), _) => format!("{name} {event}"),
        (None, "ok") => format!("ok {}", frame["sid"]),
        (None, _) => name.to_owned(),
    }
}
