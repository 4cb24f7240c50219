//! Frames of books: whole, and change by change.

use rec_domain::{BookSide, ClientOrderId, MarketTicker, Price, Side, Timestamp};
use serde::Deserialize;

use super::frame::{BookDelta, BookSnapshot};
use crate::{
    number::{Millis, Signed, informative, optional_text, required},
    rows::order_book::{NoSidePrices, WireSide, price_levels},
};

#[derive(Deserialize)]
pub(super) struct WireSnapshot {
    market_ticker: String,
    /// The key of an empty side is missing, or of both.
    #[serde(default)]
    yes_dollars_fp: WireSide,
    #[serde(default)]
    no_dollars_fp: WireSide,
}

impl WireSnapshot {
    pub(super) fn snapshot(self, no_side: NoSidePrices) -> BookSnapshot {
        let levels = price_levels(self.yes_dollars_fp, self.no_dollars_fp, no_side);
        BookSnapshot { ticker: MarketTicker::new(self.market_ticker), levels }
    }
}

#[derive(Deserialize)]
pub(super) struct WireDelta {
    market_ticker: String,
    #[serde(deserialize_with = "required")]
    price_dollars: Price,
    #[serde(deserialize_with = "required")]
    delta_fp: Signed,
    side: String,
    #[serde(default, deserialize_with = "optional_text")]
    client_order_id: Option<ClientOrderId>,
    #[serde(default, deserialize_with = "informative")]
    ts: Option<Timestamp>,
    #[serde(default, deserialize_with = "informative")]
    ts_ms: Option<Millis>,
}

impl WireDelta {
    pub(super) fn delta(self, no_side: NoSidePrices) -> Result<BookDelta, String> {
        let (side, price) = match self.side.parse::<Side>().map_err(|error| error.to_string())? {
            Side::Yes => (BookSide::Bid, self.price_dollars),
            Side::No => (BookSide::Ask, no_side.yes_price(self.price_dollars)),
        };
        Ok(BookDelta {
            ticker: MarketTicker::new(self.market_ticker),
            side,
            price,
            delta: self.delta_fp.0,
            client_order_id: self.client_order_id,
            at: self.ts.or(self.ts_ms.map(|millis| millis.0)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ws::{Frame, FrameKind};

    #[test]
    fn both_ways_of_writing_the_no_side_give_the_same_book() {
        let frame = |price: &str| {
            format!(
                r#"{{"type":"orderbook_snapshot","sid":1,"seq":5,"msg":{{"market_ticker":"T","no_dollars_fp":[["{price}","2.00"]]}}}}"#
            )
        };
        let in_no = Frame::decode(&frame("0.6100"), NoSidePrices::No);
        let in_yes = Frame::decode(&frame("0.3900"), NoSidePrices::Yes);
        assert_eq!(in_no, in_yes);
        let FrameKind::BookSnapshot(snapshot) = in_yes.kind else { panic!("no snapshot") };
        assert!(snapshot.levels.bids.is_empty());
        assert_eq!(snapshot.levels.asks[0].price, Price::from_cents(39));
    }
}
