//! What changes the world from outside. Each accepted mutation is journalled with its market instant.

use rec_domain::{BookSide, ExchangeIndex, Money, Price, Quantity, Timestamp};
use serde::{Deserialize, Serialize};

use crate::core::{fault_input::Fault, mirror::Mirrored, rejection::Rejection, wallet::Wallet};

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
    /// The subaccount that places it; `None` is the primary one.
    #[serde(default)]
    pub subaccount: Option<u32>,
    /// Whether a pause of trading cancels it.
    #[serde(default)]
    pub cancel_on_pause: bool,
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
    /// The subaccount whose order it is; `None` is the primary one.
    #[serde(default)]
    pub subaccount: Option<u32>,
}

/// A change of a resting order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AmendOrder {
    /// The exchange's identity of the order.
    pub order_id: String,
    /// Its market.
    pub ticker: String,
    /// Its side, which cannot change.
    pub side: BookSide,
    /// The YES price from now on.
    pub price: Price,
    /// What filled so far and what is to rest, together.
    pub count: Quantity,
    /// The client's identity of it, where it is to be checked.
    pub client_order_id: Option<String>,
    /// The client's identity from now on.
    pub updated_client_order_id: Option<String>,
    /// When it expires from now on; `None` keeps what was, the inner `None` takes it away.
    #[serde(default, with = "kept_or_changed")]
    pub expires_at: Option<Option<Timestamp>>,
    /// The shard; `None` is found by the ticker.
    pub exchange_index: Option<ExchangeIndex>,
    /// The subaccount whose order it is; `None` is the primary one.
    pub subaccount: Option<u32>,
}

/// The two levels of an expiration that is kept or changed, which JSON's null alone cannot tell apart.
mod kept_or_changed {
    use rec_domain::Timestamp;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[expect(clippy::ref_option, reason = "serde calls it with a reference")]
    pub(super) fn serialize<S: Serializer>(
        value: &Option<Option<Timestamp>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        value.as_slice().serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Option<Timestamp>>, D::Error> {
        Ok(<Vec<Option<Timestamp>>>::deserialize(deserializer)?.pop())
    }
}

/// By how much, or to what, an order is decreased.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reduction {
    /// Contracts that are taken away.
    By(Quantity),
    /// Contracts that stay.
    To(Quantity),
}

/// A decrease of a resting order. It keeps its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecreaseOrder {
    /// The order.
    pub order: CancelOrder,
    /// How far.
    pub reduction: Reduction,
}

/// A new order group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateGroup {
    /// Contracts that may match within fifteen seconds.
    pub limit: Quantity,
    /// The shard that it is bound to.
    pub exchange_index: ExchangeIndex,
    /// The subaccount that it is bound to; `None` is the primary one.
    #[serde(default)]
    pub subaccount: Option<u32>,
}

/// A group on a shard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupRef {
    /// The exchange's identity of the group.
    pub order_group_id: String,
    /// The shard.
    pub exchange_index: ExchangeIndex,
    /// The subaccount; `None` is the primary one.
    #[serde(default)]
    pub subaccount: Option<u32>,
}

/// Cash from one subaccount to another on the same shard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferBetweenSubaccounts {
    /// The identity that the client gives; never accepted twice.
    pub client_transfer_id: String,
    /// From.
    pub from: u32,
    /// To.
    pub to: u32,
    /// How much.
    pub amount: Money,
    /// The shard that both are on.
    pub exchange_index: ExchangeIndex,
}

/// Cash from one shard to another. It takes a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferBetweenShards {
    /// The identity that the client gives, if any; never accepted twice.
    pub client_transfer_id: Option<String>,
    /// From.
    pub from: Wallet,
    /// To.
    pub to: Wallet,
    /// How much.
    pub amount: Money,
}

/// A change from outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mutation {
    /// Place an order.
    CreateOrder(CreateOrder),
    /// Cancel an order.
    CancelOrder(CancelOrder),
    /// Change an order's price, size, expiration or identity.
    AmendOrder(AmendOrder),
    /// Take contracts off an order.
    DecreaseOrder(DecreaseOrder),
    /// Place orders, each by itself.
    CreateOrders(Vec<CreateOrder>),
    /// Cancel orders, each by itself.
    CancelOrders(Vec<CancelOrder>),
    /// Cancel whatever rests, on all shards: of one subaccount, or of all (`None`). It reaches what comes within the
    /// next minute too.
    CancelAll(Option<u32>),
    /// Make the next subaccount on a shard.
    CreateSubaccount(ExchangeIndex),
    /// Move cash to another subaccount.
    TransferBetweenSubaccounts(TransferBetweenSubaccounts),
    /// Move cash to another shard.
    TransferBetweenShards(TransferBetweenShards),
    /// Say what each shard is to hold of the primary account's cash, in percent; an empty list ends it.
    Allocate(Vec<(ExchangeIndex, u32)>),
    /// Say whether a subaccount nets YES against NO.
    Net {
        /// The subaccount.
        subaccount: u32,
        /// Whether it does.
        enabled: bool,
    },
    /// The operator pays money in, which no key can.
    Deposit(ExchangeIndex, Money),
    /// The operator takes money out, which no key can.
    Withdraw(ExchangeIndex, Money),
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
    /// Another exchange showed something, which a mirror shows too.
    Mirror(Mirrored),
}

/// What an accepted mutation did, as far as its answer tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Applied {
    /// An order was made.
    Order(OrderAnswer),
    /// An order was cancelled.
    Cancelled(CancelAnswer),
    /// An order was amended.
    Amended(AmendAnswer),
    /// An order was decreased.
    Decreased(DecreaseAnswer),
    /// A batch of orders: what became of each, with the client's identity of those that were refused.
    Orders(Vec<Result<OrderAnswer, (Option<String>, Rejection)>>),
    /// A batch of cancels: what became of each, with the order that was not cancelled.
    Cancels(Vec<Result<CancelAnswer, (String, Rejection)>>),
    /// Everything was cancelled; there is no body.
    CancelledAll,
    /// A subaccount was made.
    Subaccount(u32),
    /// Money is on its way.
    Transfer {
        /// The exchange's identity of the transfer.
        transfer_id: String,
    },
    /// A group was made.
    Group {
        /// Its identity.
        order_group_id: String,
        /// Its shard.
        exchange_index: ExchangeIndex,
        /// Its subaccount.
        subaccount: u32,
    },
    /// What another exchange showed was taken.
    Mirrored {
        /// Whether a world that is rebuilt needs it.
        lasting: bool,
        /// Whether it cannot be true beside what was shown before.
        contradicts: bool,
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

/// The answer to an amendment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AmendAnswer {
    /// The order, with what filled by the amendment.
    pub order: OrderAnswer,
    /// Whether it filled or its resting size changed: only then counts are told.
    pub counts_changed: bool,
}

/// The answer to a decrease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecreaseAnswer {
    /// The exchange's identity of the order.
    pub order_id: String,
    /// The client's.
    pub client_order_id: Option<String>,
    /// Contracts that still rest.
    pub remaining: Quantity,
    /// When.
    pub at: Timestamp,
}
