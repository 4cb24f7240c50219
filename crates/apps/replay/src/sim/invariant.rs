//! What must never happen, looked at after every step.
//!
//! The watch believes nobody's sums: it keeps its own small books, of the rows that were committed and of what the
//! exchange did, and looks only at what a step has changed.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use rec_domain::{
    FillId, IntentId, Money, Quantity, TimeSpan, Timestamp, TradeId,
    caps::RiskCaps,
    eastern,
    fill::Fill,
    halt::HaltSource,
    intent::{Action, Effect, GroupRole, Intent},
    ledger::Account,
    order::Order,
    row::{Commit, Row},
    trade::Trade,
};
use rec_twin::core::{Twin, account::Fill as ExchangeFill, config::CRYPTO_SHARD, ledger::LedgerAccount};
use serde::Serialize;

use super::memory::Memory;

/// A signature older than this is refused by the exchange.
pub(super) const ACCEPTED_AGE: TimeSpan = TimeSpan::from_seconds(5);

/// What must never happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Invariant {
    /// Never two working closes for one trade.
    OneWorkingClose,
    /// No automatic order increases or flips what it meant to close.
    ClosesOnlyReduce,
    /// Exposure is never above a cap, by the desk's rows and by the exchange's books.
    ExposureWithinCaps,
    /// Each fill is booked once, as it happened.
    FillsBookedOnce,
    /// At every quiet point the ledger equals the exchange's books to the micro-dollar.
    LedgerEqualsExchange,
    /// No order without a claimed intent, and none sent twice under one claim.
    NoOrderWithoutClaim,
    /// No entry after a halt.
    NoEntryAfterHalt,
    /// No entry while the desk is not armed, in a mode that needs it.
    NoEntryAfterDisarm,
    /// No entry after its `send_by`.
    NoEntryAfterSendBy,
    /// The database never has to refuse what the desk commits, and the desk never stops for it.
    NothingToRefuse,
    /// Once nothing goes wrong any more, everything is known, booked and equal within minutes.
    ComesToRest,
    /// No machine panics.
    NoPanic,
}

impl Invariant {
    /// Snake-case name.
    #[must_use]
    pub fn name(self) -> String {
        let name = serde_json::to_value(self).ok();
        name.and_then(|name| name.as_str().map(ToOwned::to_owned)).unwrap_or_default()
    }
}

impl fmt::Display for Invariant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.name())
    }
}

/// A broken invariant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Breach {
    /// Which.
    pub invariant: Invariant,
    /// When, in the simulation.
    pub at: Timestamp,
    /// What happened.
    pub what: String,
}

/// The watch over everything.
#[derive(Debug)]
pub(super) struct Watch {
    caps: RiskCaps,
    now: Timestamp,
    breach: Option<Breach>,
    trades: BTreeMap<TradeId, Trade>,
    orders: BTreeMap<IntentId, Order>,
    halts: BTreeSet<HaltSource>,
    /// When entries were committed in the last minute, and what they can cost today.
    entries: Vec<Timestamp>,
    risked: (eastern::EasternDay, Money),
    claimed: BTreeMap<IntentId, Timestamp>,
    sent: BTreeSet<IntentId>,
    /// What the exchange did that is not booked yet.
    made: BTreeMap<FillId, ExchangeFill>,
    /// Contracts of each fill that are booked.
    booked: BTreeMap<FillId, Quantity>,
    /// When the latest booked fill of each market was made, and markets in which an earlier one was booked after it.
    latest: BTreeMap<String, Timestamp>,
    reordered: BTreeSet<String>,
    pub(super) fills_made: u64,
    pub(super) quiet_points: u64,
}

