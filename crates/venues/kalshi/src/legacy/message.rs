//! Messages of 2025 in the form that frames have today.

use rec_domain::{Timestamp, decimal};
use serde_json::{Map, Value, json};

/// What a quote without a size stands for: the least quantity of the exchange.
const LEAST: &str = "0.01";

/// A message of 2025 as the frame that the exchange would send today; `None` where the text is none, or has the present
/// form already.
///
/// A message stands in a frame, or by itself beside the time at which the recorder received it:
/// `{"received_at": "2025-08-03T15:50:13.439683-04:00", "data": {"market_ticker": "T", "yes_bid": 18, "yes_ask": 22,
/// "ts": 1754251388}}`. Prices are whole cents, counts whole contracts, and quotes have no sizes.
#[must_use]
pub fn present_form(text: &str) -> Option<String> {
    // What names dollars is of today.
    if text.contains("_dollars") {
        return None;
    }
    let Ok(Value::Object(message)) = serde_json::from_str(text) else { return None };
    let is_wrapped = !message.contains_key("type");
    let mut frame = if is_wrapped { unwrapped(message)? } else { message };
    let kind = frame.get("type")?.as_str()?.to_owned();
    let is_changed = match frame.get_mut("msg") {
        Some(Value::Object(msg)) => in_dollars(&kind, msg),
        _ => false,
    };
    if kind == "ticker_v2" {
        frame.insert("type".to_owned(), json!("ticker"));
    }
    (is_wrapped || is_changed).then(|| Value::Object(frame).to_string())
}

/// The frame around a message that was recorded by itself; a frame may have been recorded that way too.
fn unwrapped(mut message: Map<String, Value>) -> Option<Map<String, Value>> {
    let Some(Value::Object(data)) = message.remove("data") else { return None };
    let has = |key: &str| data.contains_key(key);
    let mut frame = match (has("type"), has("event_type"), has("yes_bid") || has("yes_ask")) {
        (true, ..) => data,
        (_, true, _) => of_kind("market_lifecycle_v2", data),
        (_, _, true) => of_kind("ticker", data),
        _ => return None,
    };
    if let Some(Ok(at)) = message.get("received_at").and_then(Value::as_str).map(str::parse::<Timestamp>) {
        frame.entry("sending_ts_ms").or_insert(json!(at.millis()));
    }
    Some(frame)
}

fn of_kind(kind: &str, msg: Map<String, Value>) -> Map<String, Value> {
    Map::from_iter([("type".to_owned(), json!(kind)), ("msg".to_owned(), Value::Object(msg))])
}

/// Adds the present fields to a message of `kind`; false where it has none of the former ones.
fn in_dollars(kind: &str, msg: &mut Map<String, Value>) -> bool {
    let mut added = Vec::new();
    let mut add = |former: &str, present: &'static str, form: fn(&Value) -> Value| {
        let value = msg.get(former).filter(|value| !value.is_null()).map(form);
        added.extend(value.map(|value| (present, value)));
    };
    match kind {
        "ticker" | "ticker_v2" => {
            add("yes_bid", "yes_bid_dollars", dollars);
            add("yes_bid", "yes_bid_size_fp", |_price| json!(LEAST));
            add("yes_ask", "yes_ask_dollars", dollars);
            add("yes_ask", "yes_ask_size_fp", |_price| json!(LEAST));
            add("price", "price_dollars", dollars);
            add("volume", "volume_fp", Value::clone);
            add("ts", "ts_ms", |seconds| seconds.as_i64().map_or(Value::Null, |s| json!(s.saturating_mul(1_000))));
        }
        "trade" => {
            add("yes_price", "yes_price_dollars", dollars);
            add("count", "count_fp", Value::clone);
        }
        "orderbook_snapshot" => {
            add("yes", "yes_dollars_fp", levels);
            add("no", "no_dollars_fp", levels);
        }
        "orderbook_delta" => {
            add("price", "price_dollars", dollars);
            add("delta", "delta_fp", Value::clone);
        }
        _ => {}
    }
    let is_changed = !added.is_empty();
    for (present, value) in added {
        msg.entry(present).or_insert(value);
    }
    is_changed
}

/// Whole cents as the text of dollars; what is no whole number stays one that cannot be read.
fn dollars(cents: &Value) -> Value {
    cents.as_i64().map_or_else(|| json!(format!("{cents} cents")), |cents| json!(decimal::format(cents, 2, 2)))
}

/// Levels, each a price and a count.
fn levels(list: &Value) -> Value {
    let Value::Array(levels) = list else { return list.clone() };
    let level = |level: &Value| match level.as_array().map(Vec::as_slice) {
        Some([price, count]) => json!([dollars(price), count]),
        _ => level.clone(),
    };
    levels.iter().map(level).collect()
}

