//! Which states and transitions a simulation has reached.

use std::collections::BTreeMap;

use rec_domain::{
    IntentId, Timestamp, TradeId,
    halt::HaltSource,
    order::OrderState,
    row::{Commit, Row},
    trade::TradeState,
};
use rec_twin::core::{
    TimeInForce,
    account::{Order as ExchangeOrder, OrderStatus},
};
use serde::Serialize;

/// How often each transition was committed, by its name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// Orders, as `intended > unknown`; a new one comes from `new`.
    pub orders: BTreeMap<String, u64>,
    /// Trades, in the same way.
    pub trades: BTreeMap<String, u64>,
    /// Halts, as `operator begins`.
    pub halts: BTreeMap<String, u64>,
    /// Armings, as `armed` and `disarmed: its time was over`.
    pub armings: BTreeMap<String, u64>,
    /// Postings of the ledger by kind, as `deposit`.
    pub postings: BTreeMap<String, u64>,
    /// A hand's orders that rest, as `resting > partly filled: Trade`, with the exchange's word for why.
    pub resting: BTreeMap<String, u64>,
}

impl Coverage {
    /// Adds what another simulation has reached.
    pub(super) fn add(&mut self, other: &Self) {
        for (mine, theirs) in [
            (&mut self.orders, &other.orders),
            (&mut self.trades, &other.trades),
            (&mut self.halts, &other.halts),
            (&mut self.armings, &other.armings),
            (&mut self.postings, &other.postings),
            (&mut self.resting, &other.resting),
        ] {
            for (name, count) in theirs {
                *mine.entry(name.clone()).or_default() += count;
            }
        }
    }

    /// States that were reached, of all that there are: orders, trades, sources of halts.
    #[must_use]
    pub fn states(&self) -> [(usize, usize); 3] {
        let reached = |transitions: &BTreeMap<String, u64>, name: &str| {
            transitions.keys().any(|transition| transition.ends_with(&format!("> {name}")))
        };
        let orders = OrderState::ALL.iter().filter(|state| reached(&self.orders, state.name())).count();
        let trades = TradeState::ALL.iter().filter(|state| reached(&self.trades, state.name())).count();
        let begun = |source: &&HaltSource| self.halts.contains_key(&format!("{source} begins"));
        let halts = HaltSource::ALL.iter().filter(begun).count();
        [(orders, OrderState::ALL.len()), (trades, TradeState::ALL.len()), (halts, HaltSource::ALL.len())]
    }
}

/// Follows orders and trades from commit to commit.
#[derive(Debug, Default)]
pub(super) struct Follower {
    orders: BTreeMap<IntentId, OrderState>,
    trades: BTreeMap<TradeId, TradeState>,
    halts: BTreeMap<HaltSource, ()>,
    order_steps: BTreeMap<(Option<&'static str>, &'static str), u64>,
    trade_steps: BTreeMap<(Option<&'static str>, &'static str), u64>,
    halt_steps: BTreeMap<(&'static str, &'static str), u64>,
    armed_since: Option<Timestamp>,
    armings: BTreeMap<String, u64>,
    postings: BTreeMap<&'static str, u64>,
    resting: BTreeMap<u64, &'static str>,
    resting_steps: BTreeMap<(Option<&'static str>, &'static str, Option<&'static str>), u64>,
}

impl Follower {
    /// The exchange said how an order stands: that of a hand, if it is one that may rest.
    pub(super) fn told(&mut self, order: &ExchangeOrder) {
        if order.time_in_force != TimeInForce::GoodTillCanceled {
            return;
        }
        let stands = match order.status {
            OrderStatus::Resting if order.filled.is_positive() => "partly filled",
            status => status.name(),
        };
        let before = self.resting.insert(order.number, stands);
        *self.resting_steps.entry((before, stands, order.reason)).or_default() += 1;
    }

    pub(super) fn committed(&mut self, commit: &Commit) {
        for row in &commit.rows {
            match row {
                Row::Order(order) => {
                    let before = self.orders.insert(order.intent, order.state);
                    if before != Some(order.state) {
                        let step = (before.map(OrderState::name), order.state.name());
                        *self.order_steps.entry(step).or_default() += 1;
                    }
                }
                Row::Trade(trade) => {
                    let before = self.trades.insert(trade.id, trade.state);
                    if before != Some(trade.state) {
                        let step = (before.map(TradeState::name), trade.state.name());
                        *self.trade_steps.entry(step).or_default() += 1;
                    }
                }
                Row::Halted(halt) => {
                    let word = if self.halts.insert(halt.source, ()).is_none() { "begins" } else { "changes" };
                    *self.halt_steps.entry((halt.source.name(), word)).or_default() += 1;
                }
                Row::Resumed { source, .. } => {
                    self.halts.remove(source);
                    *self.halt_steps.entry((source.name(), "ends")).or_default() += 1;
                }
                Row::Posting(posting) => *self.postings.entry(posting.kind.name()).or_default() += 1,
                Row::Armed(arming) => {
                    let known = self.armed_since.replace(arming.since) == Some(arming.since);
                    let word = match (known, arming.unproven) {
                        (false, _) => "armed",
                        (true, true) => "kept after a crash",
                        (true, false) => "proven after it",
                    };
                    *self.armings.entry(word.to_owned()).or_default() += 1;
                }
                Row::Disarmed { reason } => *self.armings.entry(format!("disarmed: {reason}")).or_default() += 1,
                _ => {}
            }
        }
    }

    pub(super) fn coverage(&self) -> Coverage {
        let named = |steps: &BTreeMap<(Option<&str>, &str), u64>| {
            let name = |(from, to): &(Option<&str>, &str)| format!("{} > {to}", from.unwrap_or("new"));
            steps.iter().map(|(step, count)| (name(step), *count)).collect()
        };
        Coverage {
            orders: named(&self.order_steps),
            trades: named(&self.trade_steps),
            halts: self.halt_steps.iter().map(|((source, word), count)| (format!("{source} {word}"), *count)).collect(),
            armings: self.armings.clone(),
            postings: self.postings.iter().map(|(kind, count)| ((*kind).to_owned(), *count)).collect(),
            resting: self
                .resting_steps
                .iter()
                .map(|((from, to, why), count)| {
                    let why = why.map(|why| format!(": {why}")).unwrap_or_default();
                    (format!("{} > {to}{why}", from.unwrap_or("new")), *count)
                })
                .collect(),
        }
    }
}