impl Watch {
    pub(super) fn new(caps: RiskCaps, now: Timestamp) -> Self {
        Self {
            caps,
            now,
            breach: None,
            trades: BTreeMap::new(),
            orders: BTreeMap::new(),
            halts: BTreeSet::new(),
            entries: Vec::new(),
            risked: (eastern::day(now), Money::ZERO),
            claimed: BTreeMap::new(),
            sent: BTreeSet::new(),
            made: BTreeMap::new(),
            booked: BTreeMap::new(),
            latest: BTreeMap::new(),
            reordered: BTreeSet::new(),
            fills_made: 0,
            quiet_points: 0,
        }
    }

    #[cfg(test)]
    pub(super) const fn set_cap_of_account(&mut self, cap: Money) {
        self.caps.money_per_account = cap;
    }

    pub(super) const fn now(&mut self, now: Timestamp) {
        self.now = now;
    }

    /// The first invariant that broke.
    pub(super) const fn breach(&self) -> Option<&Breach> {
        self.breach.as_ref()
    }

    pub(super) fn broke(&mut self, invariant: Invariant, what: String) {
        let at = self.now;
        self.breach.get_or_insert(Breach { invariant, at, what });
    }

    fn demand(&mut self, holds: bool, invariant: Invariant, what: impl FnOnce() -> String) {
        if !holds {
            self.broke(invariant, what());
        }
    }

    /// A transaction happened.
    pub(super) fn committed(&mut self, commit: &Commit) {
        let mut entries = Vec::new();
        for row in &commit.rows {
            match row {
                Row::Intent(intent) if intent.effect == Effect::Increases => entries.push(intent.clone()),
                Row::Order(order) => self.order(order),
                Row::Trade(trade) => {
                    self.trades.insert(trade.id, trade.clone());
                }
                Row::Fill(fill) => self.fill_booked(fill),
                Row::Halted(halt) => drop(self.halts.insert(halt.source)),
                Row::Resumed { source, .. } => drop(self.halts.remove(source)),
                _ => {}
            }
        }
        for intent in &entries {
            self.entry_committed(intent, commit.at);
        }
        self.forget();
    }

    fn order(&mut self, order: &Order) {
        self.orders.insert(order.intent, order.clone());
        if order.role == GroupRole::Exit && !order.state.is_final() {
            let working = |other: &&Order| {
                other.trade == order.trade
                    && other.role == GroupRole::Exit
                    && other.intent != order.intent
                    && !other.state.is_final()
            };
            let second = self.orders.values().find(working).map(|other| other.intent);
            self.demand(second.is_none(), Invariant::OneWorkingClose, || {
                format!("closes {:?} and {} of trade {} work at a time", second, order.intent, order.trade)
            });
        }
    }

    /// What is committed to be entered is within every cap, counted anew.
    fn entry_committed(&mut self, intent: &Intent, at: Timestamp) {
        let Action::Place(spec) = &intent.action else { return };
        let Some(trade) = intent.trade.and_then(|id| self.trades.get(&id)).cloned() else {
            return self.broke(Invariant::ExposureWithinCaps, format!("entry {} has no trade", intent.id));
        };
        if eastern::day(at) != self.risked.0 {
            self.risked = (eastern::day(at), Money::ZERO);
        }
        self.risked.1 += intent.worst_case;
        self.entries.retain(|entry| *entry > at - TimeSpan::from_seconds(60));
        self.entries.push(at);
        let caps = self.caps;
        let open = self.trades.values().filter(|trade| !trade.state.is_final()).count();
        let sums = [
            ("money_per_market", self.exposure(|other| other.ticker == trade.ticker), caps.money_per_market),
            ("money_per_event", self.exposure(|other| other.event == trade.event), caps.money_per_event),
            ("money_per_account", self.exposure(|_| true), caps.money_per_account),
            ("money_per_day", self.risked.1, caps.money_per_day),
        ];
        for (cap, sum, most) in sums {
            self.demand(sum <= most, Invariant::ExposureWithinCaps, || {
                format!("{cap} is {most}, and with entry {} it is {sum}", intent.id)
            });
        }
        let counts = [
            ("open_trades", open, caps.open_trades as usize),
            ("orders_per_minute", self.entries.len(), caps.orders_per_minute as usize),
        ];
        for (cap, count, most) in counts {
            self.demand(count <= most, Invariant::ExposureWithinCaps, || {
                format!("{cap} is {most}, and with entry {} it is {count}", intent.id)
            });
        }
        self.demand(spec.quantity <= caps.contracts_per_order, Invariant::ExposureWithinCaps, || {
            format!("entry {} is of {} contracts", intent.id, spec.quantity)
        });
    }

