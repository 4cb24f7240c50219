//! Recorded lists of an account: orders, fills, settlements.

use rec_domain::{BookSide, FillId, MarketTicker, Money, OrderId, Price, Quantity, Timestamp, report::ReportedStatus};
use serde::{Deserialize, de::DeserializeOwned};

use crate::{
    number::{Cents, PriceCents, required},
    rows::{
        list::ReadError,
        order::{Direction, reported_status},
    },
};

/// A recorded order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegacyOrder {
    /// The exchange's identity.
    pub order_id: OrderId,
    /// The market.
    pub ticker: MarketTicker,
    /// Bought or sold YES.
    pub book_side: BookSide,
    /// The YES price.
    pub price: Price,
    /// The exchange's word for its state.
    pub status: ReportedStatus,
    /// Contracts ordered; may exceed what was filled with nothing remaining, also in executed orders.
    pub initial: Quantity,
    /// Contracts filled.
    pub filled: Quantity,
    /// What they cost, as taker.
    pub taker_cost: Money,
    /// What they cost, as maker.
    pub maker_cost: Money,
    /// Fees paid as taker.
    pub taker_fees: Money,
    /// Fees paid as maker.
    pub maker_fees: Money,
    /// When it was placed.
    pub created_at: Timestamp,
}

/// A recorded fill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegacyFill {
    /// The exchange's identity.
    pub fill_id: FillId,
    /// The order.
    pub order_id: OrderId,
    /// The market.
    pub ticker: MarketTicker,
    /// Bought or sold YES, by the side acquired.
    pub book_side: BookSide,
    /// The YES price.
    pub price: Price,
    /// Contracts.
    pub quantity: Quantity,
    /// Whether the order took liquidity.
    pub is_taker: bool,
    /// When.
    pub at: Timestamp,
}

/// A recorded settlement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegacySettlement {
    /// The market.
    pub ticker: MarketTicker,
    /// The exchange's result word.
    pub result: String,
    /// YES contracts bought.
    pub yes_count: Quantity,
    /// What they cost.
    pub yes_cost: Money,
    /// NO contracts bought.
    pub no_count: Quantity,
    /// What they cost.
    pub no_cost: Money,
    /// What was paid out; pairs of YES and NO were paid out before and are not in it.
    pub revenue: Money,
    /// When it was paid.
    pub settled_at: Timestamp,
}

fn parse<T: DeserializeOwned>(json: &str, what: &'static str) -> Result<T, ReadError> {
    serde_json::from_str(json).map_err(|error| ReadError::new(what, error))
}

/// Reads a file of orders.
///
/// # Errors
/// When the text is no such recording, or a row in it cannot be read.
pub fn read_orders(json: &str) -> Result<Vec<LegacyOrder>, ReadError> {
    #[derive(Deserialize)]
    struct Wire {
        order_id: String,
        ticker: String,
        side: String,
        action: String,
        #[serde(deserialize_with = "required")]
        yes_price: PriceCents,
        status: String,
        #[serde(deserialize_with = "required")]
        initial_count: Quantity,
        #[serde(deserialize_with = "required")]
        fill_count: Quantity,
        #[serde(deserialize_with = "required")]
        taker_fill_cost: Cents,
        #[serde(deserialize_with = "required")]
        maker_fill_cost: Cents,
        #[serde(deserialize_with = "required")]
        taker_fees: Cents,
        #[serde(deserialize_with = "required")]
        maker_fees: Cents,
        #[serde(deserialize_with = "required")]
        created_time: Timestamp,
    }
    #[derive(Deserialize)]
    struct File {
        orders: Vec<Wire>,
    }
    const WHAT: &str = "recorded orders";
    let order = |wire: Wire| {
        let direction = Direction { side: Some(&wire.side), action: Some(&wire.action), ..Direction::default() };
        Ok(LegacyOrder {
            book_side: direction.book_side().map_err(|reason| ReadError::new(WHAT, reason))?,
            order_id: OrderId::new(wire.order_id),
            ticker: MarketTicker::new(wire.ticker),
            price: wire.yes_price.0,
            status: reported_status(&wire.status),
            initial: wire.initial_count,
            filled: wire.fill_count,
            taker_cost: wire.taker_fill_cost.0,
            maker_cost: wire.maker_fill_cost.0,
            taker_fees: wire.taker_fees.0,
            maker_fees: wire.maker_fees.0,
            created_at: wire.created_time,
        })
    };
    parse::<File>(json, WHAT)?.orders.into_iter().map(order).collect()
}

/// Reads a file of fills.
///
/// # Errors
/// When the text is no such recording, or a row in it cannot be read.
pub fn read_fills(json: &str) -> Result<Vec<LegacyFill>, ReadError> {
    #[derive(Deserialize)]
    struct Wire {
        trade_id: String,
        order_id: String,
        ticker: String,
        /// The side acquired, also where the action is a sale.
        side: String,
        #[serde(deserialize_with = "required")]
        yes_price: PriceCents,
        #[serde(deserialize_with = "required")]
        count: Quantity,
        is_taker: bool,
        #[serde(deserialize_with = "required")]
        created_time: Timestamp,
    }
    #[derive(Deserialize)]
    struct File {
        fills: Vec<Wire>,
    }
    const WHAT: &str = "recorded fills";
    let fill = |wire: Wire| {
        let direction = Direction { outcome_side: Some(&wire.side), ..Direction::default() };
        Ok(LegacyFill {
            book_side: direction.book_side().map_err(|reason| ReadError::new(WHAT, reason))?,
            fill_id: FillId::new(wire.trade_id),
            order_id: OrderId::new(wire.order_id),
            ticker: MarketTicker::new(wire.ticker),
            price: wire.yes_price.0,
            quantity: wire.count,
            is_taker: wire.is_taker,
            at: wire.created_time,
        })
    };
    parse::<File>(json, WHAT)?.fills.into_iter().map(fill).collect()
}

/// Reads a file of settlements.
///
/// # Errors
/// When the text is no such recording, or a row in it cannot be read.
pub fn read_settlements(json: &str) -> Result<Vec<LegacySettlement>, ReadError> {
    #[derive(Deserialize)]
    struct Wire {
        ticker: String,
        market_result: String,
        #[serde(deserialize_with = "required")]
        yes_count: Quantity,
        #[serde(deserialize_with = "required")]
        yes_total_cost: Cents,
        #[serde(deserialize_with = "required")]
        no_count: Quantity,
        #[serde(deserialize_with = "required")]
        no_total_cost: Cents,
        #[serde(deserialize_with = "required")]
        revenue: Cents,
        #[serde(deserialize_with = "required")]
        settled_time: Timestamp,
    }
    #[derive(Deserialize)]
    struct File {
        settlements: Vec<Wire>,
    }
    let settlement = |wire: Wire| LegacySettlement {
        ticker: MarketTicker::new(wire.ticker),
        result: wire.market_result,
        yes_count: wire.yes_count,
        yes_cost: wire.yes_total_cost.0,
        no_count: wire.no_count,
        no_cost: wire.no_total_cost.0,
        revenue: wire.revenue.0,
        settled_at: wire.settled_time,
    };
    Ok(parse::<File>(json, "recorded settlements")?.settlements.into_iter().map(settlement).collect())
}
