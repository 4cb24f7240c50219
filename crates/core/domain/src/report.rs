//! What the exchange says of the account, as it came: the inbox.

use serde::{Deserialize, Serialize};

use crate::{
    BookSide, ClientOrderId, EventTicker, ExchangeIndex, FillId, MarketTicker, Money, OrderGroupId, OrderId, Price,
    Quantity, Timestamp, flow::FlowReport,
};

/// One thing that the exchange said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Report {
    /// An order as it stands.
    Order(OrderReport),
    /// A fill.
    Fill(FillReport),
    /// A settlement.
    Settlement(SettlementReport),
    /// Money came, went or moved.
    Flow(FlowReport),
    /// Something happened to an order group.
    Group(GroupReport),
    /// Everything was read: what was not reported up to `as_of` does not exist.
    Sweep(Sweep),
}

/// The exchange's word for an order's state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReportedStatus {
    /// Stands in the book.
    Resting,
    /// Ended without being filled completely.
    Canceled,
    /// Filled completely.
    Executed,
    /// A word that this version does not know: nothing is concluded from it.
    Other(String),
}

/// An order as the exchange has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderReport {
    /// The exchange's identity.
    pub order_id: OrderId,
    /// The identity that whoever placed it gave.
    pub client_order_id: Option<ClientOrderId>,
    /// The market.
    pub ticker: MarketTicker,
    /// The shard.
    pub exchange_index: ExchangeIndex,
    /// Buy or sell YES.
    pub book_side: BookSide,
    /// Limit as YES price.
    pub price: Price,
    /// The exchange's word for its state.
    pub status: ReportedStatus,
    /// Contracts ordered.
    pub initial: Quantity,
    /// Contracts filled.
    pub filled: Quantity,
    /// Contracts that rest.
    pub remaining: Quantity,
    /// When it was placed, by the exchange's clock; `None` where it does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// When it last changed, by the exchange's clock.
    pub updated_at: Timestamp,
}

/// A fill as the exchange has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FillReport {
    /// The exchange's identity of it.
    pub fill_id: FillId,
    /// The order that it filled.
    pub order_id: OrderId,
    /// The order's own identity, which the exchange's lists of fills do not have.
    pub client_order_id: Option<ClientOrderId>,
    /// The market.
    pub ticker: MarketTicker,
    /// The shard.
    pub exchange_index: ExchangeIndex,
    /// Bought or sold YES.
    pub book_side: BookSide,
    /// Execution price as YES price.
    pub price: Price,
    /// Contracts.
    pub quantity: Quantity,
    /// What the exchange charged; `None` where it did not say.
    pub fee: Option<Money>,
    /// Whether the order took liquidity.
    pub is_taker: bool,
    /// When, by the exchange's clock.
    pub at: Timestamp,
}

/// A settlement as the exchange has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettlementReport {
    /// The market.
    pub ticker: MarketTicker,
    /// Its event.
    pub event: EventTicker,
    /// Where its money is; `None` in bodies from before shards.
    pub exchange_index: Option<ExchangeIndex>,
    /// `yes`, `no`, `scalar` or something new.
    pub result: String,
    /// YES contracts bought.
    pub yes_count: Quantity,
    /// What they cost.
    pub yes_cost: Money,
    /// NO contracts bought.
    pub no_count: Quantity,
    /// What they cost.
    pub no_cost: Money,
    /// What was paid out.
    pub revenue: Money,
    /// The settlement value of one YES contract, where it was not simply won or lost.
    pub value: Option<Money>,
    /// Fees of the settlement itself.
    pub fee: Money,
    /// When it was paid.
    pub settled_at: Timestamp,
}

/// Something that happened to an order group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupReport {
    /// The group.
    pub group: OrderGroupId,
    /// What happened, in the exchange's word: `created`, `triggered`, `reset`, `deleted`, `limit_updated`.
    pub event: String,
    /// When we heard of it.
    pub at: Timestamp,
}

/// A position as the exchange has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PositionReport {
    /// The market.
    pub ticker: MarketTicker,
    /// Contracts: above zero YES, below zero NO.
    pub position: Quantity,
}

/// The end of a complete reading of orders, fills, settlements, positions and balances. What it read stands before it
/// in the inbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sweep {
    /// When the reading began.
    pub started_at: Timestamp,
    /// The instant up to which the exchange's lists were complete when the reading began.
    pub as_of: Timestamp,
    /// Orders and fills that changed before this instant were not asked for.
    pub since: Option<Timestamp>,
    /// Cash per shard.
    pub balances: Vec<(ExchangeIndex, Money)>,
    /// Every position that is not flat.
    pub positions: Vec<PositionReport>,
    /// Every resting order.
    pub resting: Vec<OrderId>,
    /// What resting orders bind per shard, which is no part of `balances`.
    #[serde(default)]
    pub reserved: Vec<(ExchangeIndex, Money)>,
    /// Whether deposits, withdrawals and transfers were read too: without them no difference of cash counts.
    #[serde(default)]
    pub flows: bool,
    /// Rows of these lists that could not be read, by their beginning and what is wrong: only their money is not known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unreadable: Vec<String>,
}

impl Report {
    /// The key under which the inbox takes a report once. The same fact read twice has the same key.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::Order(order) => {
                let status = match &order.status {
                    ReportedStatus::Resting => "resting",
                    ReportedStatus::Canceled => "canceled",
                    ReportedStatus::Executed => "executed",
                    ReportedStatus::Other(word) => word,
                };
                format!("order:{}:{}:{}:{status}", order.order_id, order.filled, order.remaining)
            }
            Self::Fill(fill) => format!("fill:{}", fill.fill_id),
            Self::Settlement(settlement) => format!(
                "settlement:{}:{}:{}:{}",
                settlement.ticker, settlement.settled_at, settlement.result, settlement.revenue
            ),
            Self::Flow(flow) => format!("flow:{}:{}", flow.key(), flow.stage.name()),
            Self::Group(group) => format!("group:{}:{}:{}", group.group, group.event, group.at),
            Self::Sweep(sweep) => format!("sweep:{}", sweep.started_at),
        }
    }
}
