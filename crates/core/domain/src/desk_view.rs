//! The desk as it stands: what supervisors decide on and pages show.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    DeskId, ExchangeIndex, MarketTicker, Mode, Money, Quantity, Side, Timestamp, TradeId, arming::Arming,
    caps::RiskCaps, halt::Halt, order::Order, reconciliation::Reconciliation, risk_view::RiskView,
    settings::AutomationSettings, trade::Trade,
};

/// The committed state of the desk, published after each change and at least once a second.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeskView {
    /// When it was taken.
    pub at: Timestamp,
    /// What the desk trades against.
    pub mode: Mode,
    /// The desk.
    pub desk: DeskId,
    /// The lease's epoch.
    pub epoch: u32,
    /// Whether the desk has been compared with the exchange since it started, and may enter.
    pub ready: bool,
    /// Whether what increases exposure may be sent as far as arming goes: always where money is not real.
    pub armed: bool,
    /// The arming in force, where arming is needed.
    #[serde(default)]
    pub arming: Option<Arming>,
    /// Switches and strategy.
    pub settings: AutomationSettings,
    /// Limits in force.
    pub caps: RiskCaps,
    /// Halts in force.
    pub halts: Vec<Halt>,
    /// Trades that have not ended.
    pub trades: Vec<Trade>,
    /// Orders that are not complete.
    pub orders: Vec<Order>,
    /// What was traded before in markets that are still open: for cooldown and re-entry.
    pub history: Vec<MarketSideHistory>,
    /// Cash by shard, as the ledger has it.
    pub cash: BTreeMap<ExchangeIndex, Money>,
    /// Worst-case loss of everything open and under way.
    pub exposure: Money,
    /// Profit of the present Eastern day, realised, after fees.
    pub realised_today: Money,
    /// How much of the limits is used.
    #[serde(default)]
    pub risk: RiskView,
    /// The last comparison with the exchange.
    pub reconciliation: Option<Reconciliation>,
    /// Trades whose market has closed and does not pay.
    #[serde(default)]
    pub late_results: Vec<LateResult>,
    /// Last consumed numbers of inbox and answers.
    pub cursors: Cursors,
}

/// A trade whose result is late or disputed. It is held until it is paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LateResult {
    /// The trade.
    pub trade: TradeId,
    /// Its market.
    pub ticker: MarketTicker,
    /// When the market closed.
    pub closed_at: Timestamp,
    /// Whether the exchange says that the result is disputed.
    pub disputed: bool,
}

/// What happened in one market and side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarketSideHistory {
    /// The market.
    pub ticker: MarketTicker,
    /// The side.
    pub side: Side,
    /// When the last order to open was committed there.
    pub last_entry_at: Timestamp,
    /// Contracts ever held there.
    pub entered: Quantity,
    /// Trades begun there, unfilled ones included.
    pub trades: u32,
}

/// How far inbox and answers have been consumed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Cursors {
    /// Number of the last consumed report of the exchange.
    pub report: i64,
    /// Number of the last consumed answer of the executor.
    pub answer: i64,
}

impl DeskView {
    /// Whether anything is under way that can still change position or cash.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.orders.is_empty()
    }
}
