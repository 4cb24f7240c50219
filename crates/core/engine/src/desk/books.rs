//! What the desk knows: committed facts, and the market data it needs beside them.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

use rec_domain::{
    DecisionId, DeskId, ExchangeIndex, IntentId, MarketTicker, Mode, Money, OrderGroupId, OrderId, Quantity, Side,
    TimeSpan, Timestamp, TradeId,
    arming::Arming,
    command::DeskReply,
    cost_basis::Legs,
    desk_view::{Cursors, MarketSideHistory},
    eastern::{self, EasternDay},
    flow::FlowReport,
    halt::{Halt, HaltSource},
    intent::GroupRole,
    ledger::{Account, Posting},
    market::Market,
    order::Order,
    reconciliation::{Difference, Reconciliation},
    report::{FillReport, SettlementReport},
    settings::AutomationSettings,
    trade::Trade,
};
use serde::{Deserialize, Serialize};

use super::{Repeats, Risk};
use crate::{
    Shared,
    shape::{pairs, shared_pairs},
};

/// Which desk this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The desk.
    pub desk: DeskId,
    /// What it trades against.
    pub mode: Mode,
    /// The lease's epoch.
    pub epoch: u32,
}

/// An order group of this desk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// The exchange's identity.
    pub group: OrderGroupId,
    /// Whether it takes no orders until it is reset.
    pub tripped: bool,
}

