//! Frames of every channel.

use proptest::prelude::*;
use serde_json::Value;

use super::spoil::{NO_NUMBERS, any_json, doubled, no_answers, places, with};
use crate::{
    rows::order_book::NoSidePrices,
    ws::{Frame, FrameKind, Observation, SequenceTracker},
};

/// A channel's frame, and the values in it that nothing may be guessed of.
struct Sample {
    kind: &'static str,
    msg: &'static str,
    exact: &'static [&'static str],
}

const SAMPLES: &[Sample] = &[
    Sample { kind: "subscribed", msg: r#"{"channel":"ticker","sid":1}"#, exact: &[] },
    Sample { kind: "ok", msg: r#"{"market_tickers":["M"]}"#, exact: &[] },
    Sample { kind: "error", msg: r#"{"code":8,"msg":"Unknown channel name"}"#, exact: &["/msg/code"] },
    Sample {
        kind: "orderbook_snapshot",
        msg: r#"{"market_ticker":"M","yes_dollars_fp":[["0.4000","5.00"]],"no_dollars_fp":[["0.4100","5.00"]]}"#,
        exact: &[
            "/msg/yes_dollars_fp/0/0",
            "/msg/yes_dollars_fp/0/1",
            "/msg/no_dollars_fp/0/0",
            "/msg/no_dollars_fp/0/1",
        ],
    },
    Sample {
        kind: "orderbook_delta",
        msg: r#"{"market_ticker":"M","price_dollars":"0.9600","delta_fp":"-2.00","side":"no","ts_ms":1}"#,
        exact: &["/msg/price_dollars", "/msg/delta_fp", "/msg/side"],
    },
    Sample {
        kind: "ticker",
        msg: r#"{"market_ticker":"M","price_dollars":"0.4000","yes_bid_dollars":"0.3900","yes_bid_size_fp":"5.00",
            "yes_ask_dollars":"0.4100","yes_ask_size_fp":"5.00","volume_fp":"7.00","ts_ms":1}"#,
        exact: &["/msg/yes_bid_dollars", "/msg/yes_ask_dollars", "/msg/yes_ask_size_fp", "/msg/volume_fp"],
    },
    Sample {
        kind: "trade",
        msg: r#"{"trade_id":"t","market_ticker":"M","yes_price_dollars":"0.4000","count_fp":"2.00","taker_side":"yes"}"#,
        exact: &["/msg/yes_price_dollars", "/msg/count_fp"],
    },
    Sample {
        kind: "fill",
        msg: r#"{"trade_id":"f","order_id":"o","market_ticker":"M","exchange_index":2,"is_taker":true,
            "outcome_side":"yes","yes_price_dollars":"0.7500","count_fp":"2.00","fee_cost":"0.01","ts_ms":1671899397000}"#,
        exact: &["/msg/yes_price_dollars", "/msg/count_fp", "/msg/fee_cost", "/msg/ts_ms", "/msg/exchange_index"],
    },
    Sample {
        kind: "user_order",
        msg: r#"{"order_id":"o","ticker":"M","status":"resting","outcome_side":"yes","yes_price_dollars":"0.3500",
            "fill_count_fp":"0.00","remaining_count_fp":"10.00","initial_count_fp":"10.00","created_ts_ms":1733047200000,
            "exchange_index":2}"#,
        exact: &["/msg/yes_price_dollars", "/msg/fill_count_fp", "/msg/remaining_count_fp", "/msg/created_ts_ms"],
    },
    Sample {
        kind: "market_position",
        msg: r#"{"market_ticker":"M","position_fp":"-100.00"}"#,
        exact: &["/msg/position_fp"],
    },
    Sample {
        kind: "order_group_updates",
        msg: r#"{"event_type":"limit_updated","order_group_id":"g","contracts_limit_fp":"150.00","ts_ms":1}"#,
        exact: &["/msg/contracts_limit_fp"],
    },
    Sample {
        kind: "market_lifecycle_v2",
        msg: r#"{"market_ticker":"M","event_type":"close_date_updated","close_ts":1790366400}"#,
        exact: &["/msg/close_ts"],
    },
    Sample {
        kind: "event_lifecycle",
        msg: r#"{"event_ticker":"E","exchange_index":2,"collateral_return_type":"DIRECNET"}"#,
        exact: &["/msg/exchange_index"],
    },
    Sample {
        kind: "event_fee_update",
        msg: r#"{"event_ticker":"E","fee_type_override":"quadratic","fee_multiplier_override":1}"#,
        exact: &["/msg/fee_multiplier_override"],
    },
    Sample {
        kind: "cfbenchmarks_value",
        msg: r#"{"index_id":"BRTI","data":"{\"time\":1790363593000,\"value\":\"84018.87\"}"}"#,
        exact: &["/msg/data"],
    },
    Sample {
        kind: "cfbenchmarks_value_5hz",
        msg: r#"{"index_id":"BRTI","value_usd":"84017.28","source_ts_ms":1790363592200}"#,
        exact: &["/msg/value_usd", "/msg/source_ts_ms"],
    },
];

