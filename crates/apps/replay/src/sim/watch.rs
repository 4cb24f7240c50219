//! Looks after every step whether something has happened that must never happen.
//!
//! The watch believes nobody's sums: it keeps its own small books, of the rows that were committed and of what the
//! exchange did, and looks only at what a step has changed.

use std::collections::{BTreeMap, BTreeSet};

use rec_domain::{
    FillId, IntentId, Mode, Money, Quantity, TimeSpan, Timestamp, TradeId,
    arming::Arming,
    caps::RiskCaps,
    eastern,
    fill::Fill,
    halt::HaltSource,
    intent::{Action, Effect, GroupRole, Intent},
    order::Order,
    row::{Commit, Row},
    trade::Trade,
};
use rec_twin::core::{Twin, account::Fill as ExchangeFill};

use super::invariant::{Breach, Invariant};

/// A signature older than this is refused by the exchange.
pub(super) const ACCEPTED_AGE: TimeSpan = TimeSpan::from_seconds(5);

/// A fill of the exchange.
#[derive(Debug, Clone)]
struct Made {
    fill: ExchangeFill,
    /// Whether the order was the desk's.
    own: bool,
}

/// What a hand did in a market.
#[derive(Debug, Clone, Copy, Default)]
struct Hand {
    /// When its last fill was made, or was booked by the desk, which could decide on it from then.
    last_at: Timestamp,
    spent: Money,
}

/// The watch over everything.
#[derive(Debug)]
pub(super) struct Watch {
    caps: RiskCaps,
    mode: Mode,
    now: Timestamp,
    breach: Option<Breach>,
    trades: BTreeMap<TradeId, Trade>,
    orders: BTreeMap<IntentId, Order>,
    halts: BTreeSet<HaltSource>,
    arming: Option<Arming>,
    /// When entries were committed in the last minute, and what they can cost today.
    entries: Vec<Timestamp>,
    risked: (eastern::EasternDay, Money),
    claimed: BTreeMap<IntentId, Timestamp>,
    sent: BTreeSet<IntentId>,
    made: BTreeMap<FillId, Made>,
    /// Contracts of each fill that are booked.
    booked: BTreeMap<FillId, Quantity>,
    /// Fills that are not booked, or not all of them.
    pub(super) missing: BTreeSet<FillId>,
    /// What a hand did in each market.
    hands: BTreeMap<String, Hand>,
    /// Money that came to or went from another shard than the first, which the lists do not say, and that the ledger
    /// was not seen to have there yet.
    pub(super) unplaced: Vec<Money>,
    pub(super) fills_made: u64,
    pub(super) quiet_points: u64,
}

impl Watch {
    pub(super) fn new(caps: RiskCaps, mode: Mode, now: Timestamp) -> Self {
        Self {
            caps,
            mode,
            now,
            breach: None,
            trades: BTreeMap::new(),
            orders: BTreeMap::new(),
            halts: BTreeSet::new(),
            arming: None,
            entries: Vec::new(),
            risked: (eastern::day(now), Money::ZERO),
            claimed: BTreeMap::new(),
            sent: BTreeSet::new(),
            made: BTreeMap::new(),
            booked: BTreeMap::new(),
            missing: BTreeSet::new(),
            hands: BTreeMap::new(),
            unplaced: Vec::new(),
            fills_made: 0,
            quiet_points: 0,
        }
    }

    #[cfg(test)]
    pub(super) const fn set_cap_of_account(&mut self, cap: Money) {
        self.caps.money_per_account = cap;
    }