/// What the desk knows. Made from the database at the start, changed by commits only.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Books {
    /// Which desk this is.
    pub identity: Identity,
    /// Switches and strategy.
    pub settings: AutomationSettings,
    /// Halts in force.
    pub halts: BTreeMap<HaltSource, Halt>,
    /// The arming in force, where arming is needed.
    #[serde(default)]
    pub arming: Option<Arming>,
    /// Whether it was looked at since the start; it does not count before.
    #[serde(default)]
    pub arming_reviewed: bool,
    /// Whether the desk before this start did not end in order.
    #[serde(default)]
    pub after_crash: bool,
    /// When wrong codes of the second factor were tried lately, oldest first.
    #[serde(default)]
    pub wrong_codes: VecDeque<Timestamp>,
    /// The step of the last right code.
    #[serde(default)]
    pub last_code: Option<i64>,
    /// When the clock was last found to be wrong: it stepped, or was far from the exchange's.
    #[serde(alias = "clock_stepped_at")]
    pub clock_doubted_at: Option<Timestamp>,
    /// Whether the exchange's clock was far from ours when it was last read.
    #[serde(default)]
    pub exchange_clock_far: bool,
    /// When another desk last traded on this account, by its orders and fills.
    #[serde(default)]
    pub other_desk_at: Option<Timestamp>,
    /// Order groups by shard and role.
    #[serde(with = "pairs")]
    pub groups: BTreeMap<(ExchangeIndex, GroupRole), Group>,
    /// Intents about order groups that have no answer yet.
    pub group_intents: BTreeMap<IntentId, (ExchangeIndex, GroupRole)>,
    /// When the making of a group may be tried again after a failure.
    pub groups_retry_at: Option<Timestamp>,
    /// Trades that have not ended.
    pub trades: BTreeMap<TradeId, Trade>,
    /// Orders that are not complete, and complete ones whose trade ended a short while ago.
    pub orders: Shared<BTreeMap<IntentId, Order>>,
    /// Orders by the exchange's identity.
    pub order_ids: Shared<BTreeMap<OrderId, IntentId>>,
    /// Orders that were sent again, or that the exchange said it has.
    pub repeats: BTreeMap<IntentId, Repeats>,
    /// Trades that ended a short while ago, for fills that come late, and those that were paid within a day.
    pub ended: Shared<BTreeMap<TradeId, Trade>>,
    /// By which posting each of them was paid, to be taken back when its result is amended.
    #[serde(default)]
    pub payments: Shared<BTreeMap<TradeId, Posting>>,
    /// Fills of markets in which a trade has not ended or was closed a short while ago.
    #[serde(default)]
    pub legs: Shared<BTreeMap<MarketTicker, Legs>>,
    /// Fills whose order is not known yet.
    pub parked_fills: Vec<FillReport>,
    /// Deposits, withdrawals and transfers as far as they were seen to come.
    #[serde(default)]
    pub flows: Arc<BTreeMap<String, FlowReport>>,
    /// Cash that came with deposits or went with withdrawals since books and exchange agreed, all of it together, by
    /// the shard that they were booked on.
    #[serde(default, with = "pairs")]
    pub unplaced: BTreeMap<ExchangeIndex, Money>,
    /// When the ledger was opened with what the exchange had: what moved before is part of that.
    #[serde(default)]
    pub opened_at: Option<Timestamp>,
    /// When it was last looked for what ended long ago.
    #[serde(default)]
    pub forgotten_at: Timestamp,
    /// Trades of which it was said that their result is late.
    #[serde(default)]
    pub late_said: BTreeSet<TradeId>,
    /// Orders of an emergency of which it was said that they close no trade of this desk.
    #[serde(default)]
    pub strays_said: BTreeSet<IntentId>,
    /// The differences that were said last, until books and exchange agree again.
    #[serde(default)]
    pub differences_said: Vec<Difference>,
    /// Deposits, withdrawals and transfers that could not be read the last time.
    #[serde(default)]
    pub unreadable_flows: Vec<String>,
    /// When it was last said that no comparison can be made.
    #[serde(default)]
    pub uncompared_said_at: Option<Timestamp>,
    /// Settlements that do not fit the books yet.
    pub parked_settlements: Vec<SettlementReport>,
    /// Balance of every account of the ledger.
    #[serde(with = "pairs")]
    pub ledger: BTreeMap<Account, Money>,
    /// Number of the last posting.
    pub last_posting: i64,
    /// Number of the last trade.
    pub last_trade: i64,
    /// Number of the last intent of this epoch.
    pub last_intent: u32,
    /// Number of the last commit of this epoch.
    pub last_commit: i64,
    /// How far inbox and answers are consumed.
    pub cursors: Cursors,
    /// What was traded by market and side.
    #[serde(with = "shared_pairs")]
    pub history: Shared<BTreeMap<(MarketTicker, Side), MarketSideHistory>>,
    /// The Eastern day that the day's sums are of.
    pub day: EasternDay,
    /// Won or lost that day, after fees.
    pub realised_today: Money,
    /// Worst-case money put at risk that day.
    pub risked_today: Money,
    /// When orders that increase exposure were committed, in the last minute.
    pub entry_times: VecDeque<Timestamp>,
    /// The last comparison.
    pub reconciliation: Option<Reconciliation>,
    /// When the last comparison was stored.
    pub reconciliation_stored_at: Option<Timestamp>,
    /// Whether a comparison since the start was clean.
    pub ready: bool,
    /// When money, positions or orders last changed.
    pub changed_at: Timestamp,
    /// What caps are held against beside all this.
    #[serde(default)]
    pub risk: Risk,
    /// Answers to requests, oldest first.
    pub decisions: Arc<VecDeque<(DecisionId, DeskReply)>>,
    /// Markets that are or lately were open; market data, not committed.
    pub markets: Arc<BTreeMap<MarketTicker, Market>>,
}

impl Books {
    /// The books of a desk that has never done anything.
    #[must_use]
    pub fn new(identity: Identity, settings: AutomationSettings, now: Timestamp) -> Self {
        Self {
            identity,
            settings,
            halts: BTreeMap::new(),
            arming: None,
            arming_reviewed: false,
            after_crash: false,
            wrong_codes: VecDeque::new(),
            last_code: None,
            clock_doubted_at: None,
            exchange_clock_far: false,
            other_desk_at: None,
            groups: BTreeMap::new(),
            group_intents: BTreeMap::new(),
            groups_retry_at: None,
            trades: BTreeMap::new(),
            orders: Shared::default(),
            order_ids: Shared::default(),
            repeats: BTreeMap::new(),
            ended: Shared::default(),
            payments: Shared::default(),
            legs: Shared::default(),
            parked_fills: Vec::new(),
            flows: Arc::default(),
            unplaced: BTreeMap::new(),
            opened_at: None,
            forgotten_at: Timestamp::default(),
            late_said: BTreeSet::new(),
            strays_said: BTreeSet::new(),
            differences_said: Vec::new(),
            unreadable_flows: Vec::new(),
            uncompared_said_at: None,
            parked_settlements: Vec::new(),
            ledger: BTreeMap::new(),
            last_posting: 0,
            last_trade: 0,
            last_intent: 0,
            last_commit: 0,
            cursors: Cursors::default(),
            history: Shared::default(),
            day: eastern::day(now),
            realised_today: Money::ZERO,
            risked_today: Money::ZERO,
            entry_times: VecDeque::new(),
            reconciliation: None,
            reconciliation_stored_at: None,
            ready: false,
            changed_at: now,
            risk: Risk::default(),
            decisions: Arc::default(),
            markets: Arc::default(),
        }
    }

