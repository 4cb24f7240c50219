//! What changes the world from outside. Each accepted mutation is journalled with its market instant.

use rec_domain::{BookSide, ExchangeIndex, Price, Quantity, Timestamp};
use serde::{Deserialize, Serialize};

use crate::core::fault_input::Fault;

/// How long an order lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeInForce {
    /// All at once or nothing.
    FillOrKill,
    /// Until it is cancelled, expires or the market closes.
    GoodTillCanceled,
    /// What trades at once; the rest is cancelled.
    ImmediateOrCancel,
}

/// What happens when an order would meet one of the same account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SelfTradePrevention {
    /// The incoming order is cancelled.
    TakerAtCross,
    /// The resting order is cancelled.
    Maker,
}

/// A new order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateOrder {
    /// The market.
    pub ticker: String,
    /// The identity that the client gives; never accepted twice.
    pub client_order_id: Option<String>,
    /// Side of the YES book.
    pub side: BookSide,
    /// Contracts.
    pub count: Quantity,
    /// YES price.
    pub price: Price,
    /// How long it lives.
    pub time_in_force: TimeInForce,
    /// What happens when it would meet an order of the same account.
    pub self_trade_prevention: SelfTradePrevention,
    /// Refused when it would trade at once.
    pub post_only: bool,
    /// Never opens or turns a position.
    pub reduce_only: bool,
    /// When it expires; only for orders that rest.
    pub expires_at: Option<Timestamp>,
    /// The group whose limit it counts against.
    pub order_group_id: Option<String>,
    /// The shard it is meant for; `None` is found by the ticker.
    pub exchange_index: Option<ExchangeIndex>,
}

/// A cancel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CancelOrder {
    /// The exchange's identity of the order.
    pub order_id: String,
    /// The shard; `None` is shard 0 unless the ticker is given.
    pub exchange_index: Option<ExchangeIndex>,
    /// The market, which finds the shard.
    pub market_ticker: Option<String>,
}

/// A new order group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateGroup {
    /// Contracts that may match within fifteen seconds.
    pub limit: Quantity,
    /// The shard that it is bound to.
    pub exchange_index: ExchangeIndex,
}

/// A group on a shard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupRef {
    /// The exchange's identity of the group.
    pub order_group_id: String,
    /// The shard.
    pub exchange_index: ExchangeIndex,
}

/// A change from outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mutation {
    /// Place an order.
    CreateOrder(CreateOrder),
    /// Cancel an order.
    CancelOrder(CancelOrder),
    /// Make an order group.
    CreateGroup(CreateGroup),
    /// Change a group's limit.
    LimitGroup(GroupRef, Quantity),
    /// Cancel a group's orders and refuse new ones.
    TriggerGroup(GroupRef),
    /// Let a triggered group trade again, with an empty window.
    ResetGroup(GroupRef),
    /// Cancel a group's orders and forget it.
    DeleteGroup(GroupRef),
    /// Something goes wrong on the exchange.
    Fault(Fault),
}

/// What an accepted mutation did, as far as its answer tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Applied {
    /// An order was made.
    Order(OrderAnswer),
    /// An order was cancelled.
    Cancelled(CancelAnswer),
    /// A group was made.
    Group {
        /// Its identity.
        order_group_id: String,
        /// Its shard.
        exchange_index: ExchangeIndex,
    },
    /// Done, and there is no more to say.
    Done,
}

/// The answer to a new order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderAnswer {
    /// The exchange's identity of the order.
    pub order_id: String,
    /// The client's.
    pub client_order_id: Option<String>,
    /// Contracts traded at once.
    pub filled: Quantity,
    /// Contracts that rest.
    pub remaining: Quantity,
    /// Mean YES price of what traded, in 1e-6 dollars; `None` when nothing did.
    pub average_price_micros: Option<i64>,
    /// Mean fee per contract in 1e-6 dollars; `None` when nothing traded.
    pub average_fee_micros: Option<i64>,
    /// When.
    pub at: Timestamp,
}

/// The answer to a cancel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancelAnswer {
    /// The exchange's identity of the order.
    pub order_id: String,
    /// The client's.
    pub client_order_id: Option<String>,
    /// Contracts that no longer rest.
    pub reduced_by: Quantity,
    /// When.
    pub at: Timestamp,
}