#[cfg(test)]
mod tests {
    use rec_domain::{Price, Quantity, market::LifecycleChange};

    use super::*;
    use crate::{
        rows::order_book::NoSidePrices,
        ws::{Frame, FrameKind},
    };

    fn read(text: &str) -> Frame {
        Frame::decode(&present_form(text).expect("a message of 2025"), NoSidePrices::No)
    }

    #[test]
    fn a_quote_in_cents_is_read_by_itself_and_in_a_frame() {
        let data = r#"{"market_id":"m","market_ticker":"T","yes_bid":18,"yes_ask":100,"price":7,"ts":1754251388}"#;
        for text in [
            format!(r#"{{"received_at":"2025-08-03T16:03:08.706756-04:00","data":{data}}}"#),
            format!(r#"{{"type":"ticker_v2","sid":3,"msg":{data}}}"#),
            format!(r#"{{"received_at":"x","data":{{"type":"ticker","sid":3,"msg":{data}}}}}"#),
        ] {
            let FrameKind::Ticker(quote) = read(&text).kind else { panic!("{text}") };
            assert_eq!(quote.top.bid.map(|level| level.price), Some(Price::from_cents(18)));
            assert_eq!(quote.top.bid.map(|level| level.quantity), Some(Quantity::from_units(1)));
            assert_eq!((quote.top.ask, quote.last_price), (None, Some(Price::from_cents(7))), "a dollar is nobody's");
            assert_eq!(quote.at, Some(Timestamp::from_seconds(1_754_251_388)));
        }
    }

    #[test]
    fn books_and_trades_in_cents_are_read_to_the_cent() {
        let msg = r#"{"market_ticker":"T","yes":[[8,300],[22,333]],"no":[[54,20]]}"#;
        let snapshot = read(&format!(r#"{{"type":"orderbook_snapshot","sid":2,"seq":2,"msg":{msg}}}"#));
        let FrameKind::BookSnapshot(book) = snapshot.kind else { panic!("{snapshot:?}") };
        let top = book.levels.book().expect("sound").top();
        assert_eq!(
            top.bid.map(|bid| (bid.price, bid.quantity)),
            Some((Price::from_cents(22), Quantity::from_contracts(333)))
        );
        assert_eq!(top.ask.map(|ask| ask.price), Some(Price::from_cents(46)));
        let delta = read(
            r#"{"type":"orderbook_delta","sid":2,"seq":3,"msg":{"market_ticker":"T","price":96,"delta":-54,"side":"yes"}}"#,
        );
        let FrameKind::BookDelta(delta) = delta.kind else { panic!("{delta:?}") };
        assert_eq!((delta.price, delta.delta), (Price::from_cents(96), Quantity::from_contracts(-54)));
        let trade = read(
            r#"{"type":"trade","sid":11,"msg":{"market_ticker":"T","yes_price":36,"no_price":64,"count":136,"taker_side":"no","ts":1669149841}}"#,
        );
        let FrameKind::Trade(trade) = trade.kind else { panic!("{trade:?}") };
        assert_eq!((trade.price, trade.quantity), (Price::from_cents(36), Quantity::from_contracts(136)));
    }

    #[test]
    fn news_of_a_market_keep_the_time_at_which_they_came() {
        let created = read(
            r#"{"received_at":"2025-08-01T22:01:11.364911-04:00","data":{"market_ticker":"T","open_ts":1,"close_ts":2,"event_type":"created"}}"#,
        );
        assert_eq!(created.sent_at, Some(Timestamp::from_millis(1_754_100_071_364)));
        assert!(matches!(created.kind, FrameKind::Lifecycle(update) if update.change == LifecycleChange::Created));
    }

    #[test]
    fn what_is_no_price_in_cents_is_not_read_and_the_present_form_stays_as_it_is() {
        for price in ["101", "-1", "17.5", "\"18\"", "9223372036854775807"] {
            let text = format!(r#"{{"type":"ticker","sid":3,"msg":{{"market_ticker":"T","yes_bid":{price},"ts":1}}}}"#);
            assert!(matches!(read(&text).kind, FrameKind::Malformed { .. }), "{price}");
        }
        for text in [
            "",
            "[1]",
            r#"{"data":{"market_ticker":"T"}}"#,
            r#"{"type":"ticker","sid":3,"msg":{"market_ticker":"T","yes_bid_dollars":"0.1800"}}"#,
            r#"{"type":"orderbook_snapshot","sid":1,"seq":1,"msg":{"market_ticker":"T"}}"#,
        ] {
            assert_eq!(present_form(text), None, "{text}");
        }
    }
}
