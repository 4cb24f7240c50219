//! What a connection hears.

use std::collections::BTreeMap;

use rec_domain::{BookSide, Price, Quantity, TimeSpan};
use serde_json::Value;

use super::support::{market_worth, order, place, young};
use crate::core::{Frame, Session, Twin};

fn json(frame: &Frame) -> Value {
    assert!(frame.text.ends_with('\n'), "text frames end with a line break");
    serde_json::from_str(frame.text.trim()).expect("JSON")
}

fn drive(session: &mut Session, twin: &mut Twin, seconds: i64) -> Vec<Value> {
    let to = twin.now() + TimeSpan::from_seconds(seconds);
    let outputs = twin.advance(to);
    outputs.iter().flat_map(|output| session.on_output(output, twin)).map(|frame| json(&frame)).collect()
}

fn decimal(value: &Value) -> i64 {
    value.as_str().expect("a string").parse::<Quantity>().expect("a count").units()
}

/// A book kept from frames, in YES prices.
fn apply(books: &mut BTreeMap<(String, BookSide, i64), i64>, frame: &Value, yes_leg: bool) {
    let message = &frame["msg"];
    let ticker = message["market_ticker"].as_str().expect("ticker").to_owned();
    let units = |text: &Value, no: bool| {
        let price: Price = text.as_str().expect("text").parse().expect("price");
        if no && !yes_leg { price.complement().units() } else { price.units() }
    };
    if frame["type"] == "orderbook_snapshot" {
        books.retain(|(known, _, _), _| *known != ticker);
        for (key, side) in [("yes_dollars_fp", BookSide::Bid), ("no_dollars_fp", BookSide::Ask)] {
            for level in message[key].as_array().into_iter().flatten() {
                books.insert((ticker.clone(), side, units(&level[0], side == BookSide::Ask)), decimal(&level[1]));
            }
        }
        return;
    }
    let side = if message["side"] == "yes" { BookSide::Bid } else { BookSide::Ask };
    let key = (ticker, side, units(&message["price_dollars"], side == BookSide::Ask));
    let left = books.entry(key.clone()).or_default();
    *left += decimal(&message["delta_fp"]);
    assert!(*left >= 0, "a level never goes below zero");
    if *left == 0 {
        books.remove(&key);
    }
}

#[test]
fn snapshot_and_deltas_rebuild_the_book_in_both_price_modes_with_one_gapless_number() {
    for yes_leg in [false, true] {
        let mut twin = young(1);
        let tickers = [market_worth(&twin, 50.0), market_worth(&twin, 90.0)];
        let mut session = Session::default();
        let command = format!(
            r#"{{"id":1,"cmd":"subscribe","params":{{"channels":["orderbook_delta","ticker"],"market_tickers":["{}"],"use_yes_price":{yes_leg}}}}}"#,
            tickers[0]
        );
        let mut frames: Vec<Value> = session.command(&command, &twin).iter().map(json).collect();
        assert_eq!(frames[0]["msg"]["channel"], "orderbook_delta");
        assert_eq!(frames[0]["msg"]["sid"], 1);
        frames.extend(drive(&mut session, &mut twin, 60));
        let command = format!(
            r#"{{"id":2,"cmd":"update_subscription","params":{{"sids":[1],"market_tickers":["{}"],"action":"add_markets"}}}}"#,
            tickers[1]
        );
        frames.extend(session.command(&command, &twin).iter().map(json));
        frames.extend(drive(&mut session, &mut twin, 120));
        let numbered: Vec<&Value> = frames.iter().filter(|frame| frame["sid"] == 1 && frame["seq"].is_u64()).collect();
        for (expected, frame) in (1..).zip(&numbered) {
            assert_eq!(frame["seq"], expected, "{frame}");
        }
        assert!(numbered.iter().any(|frame| frame["type"] == "ok" && frame["id"] == 2));
        assert!(frames.iter().filter(|frame| frame["type"] == "ticker").all(|frame| frame.get("seq").is_none()));
        let mut books = BTreeMap::new();
        for frame in numbered.iter().filter(|frame| frame["type"] != "ok") {
            apply(&mut books, frame, yes_leg);
        }
        for ticker in &tickers {
            let book = &twin.markets[&twin.by_ticker[ticker.as_str()]].book;
            for side in [BookSide::Bid, BookSide::Ask] {
                let kept: Vec<(i64, i64)> = books
                    .iter()
                    .filter(|((known, known_side, _), _)| known == ticker && *known_side == side)
                    .map(|((_, _, price), count)| (*price, *count))
                    .collect();
                let real: Vec<(i64, i64)> =
                    book.levels(side).iter().map(|(price, level)| (price.units(), level.total().units())).collect();
                assert_eq!(kept, real, "{ticker} {side}");
            }
        }
    }
}