    /// The non-final trade in a market and side.
    #[must_use]
    pub fn trade_in(&self, ticker: &MarketTicker, side: Side) -> Option<&Trade> {
        self.trades.values().find(|trade| trade.ticker == *ticker && trade.side == side)
    }

    /// Orders that are not complete.
    pub fn open_orders(&self) -> impl Iterator<Item = &Order> {
        self.orders.values().filter(|order| !order.is_complete())
    }

    /// Orders of a trade that are not complete.
    pub fn open_orders_of(&self, trade: TradeId) -> impl Iterator<Item = &Order> {
        self.open_orders().filter(move |order| order.trade == trade)
    }

    /// Worst-case loss of what `matches`: cost of what is held, and what orders under way may still cost.
    pub fn exposure(&self, matches: impl Fn(&Trade) -> bool) -> Money {
        self.trades.values().filter(|trade| matches(trade)).map(|trade| self.exposure_of(trade)).sum()
    }

    /// Worst-case loss of one trade.
    pub(super) fn exposure_of(&self, trade: &Trade) -> Money {
        let under_way: Money = self.open_orders_of(trade.id).map(Order::open_worst_case).sum();
        trade.open_cost + under_way
    }

    /// Cash on a shard, as the ledger has it.
    #[must_use]
    pub fn cash(&self, exchange_index: ExchangeIndex) -> Money {
        self.ledger.get(&Account::Cash { exchange_index }).copied().unwrap_or_default()
    }

    /// Cash that resting orders bind on a shard, as the ledger has it.
    #[must_use]
    pub fn reserved(&self, exchange_index: ExchangeIndex) -> Money {
        self.ledger.get(&Account::Reserved { exchange_index }).copied().unwrap_or_default()
    }

    /// Cash on a shard less what entries under way may still cost.
    #[must_use]
    pub fn free_cash(&self, exchange_index: ExchangeIndex) -> Money {
        let under_way: Money = self
            .open_orders()
            .filter(|order| order.spec.exchange_index == exchange_index)
            .map(Order::open_worst_case)
            .sum();
        self.cash(exchange_index) - under_way
    }

    /// Net position in a market: above zero YES, below zero NO.
    #[must_use]
    pub fn net_position(&self, ticker: &MarketTicker) -> Quantity {
        self.trades
            .values()
            .filter(|trade| trade.ticker == *ticker)
            .map(|trade| match trade.side {
                Side::Yes => trade.held(),
                Side::No => -trade.held(),
            })
            .sum()
    }

    /// Orders that increased exposure in the sixty seconds before `now`.
    #[must_use]
    pub fn entries_in_last_minute(&self, now: Timestamp) -> usize {
        let from = now - TimeSpan::from_seconds(60);
        self.entry_times.iter().filter(|at| **at > from).count()
    }

    /// Whether what increases exposure may be sent at `now` as far as arming goes.
    #[must_use]
    pub fn armed(&self, now: Timestamp) -> bool {
        !self.identity.mode.needs_arming()
            || self.arming_reviewed && self.arming.as_ref().is_some_and(|arming| arming.holds(now))
    }

    /// The answer that a request got before.
    #[must_use]
    pub fn earlier_reply(&self, decision: DecisionId) -> Option<&DeskReply> {
        self.decisions.iter().rev().find(|(known, _)| *known == decision).map(|(_, reply)| reply)
    }
}
