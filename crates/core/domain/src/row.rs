//! What the desk commits: rows in one transaction, or none of them.

use serde::{Deserialize, Serialize};

use crate::{
    DecisionId, ExchangeIndex, IntentId, MarketTicker, OrderGroupId, Side, Timestamp,
    arming::Arming,
    caps::{CapCheck, EquityPeak, Tightening},
    command::DeskReply,
    desk_view::Cursors,
    fill::Fill,
    flow::FlowReport,
    halt::{Halt, HaltSource},
    intent::{GroupRole, Intent},
    ledger::Posting,
    order::Order,
    outbox::DeskEvent,
    reconciliation::Reconciliation,
    refusal::Refusal,
    report::{FillReport, SettlementReport},
    settings::AutomationSettings,
    settlement::Settlement,
    trade::Trade,
};

/// A transaction of the desk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Commit {
    /// Its number in this epoch, from 1 without gaps: how an unknown commit is found again.
    pub number: i64,
    /// The lease's epoch; the transaction fails when the lease has another.
    pub epoch: u32,
    /// When it was put together.
    pub at: Timestamp,
    /// The inputs that it consumed, each as JSON, in order.
    pub inputs: Vec<String>,
    /// What changes.
    pub rows: Vec<Row>,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "row", rename_all = "snake_case")]
pub enum Row {
    /// A new intent.
    Intent(Intent),
    /// An order as it stands now; a new one is inserted.
    Order(Order),
    /// A fill, booked once.
    Fill(Fill),
    /// A fill whose order is not known yet: kept until it is.
    ParkedFill(FillReport),
    /// A parked fill was booked.
    UnparkedFill(FillReport),
    /// A settlement that does not fit the books yet: kept until it does.
    ParkedSettlement(SettlementReport),
    /// A parked settlement was booked.
    UnparkedSettlement(SettlementReport),
    /// A trade as it stands now; a new one is inserted.
    Trade(Trade),
    /// An entry in the books.
    Posting(Posting),
    /// A movement of money as far as it has come; a new one is inserted.
    Flow(FlowReport),
    /// What a trade got from its market's settlement.
    Settlement(Settlement),
    /// The answer to a request, for when it is repeated.
    Decision {
        /// The request.
        decision: DecisionId,
        /// Who asked.
        requester: String,
        /// The answer.
        reply: DeskReply,
    },
    /// A request to open that was admitted, with what it was decided on.
    Admitted {
        /// The intent that came of it.
        intent: IntentId,
        /// The request.
        decision: DecisionId,
        /// Every cap that it was held against.
        checks: Vec<CapCheck>,
        /// What it was decided on, as JSON.
        evidence: String,
    },
    /// A refused request to open, with what it was decided on.
    Refused {
        /// The market.
        ticker: MarketTicker,
        /// The side.
        side: Side,
        /// The request.
        decision: DecisionId,
        /// Why.
        refusal: Refusal,
        /// The caps that it was held against; the last one refused it where the reason is a cap.
        checks: Vec<CapCheck>,
        /// What it was decided on, as JSON.
        evidence: String,
    },
    /// Somebody asked the desk for something.
    Audit {
        /// Who.
        actor: String,
        /// What, in a word.
        action: String,
        /// When, why, what exactly and with which outcome, as JSON.
        detail: String,
    },
    /// A halt began or changed its reason.
    Halted(Halt),
    /// A halt was cleared.
    Resumed {
        /// Whose halt.
        source: HaltSource,
        /// Why.
        reason: String,
    },
    /// An arming as it stands now; a new one is inserted.
    Armed(Arming),
    /// The arming in force ended.
    Disarmed {
        /// Why.
        reason: String,
    },
    /// A code of the second factor was tried.
    CodeTried {
        /// The step whose code it was; none when it was none.
        step: Option<i64>,
    },
    /// Switches and strategy from now on.
    Automation(AutomationSettings),
    /// The caps that were lowered while the desk ran, all of them.
    Tightened(Tightening),
    /// The peak of equity rose or was moved.
    EquityPeak(EquityPeak),
    /// An order group of this desk.
    Group {
        /// What it is for.
        role: GroupRole,
        /// Its shard.
        exchange_index: ExchangeIndex,
        /// The exchange's identity.
        group: OrderGroupId,
        /// Whether it is tripped.
        tripped: bool,
    },
    /// A comparison with the exchange.
    Reconciliation(Reconciliation),
    /// How far inbox and answers are consumed.
    Cursors(Cursors),
    /// Something to tell the world.
    Event(DeskEvent),
}
