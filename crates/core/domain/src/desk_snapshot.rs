//! What the desk starts from: its committed state, as whoever keeps it reads it back.

use std::collections::BTreeMap;

use crate::{
    DecisionId, DeskId, ExchangeIndex, IntentId, Mode, Money, OrderGroupId, Timestamp,
    arming::Arming,
    caps::{EquityPeak, Tightening},
    command::DeskReply,
    desk_view::{Cursors, MarketSideHistory},
    fill::Fill,
    flow::FlowReport,
    halt::Halt,
    intent::{GroupRole, Intent},
    ledger::{Account, Posting},
    market::Market,
    order::Order,
    reconciliation::Reconciliation,
    refusal::RefusalCode,
    report::{FillReport, SettlementReport},
    settings::AutomationSettings,
    trade::Trade,
};

/// Whose a database is: one desk, one account, one mode, for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The desk: 28 bits, drawn when the database was marked.
    pub desk: DeskId,
    /// What it trades against.
    pub mode: Mode,
    /// The account at the exchange.
    pub account: String,
}

/// The committed state of the desk at one instant, as the database has it.
#[derive(Debug, Clone, PartialEq)]
pub struct DeskSnapshot {
    /// Whose the database is.
    pub identity: Identity,
    /// Switches and strategy; `None` while they were never set.
    pub automation: Option<AutomationSettings>,
    /// The arming in force.
    pub arming: Option<Arming>,
    /// When wrong codes of the second factor were tried in the last fifteen minutes, in order.
    pub wrong_codes: Vec<Timestamp>,
    /// The step of the last right code.
    pub last_code: Option<i64>,
    /// Halts in force.
    pub halts: Vec<Halt>,
    /// The order groups in use.
    pub groups: Vec<StoredGroup>,
    /// Trades that have not ended.
    pub trades: Vec<Trade>,
    /// Trades that ended in the last hour, for fills that come late, and those that were paid within a day.
    pub ended_trades: Vec<Trade>,
    /// The last posting by which each of them was paid, for results that are amended.
    pub payments: Vec<Posting>,
    /// Fills of markets in which a trade has not ended, or was closed in the last hour, in the order of their booking.
    pub fills: Vec<Fill>,
    /// Orders that are not complete, and every order of the trades above.
    pub orders: Vec<StoredOrder>,
    /// Intents without an answer, orders included, oldest first.
    pub unanswered: Vec<StoredIntent>,
    /// What the orders above were sent again by, oldest first.
    pub repeats: Vec<StoredRepeat>,
    /// Fills whose order was not known.
    pub parked_fills: Vec<FillReport>,
    /// Settlements that did not fit the books.
    pub parked_settlements: Vec<SettlementReport>,
    /// Movements of money that were seen.
    pub flows: Vec<FlowReport>,
    /// When the ledger was opened; `None` while it was not.
    pub opened_at: Option<Timestamp>,
    /// Balance of every account that was ever posted to.
    pub ledger: BTreeMap<Account, Money>,
    /// How far inbox and answers are consumed.
    pub cursors: Cursors,
    /// Number of the last posting; zero when there is none.
    pub last_posting: i64,
    /// Number of the last trade; zero when there is none.
    pub last_trade: i64,
    /// What was traded in markets that are still open, and in all markets in the last two days.
    pub history: Vec<MarketSideHistory>,
    /// Start of the Eastern day that the next two are of.
    pub day_start: Timestamp,
    /// Won or lost that day, after fees.
    pub realised_today: Money,
    /// Worst-case money of the orders to open that were decided that day.
    pub risked_today: Money,
    /// When orders to open were decided in the last sixty seconds, in order.
    pub entry_times: Vec<Timestamp>,
    /// What the limits are counted from.
    pub risk: RiskSnapshot,
    /// The last comparison with the exchange.
    pub reconciliation: Option<Reconciliation>,
    /// Markets in which a trade has not ended, as far as they were stored.
    pub markets: Vec<Market>,
    /// The last answers to requests, oldest first; at most 4096.
    pub decisions: Vec<(DecisionId, DeskReply)>,
    /// When an order last changed or a posting was last made; `None` on a new desk.
    pub changed_at: Option<Timestamp>,
}

/// What the limits are counted from, beside trades, orders and ledger.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RiskSnapshot {
    /// Caps that were lowered at run time, under whatever revision of the configuration.
    pub tightened: Option<Tightening>,
    /// The last peak of equity, under whatever revision.
    pub peak: Option<EquityPeak>,
    /// When orders that only reduce were decided in the last sixty seconds, in order.
    pub exit_times: Vec<Timestamp>,
    /// Refusals of the present Eastern day by reason.
    pub refusals: BTreeMap<RefusalCode, u64>,
}

/// An order with what its executor did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredOrder {
    /// The order as the desk last knew it.
    pub order: Order,
    /// The signature time of its claim. Claimed and not answered means that it may have been sent; not claimed means
    /// that it certainly was not, and with an older epoch never will be.
    pub claim_signed_at: Option<Timestamp>,
    /// Whether the executor answered anything.
    pub answered: bool,
}

/// A repetition of an order, or the exchange's word that it has the order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRepeat {
    /// The order.
    pub order: IntentId,
    /// The intent that repeated it; `None` for the order's own attempt.
    pub intent: Option<IntentId>,
    /// Whether the desk has consumed an answer to it.
    pub answered: bool,
    /// Whether the exchange answered that it has the order already.
    pub landed: bool,
}

/// An intent without an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredIntent {
    /// The intent.
    pub intent: Intent,
    /// The signature time of its claim; `None` when it was not claimed.
    pub claim_signed_at: Option<Timestamp>,
}

/// An order group in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredGroup {
    /// What it is for.
    pub role: GroupRole,
    /// Its shard.
    pub exchange_index: ExchangeIndex,
    /// The exchange's identity.
    pub group: OrderGroupId,
    /// Whether it is tripped.
    pub tripped: bool,
}
