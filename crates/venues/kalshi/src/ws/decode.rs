//! Reading frames. Total: whatever comes, there is a frame for it, and nothing panics.

use std::borrow::Cow;

use rec_domain::{MarketTicker, OrderGroupId, Quantity};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    book::{WireDelta, WireSnapshot},
    frame::{ErrorFrame, Frame, FrameKind, OrderGroupUpdate, Subscription},
    index::WireIndex,
    lifecycle::{WireEventLifecycle, WireFeeUpdate, WireLifecycle},
    market::{WireTicker, WireTrade},
    plain_delta::plain_delta,
};
use crate::{
    number::{Millis, informative, optional, optional_text, shorten},
    rows::{
        list::{object, read_row},
        order_book::NoSidePrices,
    },
};

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(default)]
    id: Option<u64>,
    #[serde(default)]
    sid: Option<u64>,
    #[serde(default)]
    seq: Option<u64>,
    #[serde(default, deserialize_with = "informative")]
    sending_ts_ms: Option<Millis>,
    #[serde(default, borrow)]
    msg: Option<&'a RawValue>,
}

impl Frame {
    /// A frame of which not even the numbers can be read.
    pub(crate) fn unreadable(reason: String) -> Self {
        let kind = FrameKind::Malformed { kind: String::new(), reason };
        Self { sid: None, seq: None, id: None, sent_at: None, kind }
    }

    /// Reads a frame. `no_side` is how the subscription has the NO side of books.
    ///
    /// A frame whose content cannot be read keeps its numbers and becomes [`FrameKind::Malformed`].
    #[must_use]
    pub fn decode(text: &str, no_side: NoSidePrices) -> Self {
        // Frames end with a line feed.
        let text = text.trim_end();
        plain_delta(text, no_side).unwrap_or_else(|| Self::decode_any(text, no_side))
    }

    /// Reads a frame of any kind and form.
    pub(super) fn decode_any(text: &str, no_side: NoSidePrices) -> Self {
        let envelope: Envelope<'_> = match object(text) {
            Ok(envelope) => envelope,
            Err(reason) => return Self::unreadable(reason),
        };
        let msg = envelope.msg.map_or("null", RawValue::get);
        let kind = decode_kind(&envelope.kind, msg, no_side)
            .unwrap_or_else(|reason| FrameKind::Malformed { kind: shorten(&envelope.kind), reason });
        Self {
            // `subscribed` has the subscription's number inside.
            sid: envelope.sid.or_else(|| inner_sid(&kind, msg)),
            seq: envelope.seq,
            id: envelope.id,
            sent_at: envelope.sending_ts_ms.map(|millis| millis.0),
            kind,
        }
    }
}

/// A list of subscriptions; everything else that a frame carries is one object.
fn parse_list<'a, T: Deserialize<'a>>(msg: &'a str) -> Result<T, String> {
    serde_json::from_str(msg).map_err(|error| error.to_string())
}

fn decode_kind(kind: &str, msg: &str, no_side: NoSidePrices) -> Result<FrameKind, String> {
    Ok(match kind {
        "subscribed" => FrameKind::Subscribed { channel: object::<WireSubscribed>(msg)?.channel },
        "ok" => decode_ok(msg)?,
        "unsubscribed" => FrameKind::Unsubscribed,
        "error" => {
            let wire: WireError = object(msg)?;
            FrameKind::Error(ErrorFrame { code: wire.code, message: wire.msg, market: wire.market_ticker })
        }
        "orderbook_snapshot" => FrameKind::BookSnapshot(object::<WireSnapshot>(msg)?.snapshot(no_side)),
        "orderbook_delta" => FrameKind::BookDelta(object::<WireDelta>(msg)?.delta(no_side)?),
        "ticker" => FrameKind::Ticker(object::<WireTicker>(msg)?.update()),
        "trade" => FrameKind::Trade(object::<WireTrade>(msg)?.trade()),
        "fill" => FrameKind::Fill(read_row(msg).map_err(|error| error.reason)?),
        "user_order" => FrameKind::UserOrder(read_row(msg).map_err(|error| error.reason)?),
        "market_position" => FrameKind::MarketPosition(read_row(msg).map_err(|error| error.reason)?),
        "order_group_updates" => {
            let wire: WireGroupUpdate = object(msg)?;
            FrameKind::OrderGroupUpdate(OrderGroupUpdate {
                group: OrderGroupId::new(wire.order_group_id),
                event: wire.event_type,
                limit: wire.contracts_limit_fp,
                at: wire.ts_ms.map(|millis| millis.0),
            })
        }
        "market_lifecycle_v2" => FrameKind::Lifecycle(object::<WireLifecycle>(msg)?.update()?),
        "event_lifecycle" => FrameKind::EventLifecycle(object::<WireEventLifecycle>(msg)?.update()),
        "event_fee_update" => FrameKind::EventFeeUpdate(object::<WireFeeUpdate>(msg)?.update()),
        "cfbenchmarks_value" => FrameKind::IndexValue(object::<WireIndex>(msg)?.value()?),
        "cfbenchmarks_value_5hz" => FrameKind::IndexValue5Hz(object::<WireIndex>(msg)?.tick()?),
        other => FrameKind::Unknown { kind: shorten(other) },
    })
}

