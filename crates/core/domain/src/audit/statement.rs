//! What the exchange says of an account, in exact units.

use crate::{BookSide, FillId, MarketTicker, Money, OrderId, Price, Quantity, Timestamp};

/// An account's orders, fills and settlements, in any order and as often as the export repeats them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccountStatement {
    /// Its orders.
    pub orders: Vec<OrderStatement>,
    /// Its fills.
    pub fills: Vec<FillStatement>,
    /// What was paid when markets ended.
    pub settlements: Vec<SettlementStatement>,
}

/// An order. `None` is what the export does not say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderStatement {
    /// The exchange's identity.
    pub order_id: OrderId,
    /// The market.
    pub ticker: MarketTicker,
    /// Bought or sold YES.
    pub book_side: BookSide,
    /// Contracts filled.
    pub filled: Quantity,
    /// What they cost as taker, each at the price of the side acquired.
    pub taker_cost: Option<Money>,
    /// What they cost as maker.
    pub maker_cost: Option<Money>,
    /// Fees paid as taker.
    pub taker_fees: Option<Money>,
    /// Fees paid as maker.
    pub maker_fees: Option<Money>,
    /// Whether fees are stated in cents, as they were while they were rounded to cents.
    pub in_cents: bool,
    /// When it last changed.
    pub updated_at: Option<Timestamp>,
}

/// Which side a fill acquired.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FillDirection {
    /// The fill says so.
    Stated(BookSide),
    /// The fill only says that something was sold: some exports name the side given up and some the side acquired, so
    /// that its order decides, and this is taken where there is none.
    Sold(BookSide),
}

/// A fill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FillStatement {
    /// The exchange's identity; both fills of a trade with oneself have the same.
    pub fill_id: FillId,
    /// Its order.
    pub order_id: OrderId,
    /// The market.
    pub ticker: MarketTicker,
    /// The subaccount; 0 where none is named.
    pub subaccount: u32,
    /// Bought or sold YES.
    pub direction: FillDirection,
    /// Execution price as YES price.
    pub yes_price: Price,
    /// The same as NO price, where both are stated.
    pub no_price: Option<Price>,
    /// Contracts.
    pub quantity: Quantity,
    /// Whether the order took liquidity.
    pub is_taker: bool,
    /// What was charged.
    pub fee: Option<Money>,
    /// When.
    pub at: Timestamp,
}

/// What a market paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettlementStatement {
    /// The market.
    pub ticker: MarketTicker,
    /// `yes`, `no`, `scalar`, `void`, or a word that is new.
    pub result: String,
    /// YES contracts bought.
    pub yes_count: Quantity,
    /// What they cost.
    pub yes_cost: Money,
    /// NO contracts bought.
    pub no_count: Quantity,
    /// What they cost.
    pub no_cost: Money,
    /// What was paid out; pairs of YES and NO were paid out before and are not in it. In whole cents.
    pub revenue: Money,
    /// What one YES contract was paid.
    pub value: Option<Money>,
    /// All fees of the market's fills.
    pub fees: Option<Money>,
    /// When.
    pub settled_at: Timestamp,
}