fn frame(sample: &Sample) -> Value {
    let msg: Value = serde_json::from_str(sample.msg).expect("JSON");
    serde_json::json!({ "type": sample.kind, "sid": 4, "seq": 9, "msg": msg })
}

fn decode(text: &str) -> Frame {
    Frame::decode(text, NoSidePrices::Yes)
}

fn is_malformed(frame: &Frame) -> bool {
    matches!(frame.kind, FrameKind::Malformed { .. })
}

#[test]
fn the_good_frames_are_read() {
    for sample in SAMPLES {
        let read = decode(&frame(sample).to_string());
        assert!(!is_malformed(&read) && !matches!(read.kind, FrameKind::Unknown { .. }), "{read:?}");
    }
}

#[test]
fn what_is_no_frame_is_named_and_nothing_else() {
    for text in no_answers() {
        assert!(is_malformed(&decode(&text)), "{}", text.chars().take(40).collect::<String>());
    }
    for sample in SAMPLES.iter().filter(|sample| sample.kind != "ok") {
        for msg in no_answers().iter().filter(|text| serde_json::from_str::<Value>(text).is_ok()) {
            let text = format!(r#"{{"type":"{}","sid":4,"seq":9,"msg":{msg}}}"#, sample.kind);
            assert!(is_malformed(&decode(&text)), "{} {msg}", sample.kind);
        }
    }
}

#[test]
fn a_wrong_number_in_a_frame_of_any_channel_makes_it_unreadable_and_a_gap() {
    for sample in SAMPLES {
        let good = frame(sample);
        for place in sample.exact {
            for wrong in NO_NUMBERS {
                let read = decode(&with(&good, place, wrong));
                assert!(is_malformed(&read), "{} {place} {wrong}: {read:?}", sample.kind);
                assert_eq!((read.sid, read.seq), (Some(4), Some(9)), "its place in the order is kept");
                let mut numbers = SequenceTracker::default();
                assert!(matches!(numbers.observe(&read), Observation::Gap { sid: 4, .. }));
            }
        }
    }
}

#[test]
fn a_negative_count_in_a_frame_is_refused() {
    for (kind, place) in [
        ("orderbook_snapshot", "/msg/yes_dollars_fp/0/1"),
        ("orderbook_snapshot", "/msg/no_dollars_fp/0/0"),
        ("ticker", "/msg/yes_ask_size_fp"),
        ("trade", "/msg/count_fp"),
        ("fill", "/msg/count_fp"),
        ("fill", "/msg/yes_price_dollars"),
        ("user_order", "/msg/remaining_count_fp"),
        ("order_group_updates", "/msg/contracts_limit_fp"),
        ("cfbenchmarks_value_5hz", "/msg/value_usd"),
    ] {
        let sample = SAMPLES.iter().find(|sample| sample.kind == kind).expect("it is there");
        let read = decode(&with(&frame(sample), place, r#""-1.00""#));
        assert!(is_malformed(&read), "{kind} {place}: {read:?}");
    }
}

#[test]
fn a_key_that_stands_twice_makes_a_frame_unreadable() {
    for sample in SAMPLES {
        let good = frame(sample);
        let of_envelope = ["/type", "/sid", "/seq"].into_iter();
        for place in of_envelope.chain(sample.exact.iter().copied().filter(|place| !place.contains("_fp/0/"))) {
            let read = decode(&doubled(&good, place));
            assert!(is_malformed(&read), "{} {place}: {read:?}", sample.kind);
        }
    }
}

#[test]
fn an_unknown_channel_or_event_is_kept_by_its_name() {
    let unknown = decode(r#"{"type":"multivariate_lookup","sid":4,"seq":9,"msg":{"x":[1]}}"#);
    assert!(matches!(unknown.kind, FrameKind::Unknown { ref kind } if kind == "multivariate_lookup"), "{unknown:?}");
    let lifecycle = r#"{"type":"market_lifecycle_v2","sid":4,"msg":{"market_ticker":"M","event_type":"reborn"}}"#;
    assert!(format!("{:?}", decode(lifecycle).kind).contains(r#"Other("reborn")"#));
    let fees = r#"{"type":"event_fee_update","sid":5,"msg":{"event_ticker":"E","fee_type_override":"progressive"}}"#;
    assert!(format!("{:?}", decode(fees).kind).contains("Some(Unknown)"), "{:?}", decode(fees));
}

proptest! {
    #[test]
    fn no_value_in_any_place_of_a_frame_panics(
        number in 0..SAMPLES.len(),
        place in any::<prop::sample::Index>(),
        other in any_json(),
    ) {
        let good = frame(&SAMPLES[number]);
        let places = places(&good);
        let _any_outcome = decode(&with(&good, place.get::<String>(&places), &other));
    }
}
