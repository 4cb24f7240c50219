//! Changes of books in the form that nearly every frame has, read in one pass and without copies.
//!
//! Whatever deviates from it (numbers that are no texts, escapes, fields that are missing or wrong) is left to
//! [`Frame::decode`]'s general way, which knows what to make of it; a property test holds the two together.

use std::{fmt, marker::PhantomData};

use rec_domain::{BookSide, ClientOrderId, MarketTicker, Price, Side, Timestamp};
use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, Visitor, value::MapAccessDeserializer},
};

use super::frame::{BookDelta, Frame, FrameKind};
use crate::{
    number::{Millis, Signed, Wire as _},
    rows::order_book::NoSidePrices,
};

/// How these frames begin.
const BEGINNING: &str = r#"{"type":"orderbook_delta","#;

#[derive(Deserialize)]
struct PlainFrame<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(default)]
    id: Option<u64>,
    #[serde(default)]
    sid: Option<u64>,
    #[serde(default)]
    seq: Option<u64>,
    #[serde(default)]
    sending_ts_ms: Option<i64>,
    #[serde(borrow)]
    msg: Object<PlainChange<'a>>,
}

#[derive(Deserialize)]
struct PlainChange<'a> {
    market_ticker: &'a str,
    price_dollars: &'a str,
    delta_fp: &'a str,
    side: &'a str,
    #[serde(default)]
    client_order_id: Option<&'a str>,
    ts: &'a str,
    /// The same in milliseconds. Read, so that one that stands twice makes the frame unreadable here too.
    #[serde(default, rename = "ts_ms")]
    _ts_ms: Option<IgnoredAny>,
}

/// An object and no list, which serde would take for the fields in their order.
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OfMap<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for OfMap<T> {
            type Value = T;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map))
            }
        }
        deserializer.deserialize_map(OfMap(PhantomData)).map(Self)
    }
}

/// The change that a frame tells; `None` when it is none or deviates from the usual form.
pub(super) fn plain_delta(text: &str, no_side: NoSidePrices) -> Option<Frame> {
    if !text.starts_with(BEGINNING) {
        return None;
    }
    let PlainFrame { kind, id, sid, seq, sending_ts_ms, msg: Object(change) } = serde_json::from_str(text).ok()?;
    if kind != "orderbook_delta" {
        return None;
    }
    let price = Price::read(change.price_dollars).ok()?;
    let (side, price) = match change.side.parse().ok()? {
        Side::Yes => (BookSide::Bid, price),
        Side::No => (BookSide::Ask, no_side.yes_price(price)),
    };
    let sent_at = match sending_ts_ms {
        Some(millis) => Some(Millis::of(millis)?.0),
        None => None,
    };
    let client_order_id = change.client_order_id.filter(|id| !id.is_empty()).map(ClientOrderId::new);
    let at = Some(change.ts.parse::<Timestamp>().ok()?);
    let delta = Signed::read(change.delta_fp).ok()?.0;
    let ticker = MarketTicker::new(change.market_ticker);
    let kind = FrameKind::BookDelta(BookDelta { ticker, side, price, delta, client_order_id, at });
    Some(Frame { sid, seq, id, sent_at, kind })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// As recorded.
    const RECORDED: &str = r#"{"type":"orderbook_delta","sid":1,"seq":41076,"msg":{"market_ticker":"KXBTC-26SEP2516-B74250","market_id":"ef0ce114-eb71-419d-9563-c670d1859d5d","price_dollars":"0.9600","delta_fp":"-2.00","side":"no","ts":"2026-09-25T19:13:44.342537Z","ts_ms":1790363624342}}"#;

    fn agrees(text: &str) -> bool {
        let modes = [NoSidePrices::Yes, NoSidePrices::No];
        modes.into_iter().all(|mode| plain_delta(text, mode).is_none_or(|frame| frame == Frame::decode_any(text, mode)))
    }

    #[test]
    fn a_recorded_frame_is_read_in_one_pass_and_as_in_two() {
        assert!(plain_delta(RECORDED, NoSidePrices::Yes).is_some() && agrees(RECORDED));
        let own = RECORDED.replace(r#""side""#, r#""client_order_id":"c","side""#);
        let own = own.replace(r#""msg""#, r#""sending_ts_ms":1790363624343,"msg""#);
        assert!(plain_delta(&own, NoSidePrices::Yes).is_some_and(|frame| frame.sent_at.is_some()) && agrees(&own));
    }

    #[test]
    fn what_deviates_is_left_to_the_general_way() {
        for (from, to) in [
            (r#""0.9600""#, "0.96"),
            (r#""0.9600""#, r#""0.96005""#),
            (r#""-2.00""#, r#""99999999999999999999""#),
            (r#""no""#, r#""maybe""#),
            (r#""no""#, r#""n\u006f""#),
            (r#","ts":"2026-09-25T19:13:44.342537Z""#, ""),
            (r#""ts_ms":1790363624342"#, r#""ts_ms":1,"ts_ms":2"#),
            (r#""sid":1"#, r#""sid":1,"type":"ok""#),
            (r#""sid":1"#, r#""sid":-1"#),
            (r#""sid":1"#, r#""sending_ts_ms":9223372036854775807"#),
        ] {
            let text = RECORDED.replace(from, to);
            assert_ne!(text, RECORDED);
            assert_eq!(plain_delta(&text, NoSidePrices::Yes), None, "{text}");
        }
        let list = r#"{"type":"orderbook_delta","msg":["T","0.9600","-2.00","no",null,"2026-09-25T19:13:44Z"]}"#;
        assert_eq!(plain_delta(list, NoSidePrices::Yes), None);
    }

    proptest! {
        #[test]
        fn both_ways_say_the_same(
            price in "[0-1]?\\.?[0-9]{0,6}",
            delta in "-?[0-9]{0,20}\\.?[0-9]{0,3}(e[0-9])?",
            side in prop::sample::select(vec!["yes", "no", "Yes", ""]),
            at in prop::sample::select(vec!["2026-09-25T19:13:44.342537Z", "2026-09-25T21:13:44+02:00", "yesterday", ""]),
            own in prop::sample::select(vec!["null", "\"\"", "\"c\"", "7"]),
            sent in prop::sample::select(vec!["1790363624343", "\"1790363624343\"", "null", "1.5", "-1"]),
        ) {
            let text = format!(
                r#"{{"type":"orderbook_delta","sid":1,"seq":2,"sending_ts_ms":{sent},"msg":{{"market_ticker":"T",
                "price_dollars":"{price}","delta_fp":"{delta}","side":"{side}","client_order_id":{own},"ts":"{at}"}}}}"#
            );
            prop_assert!(agrees(&text), "{}", text);
        }
    }
}
