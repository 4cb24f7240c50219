//! A booked fill.

use serde::{Deserialize, Serialize};

use crate::{BookSide, FillId, IntentId, MarketTicker, Money, OrderId, Price, Quantity, Side, Timestamp, TradeId};

/// A fill as booked: once, to one trade.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fill {
    /// The exchange's identity of it.
    pub fill_id: FillId,
    /// The exchange's identity of the order.
    pub order_id: OrderId,
    /// Our order; `None` for an order that this desk did not place.
    pub intent: Option<IntentId>,
    /// The trade that it was booked to.
    pub trade: TradeId,
    /// The market.
    pub ticker: MarketTicker,
    /// The side that the trade holds.
    pub side: Side,
    /// Bought or sold YES.
    pub book_side: BookSide,
    /// Execution price in terms of `side`.
    pub price: Price,
    /// Contracts.
    pub quantity: Quantity,
    /// What the exchange charged.
    pub fee: Money,
    /// Whether the order took liquidity.
    pub is_taker: bool,
    /// When, by the exchange's clock.
    pub at: Timestamp,
}
