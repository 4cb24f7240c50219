//! What the desk tells the world, written in the same transaction as the fact itself.

use serde::{Deserialize, Serialize};

use crate::{
    ExchangeIndex, IntentId, MarketTicker, Money, Price, Quantity, Side, Timestamp, TradeId,
    flow::{FlowKind, FlowStage},
    halt::HaltSource,
    order::OrderState,
    refusal::Refusal,
    trade::TradeState,
};

/// An event of the desk with its number in the outbox.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OutboxEvent {
    /// Its number. Numbers may have gaps and may appear out of order: they are no cursor.
    pub number: i64,
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    pub event: DeskEvent,
}

/// Something that happened at the desk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum DeskEvent {
    /// A trade came to another state.
    Trade {
        /// The trade.
        trade: TradeId,
        /// Its market.
        ticker: MarketTicker,
        /// Its side.
        side: Side,
        /// Where it is now.
        state: TradeState,
        /// Contracts held.
        held: Quantity,
        /// Won or lost so far.
        realised: Money,
    },
    /// An order came to another state.
    Order {
        /// The order.
        intent: IntentId,
        /// Its trade.
        trade: TradeId,
        /// Where it is now.
        state: OrderState,
        /// Why, when it did not go as wanted.
        note: Option<String>,
    },
    /// A fill was booked.
    Fill {
        /// Its trade.
        trade: TradeId,
        /// Contracts.
        quantity: Quantity,
        /// Price in terms of the trade's side.
        price: Price,
        /// What it cost.
        fee: Money,
    },
    /// A request was refused.
    Refused {
        /// The market.
        ticker: MarketTicker,
        /// The side.
        side: Side,
        /// Why.
        refusal: Refusal,
    },
    /// A halt began.
    Halted {
        /// Who halted.
        source: HaltSource,
        /// Why.
        reason: String,
    },
    /// A halt was cleared.
    Resumed {
        /// Whose halt.
        source: HaltSource,
        /// Why.
        reason: String,
    },
    /// What increases exposure is allowed for a while.
    Armed {
        /// Until when.
        until: Timestamp,
        /// Why.
        reason: String,
    },
    /// That ended.
    Disarmed {
        /// Why.
        reason: String,
    },
    /// Switches or strategy changed.
    Automation {
        /// Whether entries are automatic.
        auto_entry: bool,
        /// Whether exits are automatic.
        auto_stop: bool,
    },
    /// Caps were lowered.
    CapsTightened {
        /// Those that were, each as `name amount`.
        caps: Vec<String>,
        /// Why.
        reason: String,
    },
    /// Money came, went or moved, and was posted.
    Flow {
        /// What.
        kind: FlowKind,
        /// How far it has come.
        stage: FlowStage,
        /// How much.
        amount: Money,
    },
    /// A difference of cash was explained by the operator.
    Adjusted {
        /// The shard.
        exchange_index: ExchangeIndex,
        /// What was added to its cash; taken when negative.
        amount: Money,
        /// Why.
        reason: String,
    },
    /// Desk and exchange disagree, seen twice.
    Disagreement {
        /// What differs, for people.
        differences: Vec<String>,
    },
}