fn inner_sid(kind: &FrameKind, msg: &str) -> Option<u64> {
    matches!(kind, FrameKind::Subscribed { .. }).then(|| object::<WireSubscribed>(msg).ok().map(|wire| wire.sid))?
}

#[derive(Deserialize)]
struct WireSubscribed {
    channel: String,
    sid: u64,
}

/// The content of `ok` is a list after `list_subscriptions`, an object elsewhere, and may be missing.
fn decode_ok(msg: &str) -> Result<FrameKind, String> {
    #[derive(Deserialize)]
    struct WireOk {
        #[serde(default)]
        market_tickers: Option<Vec<String>>,
    }
    let (mut markets, mut subscriptions) = (Vec::new(), Vec::new());
    if msg.starts_with('[') {
        let wire: Vec<WireSubscribed> = parse_list(msg)?;
        subscriptions.extend(wire.into_iter().map(|one| Subscription { channel: one.channel, sid: one.sid }));
    } else if msg != "null" {
        let wire: WireOk = object(msg)?;
        markets.extend(wire.market_tickers.unwrap_or_default().into_iter().map(MarketTicker::new));
    }
    Ok(FrameKind::Ok { markets, subscriptions })
}

#[derive(Deserialize)]
struct WireError {
    code: i64,
    #[serde(default)]
    msg: String,
    #[serde(default, deserialize_with = "optional_text")]
    market_ticker: Option<MarketTicker>,
}

#[derive(Deserialize)]
struct WireGroupUpdate {
    event_type: String,
    order_group_id: String,
    #[serde(default, deserialize_with = "optional")]
    contracts_limit_fp: Option<Quantity>,
    #[serde(default, deserialize_with = "informative")]
    ts_ms: Option<Millis>,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rec_domain::{Price, Timestamp, market::LifecycleChange};

    use super::*;

    fn kind(text: &str) -> FrameKind {
        Frame::decode(text, NoSidePrices::Yes).kind
    }