    fn exposure(&self, matches: impl Fn(&Trade) -> bool) -> Money {
        let open = |trade: &&Trade| !trade.state.is_final() && matches(trade);
        let held: Money = self.trades.values().filter(open).map(|trade| trade.open_cost).sum();
        let under_way: Money = self
            .orders
            .values()
            .filter(|order| !order.is_complete() && self.trades.get(&order.trade).is_some_and(&matches))
            .map(Order::open_worst_case)
            .sum();
        held + under_way
    }

    fn fill_booked(&mut self, fill: &Fill) {
        // One fill that nets one trade and opens another is booked in two parts.
        let id = FillId::new(fill.fill_id.as_str().trim_end_matches('+'));
        let Some(made) = self.made.get(&id).cloned() else {
            return self.broke(Invariant::FillsBookedOnce, format!("{id} was booked and never made"));
        };
        self.demand(fill.intent.is_some(), Invariant::FillsBookedOnce, || {
            format!("{id} was booked as somebody else's")
        });
        let latest = self.latest.entry(made.ticker.to_string()).or_insert(made.at);
        if made.at < *latest {
            self.reordered.insert(made.ticker.to_string());
        }
        *latest = (*latest).max(made.at);
        let booked = self.booked.entry(id.clone()).or_default();
        *booked += fill.quantity;
        let (booked, price) = (*booked, fill.side.convert_price(fill.price));
        self.demand(booked <= made.count, Invariant::FillsBookedOnce, || {
            format!("{booked} of {id} are booked and {} were made", made.count)
        });
        self.demand(price == made.price && fill.fee <= made.fee, Invariant::FillsBookedOnce, || {
            format!("{id} was booked at {price} with fee {} and made at {} with {}", fill.fee, made.price, made.fee)
        });
    }

    /// The executor has the right to send.
    pub(super) fn claimed(&mut self, intent: &Intent, signed_at: Timestamp, armed: bool, needs_arming: bool) {
        self.claimed.insert(intent.id, signed_at);
        if intent.effect != Effect::Increases {
            return;
        }
        let halts: Vec<&str> = self.halts.iter().map(|source| source.name()).collect();
        let halts = halts.join(", ");
        self.demand(halts.is_empty(), Invariant::NoEntryAfterHalt, || {
            format!("{} was claimed although halted by {halts}", intent.id)
        });
        self.demand(armed || !needs_arming, Invariant::NoEntryAfterDisarm, || {
            format!("{} was claimed although the desk is not armed", intent.id)
        });
        self.demand(intent.send_by.is_some_and(|by| signed_at <= by), Invariant::NoEntryAfterSendBy, || {
            format!("{} was signed at {signed_at}, to be sent by {:?}", intent.id, intent.send_by)
        });
    }

    /// The exchange is about to carry an intent out.
    pub(super) fn carried_out(&mut self, intent: &Intent, signed_at: Timestamp) {
        let now = self.now;
        let claimed = self.claimed.get(&intent.id) == Some(&signed_at);
        self.demand(claimed, Invariant::NoOrderWithoutClaim, || format!("{} was sent without a claim", intent.id));
        let first = self.sent.insert(intent.id);
        self.demand(first, Invariant::NoOrderWithoutClaim, || format!("{} was sent twice", intent.id));
        let latest = intent.send_by.map(|by| by + ACCEPTED_AGE);
        let late = intent.effect == Effect::Increases && latest.is_none_or(|latest| now > latest);
        self.demand(!late, Invariant::NoEntryAfterSendBy, || {
            format!("entry {} was taken at {now}, to be sent by {:?}", intent.id, intent.send_by)
        });
    }

