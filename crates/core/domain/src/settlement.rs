//! A booked settlement.

use serde::{Deserialize, Serialize};

use crate::{MarketTicker, Money, Quantity, Side, Timestamp, TradeId};

/// What one trade got from the settlement of its market.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settlement {
    /// The market.
    pub ticker: MarketTicker,
    /// The trade.
    pub trade: TradeId,
    /// The side that it held.
    pub side: Side,
    /// The exchange's result word.
    pub result: String,
    /// Contracts that it held.
    pub quantity: Quantity,
    /// What was paid out.
    pub revenue: Money,
    /// When it was paid, by the exchange's clock.
    pub settled_at: Timestamp,
}