    #[test]
    fn a_frame_that_cannot_be_read_keeps_its_numbers() {
        for msg in [
            r#"{"market_ticker":"T","price_dollars":"0.9600","delta_fp":"-2.00","side":"maybe"}"#,
            r#"{"market_ticker":"T","price_dollars":"96","delta_fp":"-2.00","side":"no"}"#,
            r#"{"market_ticker":"T","price_dollars":"0.96","delta_fp":"99999999999999999999","side":"no"}"#,
            r#"{"market_ticker":"T","price_dollars":"0.96","delta_fp":"0.001","side":"no"}"#,
            r#"{"market_ticker":"T","price_dollars":0.96,"side":"no"}"#,
            "[]",
        ] {
            let frame = Frame::decode(
                &format!(r#"{{"type":"orderbook_delta","sid":1,"seq":9,"msg":{msg}}}"#),
                NoSidePrices::Yes,
            );
            assert_eq!((frame.sid, frame.seq), (Some(1), Some(9)));
            assert!(
                matches!(frame.kind, FrameKind::Malformed { ref kind, .. } if kind == "orderbook_delta"),
                "{frame:?}"
            );
        }
        assert!(matches!(kind("not json"), FrameKind::Malformed { .. }));
        assert!(matches!(kind(r#"{"type":"weather","msg":7}"#), FrameKind::Unknown { kind } if kind == "weather"));
    }

    #[test]
    fn documented_private_frames() {
        let order = r#"{"type":"user_order","sid":22,"msg":{"order_id":"o","user_id":"u","ticker":"T","status":"resting",
            "side":"yes","is_yes":true,"outcome_side":"yes","book_side":"bid","yes_price_dollars":"0.3500",
            "fill_count_fp":"0.00","remaining_count_fp":"10.00","initial_count_fp":"10.00","client_order_id":"c",
            "created_ts_ms":1733047200000,"exchange_index":2,"last_update_reason":"Trade"}}"#;
        let FrameKind::UserOrder(order) = kind(order) else { panic!("no order") };
        assert_eq!(order.remaining, Quantity::from_contracts(10));
        let group = r#"{"type":"order_group_updates","sid":21,"seq":7,"msg":{"event_type":"limit_updated",
            "order_group_id":"g","contracts_limit_fp":"150.00"}}"#;
        assert!(matches!(kind(group), FrameKind::OrderGroupUpdate(update) if update.event == "limit_updated"));
        let position = r#"{"type":"market_position","sid":14,"msg":{"user_id":"u","market_ticker":"T",
            "position_fp":"-100.00","position_cost_dollars":"50.0000"}}"#;
        assert!(matches!(kind(position), FrameKind::MarketPosition(row) if row.position.is_negative()));
        let error = r#"{"id":124,"type":"error","msg":{"code":25,"msg":"buffer overflow"}}"#;
        assert!(matches!(kind(error), FrameKind::Error(error) if error.ends_subscription()));
        let list = r#"{"id":3,"type":"ok","msg":[{"channel":"orderbook_delta","sid":1},{"channel":"fill","sid":3}]}"#;
        assert!(matches!(kind(list), FrameKind::Ok { subscriptions, .. } if subscriptions.len() == 2));
        let gone = Frame::decode(r#"{"id":102,"sid":2,"seq":7,"type":"unsubscribed"}"#, NoSidePrices::Yes);
        assert_eq!((gone.sid, gone.seq, gone.kind), (Some(2), Some(7), FrameKind::Unsubscribed));
    }

    #[test]
    fn documented_lifecycle_frames() {
        let change = |msg: &str| match kind(&format!(r#"{{"type":"market_lifecycle_v2","sid":4,"seq":1,"msg":{msg}}}"#))
        {
            FrameKind::Lifecycle(update) => update,
            other => panic!("{other:?}"),
        };
        let grid = change(
            r#"{"market_ticker":"T","event_type":"price_level_structure_updated","price_level_structure":"deci_cent",
            "price_ranges":[{"start":"0.0000","end":"1.0000","step":"0.0010"}]}"#,
        );
        assert!(matches!(grid.change, LifecycleChange::GridUpdated(_)));
        let strike = change(
            r#"{"market_ticker":"T","event_type":"metadata_updated","strike_type":"between","floor_strike":95000,
            "cap_strike":95250}"#,
        );
        assert!(strike.strike.is_some());
        let result = change(
            r#"{"market_ticker":"T","event_type":"determined","result":"yes","settlement_value":"1.0000",
            "determination_ts":1790366482}"#,
        );
        assert_eq!(result.settlement_value, Some(Price::ONE));
        assert_eq!(result.at, Some(Timestamp::from_seconds(1_790_366_482)));
        let fee = kind(
            r#"{"type":"event_fee_update","sid":5,"msg":{"event_ticker":"E","fee_type_override":null,
            "fee_multiplier_override":null}}"#,
        );
        assert!(matches!(fee, FrameKind::EventFeeUpdate(update) if update.kind.is_none()));
        let event = kind(
            r#"{"type":"event_lifecycle","sid":5,"msg":{"event_ticker":"E","exchange_index":0,
            "collateral_return_type":"MECNET","series_ticker":"S"}}"#,
        );
        assert!(matches!(event, FrameKind::EventLifecycle(event) if !event.collateral.may_enter()));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Frame::decode(&String::from_utf8_lossy(&bytes), NoSidePrices::No);
        }

        #[test]
        fn no_content_panics(
            kind in prop::sample::select(vec!["subscribed", "ok", "error", "orderbook_snapshot", "orderbook_delta",
                "ticker", "trade", "fill", "user_order", "order_group_updates", "market_lifecycle_v2",
                "cfbenchmarks_value", "cfbenchmarks_value_5hz", "market_position", "event_lifecycle"]),
            number in "-?[0-9]{0,25}\\.?[0-9]{0,12}(e[0-9]{1,3})?",
            word in "\\PC{0,12}",
        ) {
            let word = serde_json::to_string(&word).expect("json");
            let text = format!(
                r#"{{"type":"{kind}","sid":1,"seq":2,"msg":{{"market_ticker":{word},"price_dollars":"{number}",
                "delta_fp":"{number}","side":{word},"yes_dollars_fp":[["{number}","{number}"]],"index_id":"BRTI",
                "value_usd":"{number}","source_ts_ms":"{number}","position_fp":"{number}","count_fp":"{number}",
                "yes_price_dollars":"{number}","event_type":{word},"code":1,"trade_id":{word},"order_id":{word}}}}}"#
            );
            let frame = Frame::decode(&text, NoSidePrices::No);
            prop_assert_eq!(frame.seq, Some(2));
        }
    }
}
