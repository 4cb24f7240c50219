//! What services and the operator ask of one another.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    DecisionId, ExchangeIndex, IntentId, MarketTicker, Money, Price, Quantity, Side, Timestamp, TradeId,
    arming::ArmRequest,
    caps::{Amount, Cap},
    halt::HaltSource,
    refusal::Refusal,
    settings::AutomationSettings,
    trade::Origin,
};

/// A request to trade-manager. Repeating it with the same identity returns the first answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeskRequest {
    /// Made by whoever asks.
    pub decision: DecisionId,
    /// Who asks: a service's name or `operator`.
    pub requester: String,
    /// What is asked.
    pub command: DeskCommand,
}

/// What can be asked of trade-manager.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum DeskCommand {
    /// Open a trade.
    Open(OpenRequest),
    /// Close a trade.
    Close(CloseRequest),
    /// Stop entries.
    Halt {
        /// On whose behalf.
        source: HaltSource,
        /// Why.
        reason: String,
    },
    /// Clear a halt.
    Resume {
        /// Whose halt.
        source: HaltSource,
        /// Why.
        reason: String,
    },
    /// Allow what increases exposure for a while, where money is real.
    Arm(ArmRequest),
    /// End that.
    Disarm {
        /// Why.
        reason: String,
    },
    /// Halt entries on the operator's behalf and close every trade of this desk.
    Flatten(FlattenRequest),
    /// Explain a difference of cash. Only the operator may, and no more than the last comparison found.
    Adjust(Adjustment),
    /// Read the account now and compare it with the books. Always accepted; what is found stands in the view.
    Compare,
    /// Store why markets are not entered; each is a reason that changed. Always accepted.
    NoteRefusals {
        /// The refusals.
        refusals: Vec<NotedRefusal>,
    },
    /// Lower caps. None can be raised: that takes another `risk.revision` and a start.
    TightenCaps {
        /// The caps with what they shall allow.
        caps: BTreeMap<Cap, Amount>,
        /// Why.
        reason: String,
    },
    /// Change switches and strategy.
    SetAutomation {
        /// The settings from now on.
        settings: AutomationSettings,
        /// The settings that the requester saw and means to replace: refused when others are in force by now. Without
        /// them it is done in any case.
        #[serde(default)]
        replaces: Option<Box<AutomationSettings>>,
    },
}

/// The operator's word on a difference of cash between books and exchange.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adjustment {
    /// The shard.
    pub exchange_index: ExchangeIndex,
    /// What its cash in the books lacks; what it has too much when negative.
    pub amount: Money,
    /// Whether it is interest, which the exchange lists nowhere.
    #[serde(default)]
    pub interest: bool,
    /// Why, for people.
    pub reason: String,
}

/// Why a market and side is not entered, as whoever looked at it says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NotedRefusal {
    /// The market.
    pub ticker: MarketTicker,
    /// The side.
    pub side: Side,
    /// The rule, with its limit and the value that broke it.
    pub refusal: Refusal,
    /// What it was decided on, as JSON: the strike table's row with its instant and the ages of its inputs.
    pub evidence: String,
}

/// A request to open a trade.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OpenRequest {
    /// The market.
    pub ticker: MarketTicker,
    /// The side to buy.
    pub side: Side,
    /// Contracts.
    pub quantity: Quantity,
    /// The most to pay, as price of `side`.
    pub limit: Price,
    /// Who decided.
    pub origin: Origin,
    /// Chance of the side at the decision, in percent.
    pub probability_percent: Option<f64>,
    /// Why, for people.
    pub reason: String,
    /// When it was decided.
    pub decided_at: Timestamp,
    /// What it was decided on, as JSON: the strike table's row with the ages of its inputs.
    pub evidence: String,
}

/// A request to close a trade.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CloseRequest {
    /// The trade.
    pub trade: TradeId,
    /// The least to accept, as price of the trade's side.
    pub limit: Price,
    /// Who decided.
    pub origin: Origin,
    /// Why, for people.
    pub reason: String,
    /// When it was decided.
    pub decided_at: Timestamp,
}

/// A request to close every trade of this desk. What finds no buyer stays open: it is asked again until nothing is held.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FlattenRequest {
    /// The least to accept, as price of each trade's side.
    pub limit: Price,
    /// Why, for people.
    pub reason: String,
    /// When it was decided.
    pub decided_at: Timestamp,
}

/// trade-manager's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum DeskReply {
    /// Committed. What becomes of it is told by events.
    Accepted {
        /// The intent that will be sent, if something is.
        intent: Option<IntentId>,
        /// The trade that it belongs to.
        trade: Option<TradeId>,
    },
    /// Not done.
    Refused(Refusal),
}

/// A hint to trade-executor that an intent is committed. The truth is in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispatch {
    /// The intent. Nothing else can be said: what is sent is what was committed.
    pub intent: IntentId,
}
