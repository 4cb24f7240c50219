//! Intents: what the desk has decided to send, durable before a byte leaves.

use serde::{Deserialize, Serialize};

use crate::{
    BookSide, DecisionId, ExchangeIndex, IntentId, MarketTicker, Money, OrderGroupId, OrderId, Price, Quantity, Side,
    Timestamp, TradeId,
};

/// Something to send to the exchange. Everything that is signed with the write key is one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// Identity, and `client_order_id` of an order.
    pub id: IntentId,
    /// The lease's epoch in which it was committed; no other epoch sends it.
    pub epoch: u32,
    /// When it was decided.
    pub created_at: Timestamp,
    /// What to send.
    pub action: Action,
    /// What it does to exposure, which decides what may stop it.
    pub effect: Effect,
    /// The trade that it belongs to.
    pub trade: Option<TradeId>,
    /// The request that led to it.
    pub decision: DecisionId,
    /// Why, for people.
    pub reason: String,
    /// The most that it can cost.
    pub worst_case: Money,
    /// Not to be sent after this instant.
    pub send_by: Option<Timestamp>,
}

/// What an intent does to exposure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Can increase it: stopped by halts, caps and disarming.
    Increases,
    /// Can only reduce it.
    Reduces,
    /// Neither.
    Administrative,
}

/// What is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Action {
    /// A new order.
    Place(OrderSpec),
    /// The same order once more, under the same `client_order_id`, because nobody knows whether it was taken. Only for
    /// orders that reduce: the exchange takes an identity once.
    Repeat {
        /// The intent of the order, which gives it its `client_order_id`.
        of: IntentId,
        /// The order, as it was sent before.
        spec: OrderSpec,
    },
    /// An order to close that was sent while the desk could not act, and is adopted: nobody sends it.
    Adopt(OrderSpec),
    /// Cancel an order.
    Cancel {
        /// The exchange's identity of the order.
        order: OrderId,
        /// Its market.
        ticker: MarketTicker,
        /// Its shard.
        exchange_index: ExchangeIndex,
    },
    /// Make an order group.
    CreateGroup {
        /// What the group is for.
        role: GroupRole,
        /// Its shard.
        exchange_index: ExchangeIndex,
        /// Contracts that may be filled in any 15 seconds.
        limit: Quantity,
    },
    /// Trip a group: its orders are cancelled and new ones rejected until it is reset.
    TriggerGroup {
        /// The group.
        group: OrderGroupId,
        /// Its shard.
        exchange_index: ExchangeIndex,
    },
    /// Make a tripped group take orders again.
    ResetGroup {
        /// The group.
        group: OrderGroupId,
        /// Its shard.
        exchange_index: ExchangeIndex,
    },
}

/// The two order groups of a shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GroupRole {
    /// Orders that open. Machines may trip it.
    Entry,
    /// Orders that close. Only a person may trip it.
    Exit,
}

impl GroupRole {
    /// Lower-case name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Entry => "entry",
            Self::Exit => "exit",
        }
    }
}

/// How long an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeInForce {
    /// What does not fill at once is cancelled.
    ImmediateOrCancel,
    /// Rests until it is cancelled.
    GoodTillCanceled,
    /// All of it at once, or nothing.
    FillOrKill,
}

/// A new order in the exchange's terms: the price is always the YES price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderSpec {
    /// The market.
    pub ticker: MarketTicker,
    /// Its shard.
    pub exchange_index: ExchangeIndex,
    /// The outcome whose position it opens or closes.
    pub side: Side,
    /// Buy or sell YES.
    pub book_side: BookSide,
    /// Limit, as YES price, on the market's grid.
    pub price: Price,
    /// Contracts.
    pub quantity: Quantity,
    /// How long it stands.
    pub time_in_force: TimeInForce,
    /// Whether the exchange must not let it increase a position.
    pub reduce_only: bool,
    /// The order group it belongs to.
    pub group: OrderGroupId,
}

impl OrderSpec {
    /// The limit as price of the order's own side.
    #[must_use]
    pub fn limit(&self) -> Price {
        self.side.convert_price(self.price)
    }
}
