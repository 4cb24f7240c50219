//! What the database keeps, with the rules that it enforces, in memory.

use std::collections::{BTreeMap, BTreeSet};

use rec_domain::{
    IntentId, Mode, Timestamp,
    answer::{Answer, ClaimRefusal},
    fill::Fill,
    halt::HaltSource,
    intent::{GroupRole, Intent},
    ledger::Posting,
    order::{Order, OrderState},
    report::Report,
    row::{Commit, Row},
    trade::Trade,
};
use rec_engine::claim::{ClaimFacts, may_claim};

/// Committed facts.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    epoch: u32,
    intents: BTreeMap<IntentId, Intent>,
    claims: BTreeMap<IntentId, Timestamp>,
    answers: Vec<Answer>,
    inbox: Vec<Report>,
    inbox_keys: BTreeSet<String>,
    halts: BTreeSet<HaltSource>,
    orders: BTreeMap<IntentId, Order>,
    trades: BTreeMap<i64, Trade>,
    fills: BTreeMap<String, Fill>,
    postings: Vec<Posting>,
}

impl Memory {
    /// An empty database whose lease has an epoch.
    #[must_use]
    pub fn new(epoch: u32) -> Self {
        Self { epoch, ..Self::default() }
    }

    /// Commits, or says which rule of the schema the rows break.
    ///
    /// # Errors
    /// When a row breaks a rule; nothing is changed then.
    pub fn commit(&mut self, commit: &Commit) -> Result<(), String> {
        if commit.epoch != self.epoch {
            return Err("the lease has another epoch".to_owned());
        }
        let mut next = self.clone();
        commit.rows.iter().try_for_each(|row| next.take(row))?;
        next.check()?;
        *self = next;
        Ok(())
    }

    fn take(&mut self, row: &Row) -> Result<(), String> {
        match row {
            Row::Intent(intent) => {
                let earlier = self.intents.insert(intent.id, intent.clone());
                return earlier.map_or(Ok(()), |_| Err(format!("intent {} exists", intent.id)));
            }
            Row::Order(order) => {
                if !self.intents.contains_key(&order.intent) {
                    return Err(format!("order {} has no intent", order.intent));
                }
                self.orders.insert(order.intent, order.clone());
            }
            Row::Trade(trade) => {
                self.trades.insert(trade.id.get(), trade.clone());
            }
            Row::Fill(fill) => {
                let earlier = self.fills.insert(fill.fill_id.to_string(), fill.clone());
                return earlier.map_or(Ok(()), |_| Err(format!("fill {} is booked", fill.fill_id)));
            }
            Row::Posting(posting) => self.postings.push(posting.clone()),
            Row::Halted(halt) => {
                self.halts.insert(halt.source);
            }
            Row::Resumed { source, .. } => {
                self.halts.remove(source);
            }
            _ => {}
        }
        Ok(())
    }

    /// The partial unique indexes.
    fn check(&self) -> Result<(), String> {
        let mut held = BTreeSet::new();
        for trade in self.trades.values().filter(|trade| !trade.state.is_final()) {
            if !held.insert((trade.ticker.clone(), trade.side)) {
                return Err(format!("a second open trade in {} {}", trade.ticker, trade.side));
            }
        }
        let mut closing = BTreeSet::new();
        let exits = self.orders.values().filter(|order| order.role == GroupRole::Exit && !order.state.is_final());
        for order in exits {
            if !closing.insert(order.trade) {
                return Err(format!("a second working close of trade {}", order.trade));
            }
        }
        Ok(())
    }

    /// Claims an intent.
    ///
    /// # Errors
    /// The rule that forbids it.
    pub fn claim(&mut self, id: IntentId, signed_at: Timestamp) -> Result<Intent, ClaimRefusal> {
        let intent = self.intents.get(&id).ok_or(ClaimRefusal::Missing)?;
        may_claim(&ClaimFacts {
            committed: true,
            claimed: self.claims.contains_key(&id),
            intent_epoch: intent.epoch,
            lease_epoch: self.epoch,
            lease_valid: true,
            effect: intent.effect,
            send_by: intent.send_by,
            signed_at,
            halted: !self.halts.is_empty(),
            mode: Mode::Twin,
            armed: false,
        })?;
        self.claims.insert(id, signed_at);
        Ok(intent.clone())
    }

    /// Committed intents without claim or answer.
    #[must_use]
    pub fn unanswered(&self) -> Vec<IntentId> {
        let answered = |id: &IntentId| self.answers.iter().any(|answer| answer.intent == *id);
        self.intents.keys().copied().filter(|id| !self.claims.contains_key(id) && !answered(id)).collect()
    }

    /// Claims without answer.
    #[must_use]
    pub fn orphans(&self) -> Vec<(IntentId, Timestamp)> {
        let answered = |id: &IntentId| self.answers.iter().any(|answer| answer.intent == *id);
        self.claims.iter().filter(|(id, _)| !answered(id)).map(|(id, at)| (*id, *at)).collect()
    }

    /// Appends an answer and gives its number.
    pub fn append_answer(&mut self, answer: Answer) -> i64 {
        self.answers.push(answer);
        number(self.answers.len())
    }

    /// Appends a report unless it is there, and gives the number of a new one.
    pub fn append_report(&mut self, report: Report) -> Option<i64> {
        self.inbox_keys.insert(report.key()).then(|| {
            self.inbox.push(report);
            number(self.inbox.len())
        })
    }

    /// Booked fills.
    pub fn fills(&self) -> impl Iterator<Item = &Fill> {
        self.fills.values()
    }

    /// Trades, ended ones included.
    pub fn trades(&self) -> impl Iterator<Item = &Trade> {
        self.trades.values()
    }

    /// Orders in a state.
    #[must_use]
    pub fn orders_in(&self, state: OrderState) -> usize {
        self.orders.values().filter(|order| order.state == state).count()
    }

    /// Whether an intent was claimed.
    #[must_use]
    pub fn is_claimed(&self, id: &IntentId) -> bool {
        self.claims.contains_key(id)
    }
}

fn number(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}