#[test]
fn private_channels_tell_orders_and_fills_with_the_clients_identity() {
    let mut twin = young(1);
    let mut session = Session::default();
    let frames = session.command(
        r#"{"id":1,"cmd":"subscribe","params":{"channels":["fill","user_orders","order_group_updates"]}}"#,
        &twin,
    );
    assert_eq!(frames.len(), 3);
    let ticker = market_worth(&twin, 50.0);
    place(&mut twin, &order(&ticker, "mine", BookSide::Bid, 2, Price::from_cents(99))).expect("accepted");
    let outputs = twin.take_outputs();
    let frames: Vec<Value> =
        outputs.iter().flat_map(|output| session.on_output(output, &twin)).map(|frame| json(&frame)).collect();
    let fill = frames.iter().find(|frame| frame["type"] == "fill").expect("told");
    assert_eq!(fill["msg"]["client_order_id"], "mine");
    assert_eq!(fill["msg"]["post_position_fp"], "2.00");
    let order = frames.iter().find(|frame| frame["type"] == "user_order").expect("told");
    assert_eq!((&order["msg"]["status"], &order["msg"]["fill_count_fp"]), (&"executed".into(), &"2.00".into()));
}

#[test]
fn wrong_commands_get_the_documented_codes() {
    let twin = young(1);
    let mut session = Session::default();
    for (command, code) in [
        ("nonsense", 1),
        (r#"{"id":1,"cmd":"subscribe"}"#, 2),
        (r#"{"id":1,"cmd":"subscribe","params":{}}"#, 3),
        (r#"{"id":1,"cmd":"unsubscribe","params":{}}"#, 4),
        (r#"{"id":1,"cmd":"dance"}"#, 5),
        (r#"{"id":1,"cmd":"unsubscribe","params":{"sids":[9]}}"#, 7),
        (r#"{"id":1,"cmd":"subscribe","params":{"channels":["weather"]}}"#, 8),
        (r#"{"id":1,"cmd":"update_subscription","params":{"sids":[1,2],"action":"add_markets"}}"#, 12),
        (r#"{"id":1,"cmd":"subscribe","params":{"channels":["orderbook_delta"]}}"#, 14),
    ] {
        let frames = session.command(command, &twin);
        assert_eq!(json(&frames[0])["msg"]["code"], code, "{command}");
    }
    session.command(r#"{"id":1,"cmd":"subscribe","params":{"channels":["trade"]}}"#, &twin);
    let frames = session.command(r#"{"id":3,"cmd":"list_subscriptions"}"#, &twin);
    assert_eq!(json(&frames[0])["msg"][0]["channel"], "trade");
    let frames = session.command(r#"{"id":4,"cmd":"unsubscribe","params":{"sids":[1]}}"#, &twin);
    assert_eq!((&json(&frames[0])["type"], &json(&frames[0])["seq"]), (&"unsubscribed".into(), &1.into()));
}

#[test]
fn the_index_comes_every_second_with_the_average_that_settles() {
    let mut twin = young(1);
    let close = twin.config().start + TimeSpan::from_minutes(60);
    let mut session = Session::default();
    twin.advance_quietly(close - TimeSpan::from_seconds(90));
    session.command(
        r#"{"id":1,"cmd":"subscribe","params":{"channels":["cfbenchmarks_value"],"index_ids":["BRTI"]}}"#,
        &twin,
    );
    let frames = drive(&mut session, &mut twin, 91);
    assert_eq!(frames.len(), 91);
    let at_close = frames.iter().find(|frame| {
        let data: Value = serde_json::from_str(frame["msg"]["data"].as_str().expect("text")).expect("JSON");
        data["time"] == close.millis()
    });
    let average = &at_close.expect("a print at the close")["msg"]["avg_60s_data"];
    assert_eq!(average["window_size"], 60);
    let settled = twin.settlement_value(crate::core::Asset::Bitcoin, close).expect("sixty prints").as_f64();
    let told: f64 = average["value"].as_str().expect("text").parse().expect("number");
    assert!((told - settled).abs() <= 0.005 + 1e-9, "{told} rounds to {settled}");
    assert!(at_close.is_some_and(|frame| frame["msg"]["last_60s_windowed_average_15min"]["window_size"] == 60));
}

#[test]
fn a_reader_that_lost_a_frame_gets_a_snapshot_on_the_same_subscription() {
    let mut twin = young(1);
    let ticker = market_worth(&twin, 50.0);
    let mut session = Session::default();
    let subscribe = format!(
        r#"{{"id":1,"cmd":"subscribe","params":{{"channels":["orderbook_delta"],"market_ticker":"{ticker}"}}}}"#
    );
    assert_eq!(session.command(&subscribe, &twin).len(), 2, "subscribed and a snapshot");
    drive(&mut session, &mut twin, 5);
    let ask = format!(
        r#"{{"id":2,"cmd":"update_subscription","params":{{"sid":1,"market_tickers":["{ticker}"],"action":"get_snapshot"}}}}"#
    );
    let frames: Vec<Value> = session.command(&ask, &twin).iter().map(json).collect();
    assert_eq!((&frames[0]["type"], &frames[1]["type"]), (&"ok".into(), &"orderbook_snapshot".into()));
    assert_eq!(frames[1]["seq"].as_u64(), frames[0]["seq"].as_u64().map(|seq| seq + 1));
    // A second subscribe to the channel adds to the first.
    let frames: Vec<Value> = session.command(&subscribe, &twin).iter().map(json).collect();
    assert_eq!((&frames[0]["type"], &frames[0]["sid"]), (&"ok".into(), &1.into()));
    let delete = ask.replace("get_snapshot", "delete_markets");
    session.command(&delete, &twin);
    assert!(drive(&mut session, &mut twin, 30).is_empty(), "a deleted market is silent");
}
