//! Frames of a market's summary and of its trades.

use rec_domain::{MarketTicker, Price, Quantity, Timestamp, book::Top};
use serde::Deserialize;

use super::frame::{PublicTrade, TickerUpdate};
use crate::{
    number::{Millis, Seconds, informative, optional, required},
    rows::{market::quoted, trade::taker},
};

#[derive(Deserialize)]
pub(super) struct WireTicker {
    market_ticker: String,
    #[serde(default, deserialize_with = "optional")]
    price_dollars: Option<Price>,
    #[serde(default, deserialize_with = "optional")]
    yes_bid_dollars: Option<Price>,
    #[serde(default, deserialize_with = "optional")]
    yes_bid_size_fp: Option<Quantity>,
    #[serde(default, deserialize_with = "optional")]
    yes_ask_dollars: Option<Price>,
    #[serde(default, deserialize_with = "optional")]
    yes_ask_size_fp: Option<Quantity>,
    #[serde(default, deserialize_with = "optional")]
    volume_fp: Option<Quantity>,
    #[serde(default, deserialize_with = "informative")]
    time: Option<Timestamp>,
    #[serde(default, deserialize_with = "informative")]
    ts_ms: Option<Millis>,
}

impl WireTicker {
    pub(super) fn update(self) -> TickerUpdate {
        TickerUpdate {
            ticker: MarketTicker::new(self.market_ticker),
            top: Top {
                bid: quoted(self.yes_bid_dollars, self.yes_bid_size_fp),
                ask: quoted(self.yes_ask_dollars, self.yes_ask_size_fp),
            },
            last_price: self.price_dollars.filter(|price| price.is_positive()),
            volume: self.volume_fp,
            at: self.time.or(self.ts_ms.map(|millis| millis.0)),
        }
    }
}

#[derive(Deserialize)]
pub(super) struct WireTrade {
    #[serde(default)]
    trade_id: String,
    market_ticker: String,
    #[serde(deserialize_with = "required")]
    yes_price_dollars: Price,
    #[serde(deserialize_with = "required")]
    count_fp: Quantity,
    #[serde(default)]
    taker_outcome_side: Option<String>,
    #[serde(default)]
    taker_side: Option<String>,
    #[serde(default, deserialize_with = "informative")]
    ts_ms: Option<Millis>,
    #[serde(default, deserialize_with = "informative")]
    ts: Option<Seconds>,
}

impl WireTrade {
    pub(super) fn trade(self) -> PublicTrade {
        PublicTrade {
            trade_id: self.trade_id,
            ticker: MarketTicker::new(self.market_ticker),
            price: self.yes_price_dollars,
            quantity: self.count_fp,
            taker: taker(self.taker_outcome_side, self.taker_side),
            at: self.ts_ms.map(|millis| millis.0).or(self.ts.map(|seconds| seconds.0)),
        }
    }
}
