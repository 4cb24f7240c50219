//! Public trades, and the places of our orders in their queues.

use rec_domain::{MarketTicker, OrderId, Price, Quantity, Side, Timestamp};
use serde::Deserialize;

use super::list::Row;
use crate::number::{name, required};

/// A trade of anybody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TradeRow {
    /// The exchange's identity of it.
    pub id: String,
    /// The market.
    pub ticker: MarketTicker,
    /// The YES price.
    pub price: Price,
    /// Contracts.
    pub quantity: Quantity,
    /// The outcome that the order acquired which met the resting one, where stated.
    pub taker: Option<Side>,
    /// When.
    pub at: Timestamp,
}

#[derive(Deserialize)]
pub(crate) struct WireTrade {
    #[serde(deserialize_with = "name")]
    trade_id: String,
    #[serde(deserialize_with = "name")]
    ticker: String,
    #[serde(deserialize_with = "required")]
    yes_price_dollars: Price,
    #[serde(deserialize_with = "required")]
    count_fp: Quantity,
    #[serde(default)]
    taker_outcome_side: Option<String>,
    #[serde(default)]
    taker_side: Option<String>,
    #[serde(deserialize_with = "required")]
    created_time: Timestamp,
}

/// The outcome that a taker acquired, by the present word or the former one; `None` for a word that is not known.
pub(crate) fn taker(outcome_side: Option<String>, former: Option<String>) -> Option<Side> {
    outcome_side.or(former)?.parse().ok()
}

impl Row for TradeRow {
    type Wire = WireTrade;
    const LIST: &'static str = "trades";
    const WHAT: &'static str = "a trade";

    fn from_wire(wire: WireTrade) -> Result<Self, String> {
        Ok(Self {
            id: wire.trade_id,
            ticker: MarketTicker::new(wire.ticker),
            price: wire.yes_price_dollars,
            quantity: wire.count_fp,
            taker: taker(wire.taker_outcome_side, wire.taker_side),
            at: wire.created_time,
        })
    }

    fn identity(&self) -> String {
        self.id.clone()
    }
}

/// How many contracts trade before one of our orders does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuePosition {
    /// The order.
    pub order: OrderId,
    /// Its market.
    pub ticker: MarketTicker,
    /// Contracts before it.
    pub ahead: Quantity,
}

#[derive(Deserialize)]
pub(crate) struct WireQueuePosition {
    #[serde(deserialize_with = "name")]
    order_id: String,
    #[serde(deserialize_with = "name")]
    market_ticker: String,
    #[serde(deserialize_with = "required")]
    queue_position_fp: Quantity,
}

impl Row for QueuePosition {
    type Wire = WireQueuePosition;
    const LIST: &'static str = "queue_positions";
    const WHAT: &'static str = "a place in a queue";

    fn from_wire(wire: WireQueuePosition) -> Result<Self, String> {
        let (order, ticker) = (OrderId::new(wire.order_id), MarketTicker::new(wire.market_ticker));
        Ok(Self { order, ticker, ahead: wire.queue_position_fp })
    }

    fn identity(&self) -> String {
        self.order.to_string()
    }
}