    #[cfg(test)]
    pub(super) const fn set_mode(&mut self, mode: Mode) {
        self.mode = mode;
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

    pub(super) fn demand(&mut self, holds: bool, invariant: Invariant, what: impl FnOnce() -> String) {
        if !holds {
            self.broke(invariant, what());
        }
    }

    /// A transaction happened.
    pub(super) fn committed(&mut self, commit: &Commit) {
        let mut entries: Vec<Intent> = Vec::new();
        for row in &commit.rows {
            match row {
                Row::Intent(intent) if intent.effect == Effect::Increases => entries.push(intent.clone()),
                Row::Order(order) => self.order(order),
                // What comes after it in the same commit was not known to the gate.
                Row::Admitted { intent, .. } => {
                    if let Some(place) = entries.iter().position(|entry| entry.id == *intent) {
                        self.entry_committed(&entries.swap_remove(place), commit.at);
                    }
                }
                Row::Trade(trade) => {
                    self.trades.insert(trade.id, trade.clone());
                }
                Row::Fill(fill) => self.fill_booked(fill),
                Row::Halted(halt) => drop(self.halts.insert(halt.source)),
                Row::Resumed { source, .. } => drop(self.halts.remove(source)),
                Row::Armed(arming) => self.arming = Some(arming.clone()),
                Row::Disarmed { .. } => self.arming = None,
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
        let Some(Made { fill: made, own }) = self.made.get(&id).cloned() else {
            return self.broke(Invariant::FillsBookedOnce, format!("{id} was booked and never made"));
        };
        self.demand(fill.intent.is_some() == own, Invariant::FillsBookedOnce, || {
            format!("{id} was booked to order {:?}; it is the desk's own: {own}", fill.intent)
        });
        if let Some(hand) = self.hands.get_mut(&*made.ticker).filter(|_| !own) {
            hand.last_at = hand.last_at.max(self.now);
        }
        let booked = self.booked.entry(id.clone()).or_default();
        *booked += fill.quantity;
        let (booked, price) = (*booked, fill.side.convert_price(fill.price));
        if booked == made.count {
            self.missing.remove(&id);
        }
        self.demand(booked <= made.count, Invariant::FillsBookedOnce, || {
            format!("{booked} of {id} are booked and {} were made", made.count)
        });
        self.demand(price == made.price && fill.fee <= made.fee, Invariant::FillsBookedOnce, || {
            format!("{id} was booked at {price} with fee {} and made at {} with {}", fill.fee, made.price, made.fee)
        });
    }

    /// The executor has the right to send.
    pub(super) fn claimed(&mut self, intent: &Intent, signed_at: Timestamp) {
        let now = self.now;
        self.claimed.insert(intent.id, signed_at);
        if intent.effect != Effect::Increases {
            return;
        }
        let halts: Vec<&str> = self.halts.iter().map(|source| source.name()).collect();
        let halts = halts.join(", ");
        self.demand(halts.is_empty(), Invariant::NoEntryAfterHalt, || {
            format!("{} was claimed although halted by {halts}", intent.id)
        });
        let armed = self.arming.as_ref().is_some_and(|arming| !arming.unproven && now < arming.until);
        self.demand(armed || !self.mode.needs_arming(), Invariant::NoEntryAfterDisarm, || {
            format!("{} was claimed although the desk is not armed", intent.id)
        });
        self.demand(intent.send_by.is_some_and(|by| now <= by), Invariant::NoEntryAfterSendBy, || {
            format!("{} was claimed at {now}, to be sent by {:?}", intent.id, intent.send_by)
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

    /// An entry was carried out: it never trades against what is held, unless a hand bought that, or the desk heard of it,
    /// after the entry was decided.
    pub(super) fn entered(&mut self, intent: &Intent, ticker: &str, before: Quantity, after: Quantity) {
        let of_a_hand = |id: &FillId| self.made.get(id).is_some_and(|made| !made.own && *made.fill.ticker == *ticker);
        let meanwhile = self.hands.get(ticker).is_some_and(|hand| hand.last_at >= intent.created_at);
        if meanwhile || self.missing.iter().any(of_a_hand) {
            return;
        }
        let grew = after.units().abs() >= before.units().abs() && after.units().signum() * before.units().signum() >= 0;
        self.demand(grew, Invariant::ClosesOnlyReduce, || {
            format!("entry {} took the position from {before} to {after} contracts", intent.id)
        });
    }

    /// The exchange made a fill.
    pub(super) fn fill_made(&mut self, fill: &ExchangeFill, own: bool, twin: &Twin) {
        self.fills_made += 1;
        let id = FillId::new(fill.trade_id.as_str());
        self.missing.insert(id.clone());
        self.made.insert(id, Made { fill: fill.clone(), own });
        if !own {
            let hand = self.hands.entry(fill.ticker.to_string()).or_default();
            hand.last_at = fill.at;
            hand.spent += fill.side.acquired().convert_price(fill.price) * fill.count;
        }
        let held = || twin.account().positions.values().filter(|position| !position.settled);
        let cost: Money = held().map(|position| position.cost).sum();
        // No cap binds a hand.
        let by_hand: Money =
            held().filter_map(|position| self.hands.get(&*position.ticker)).map(|hand| hand.spent).sum();
        let most = self.caps.money_per_account + by_hand;
        self.demand(cost <= most, Invariant::ExposureWithinCaps, || {
            format!("what is held at the exchange cost {cost}, money_per_account and a hand's own come to {most}")
        });
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