    /// An order that meant to close was carried out: net positions in its market before and after.
    pub(super) fn closed(&mut self, intent: &Intent, before: Quantity, after: Quantity) {
        let (before, after) = (before.units(), after.units());
        let reduces = after.abs() <= before.abs() && after.signum() * before.signum() >= 0;
        self.demand(reduces, Invariant::ClosesOnlyReduce, || {
            format!("{} took the position from {before} to {after} hundredths", intent.id)
        });
    }

    /// An entry was carried out: it never trades against what is held.
    pub(super) fn entered(&mut self, intent: &Intent, before: Quantity, after: Quantity) {
        let grew = after.units().abs() >= before.units().abs() && after.units().signum() * before.units().signum() >= 0;
        self.demand(grew, Invariant::ClosesOnlyReduce, || {
            format!("entry {} took the position from {before} to {after} contracts", intent.id)
        });
    }

    /// The exchange made a fill.
    pub(super) fn fill_made(&mut self, fill: &ExchangeFill, twin: &Twin) {
        self.fills_made += 1;
        self.made.insert(FillId::new(fill.trade_id.as_str()), fill.clone());
        let cost: Money = twin.account().positions.values().map(|position| position.cost).sum();
        let most = self.caps.money_per_account;
        self.demand(cost <= most, Invariant::ExposureWithinCaps, || {
            format!("what is held at the exchange cost {cost}, money_per_account is {most}")
        });
    }

    /// Nothing is under way and everything that the exchange did was read.
    pub(super) fn quiet(&mut self, memory: &Memory, twin: &Twin) {
        self.quiet_points += 1;
        let (account, theirs) = (twin.account(), &twin.account().ledger);
        let cash = Account::Cash { exchange_index: CRYPTO_SHARD };
        let mut pairs = vec![
            ("cash".to_owned(), memory.balance(&cash), account.cash()),
            ("fees".to_owned(), memory.balance(&Account::Fees), theirs.balance(LedgerAccount::Fees)),
        ];
        let mut costs: BTreeMap<&str, (Money, Money)> = BTreeMap::new();
        for (account, balance) in &memory.ledger {
            if let Account::Position { ticker, .. } = account {
                costs.entry(ticker.as_str()).or_default().0 += *balance;
            }
        }
        for position in account.positions.values() {
            costs.entry(&position.ticker).or_default().1 += position.cost;
        }
        // Of a market whose fills were booked in another order than they were made, cost and result differ by what was
        // released first; their sum cannot, since every posting sums to zero and cash and fees are equal.
        costs.retain(|ticker, _| !self.reordered.contains(*ticker));
        pairs.extend(costs.into_iter().map(|(ticker, (ours, theirs))| (format!("cost of {ticker}"), ours, theirs)));
        if self.reordered.is_empty() {
            pairs.push(("result".to_owned(), memory.balance(&Account::Result), theirs.balance(LedgerAccount::Result)));
        }
        for (what, ours, theirs) in pairs {
            self.demand(ours == theirs, Invariant::LedgerEqualsExchange, || {
                format!("{what}: {ours} here, {theirs} there")
            });
        }
        let booked: Vec<FillId> = self
            .made
            .iter()
            .filter(|(id, made)| self.booked.get(*id).is_some_and(|booked| *booked == made.count))
            .map(|(id, _)| id.clone())
            .collect();
        let missing = self.made.len() - booked.len();
        self.demand(missing == 0, Invariant::FillsBookedOnce, || format!("{missing} fills are not booked"));
    }

    /// Keeps what can still matter.
    fn forget(&mut self) {
        const MANY: usize = 256;
        if self.orders.len() > MANY {
            self.orders.retain(|_, order| !order.is_complete());
        }
        if self.trades.len() > MANY {
            let orders = &self.orders;
            self.trades.retain(|id, trade| !trade.state.is_final() || orders.values().any(|order| order.trade == *id));
        }
    }
}
