//! What the database keeps, in memory, with the rules that it enforces: those of `engine` (which property tests hold
//! the SQL to) and the schema's unique keys.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use rec_domain::{
    DecisionId, DeskId, ExchangeIndex, FillId, IntentId, MarketTicker, Mode, Money, OrderGroupId, Side, TimeSpan,
    Timestamp, TradeId,
    answer::{Answer, ClaimRefusal},
    arming::Arming,
    caps::{EquityPeak, Tightening},
    command::DeskReply,
    desk_view::Cursors,
    eastern::{self, EasternDay},
    fill::Fill,
    flow::FlowReport,
    halt::{Halt, HaltSource},
    intent::{Action, GroupRole, Intent},
    ledger::{Account, Posting, PostingKind},
    order::Order,
    reconciliation::Reconciliation,
    refusal::RefusalCode,
    report::{FillReport, SettlementReport},
    row::{Commit, Row},
    settings::AutomationSettings,
    trade::Trade,
};
use rec_engine::claim::{ClaimFacts, may_claim};

use super::inbox::Inbox;

/// Answers to requests that are kept, as the database reads them back.
pub(super) const DECISIONS_KEPT: usize = 4_096;
/// How long a lease holds without renewal.
pub(super) const LEASE: TimeSpan = TimeSpan::from_seconds(10);

/// Why a transaction did not happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum CommitError {
    /// The lease has another epoch or has run out.
    LeaseLost,
    /// A rule of the schema forbids it.
    Constraint(String),
}

/// Committed facts.
#[derive(Debug)]
pub(super) struct Memory {
    pub(super) desk: DeskId,
    pub(super) mode: Mode,
    pub(super) epoch: u32,
    pub(super) lease_until: Timestamp,
    commits: BTreeSet<(u32, i64)>,
    pub(super) intents: BTreeMap<IntentId, Intent>,
    pub(super) claims: BTreeMap<IntentId, Timestamp>,
    answers: Vec<Answer>,
    /// Numbers of the answers to each intent.
    pub(super) answered: BTreeMap<IntentId, Vec<i64>>,
    /// Intents that have no answer.
    pub(super) unanswered: BTreeSet<IntentId>,
    pub(super) inbox: Inbox,
    pub(super) halts: BTreeMap<HaltSource, Halt>,
    pub(super) groups: BTreeMap<(GroupRole, ExchangeIndex), (OrderGroupId, bool)>,
    pub(super) orders: BTreeMap<IntentId, Order>,
    /// Orders whose trade they belong to.
    pub(super) orders_of: BTreeMap<TradeId, Vec<IntentId>>,
    working_closes: BTreeMap<TradeId, IntentId>,
    /// Orders that are not complete.
    incomplete: BTreeSet<IntentId>,
    pub(super) trades: BTreeMap<TradeId, Trade>,
    held: BTreeMap<(MarketTicker, Side), TradeId>,
    pub(super) fills: BTreeMap<FillId, Fill>,
    pub(super) parked_fills: Vec<FillReport>,
    pub(super) parked_settlements: Vec<SettlementReport>,
    pub(super) flows: BTreeMap<String, FlowReport>,
    pub(super) postings: Vec<Posting>,
    pub(super) ledger: BTreeMap<Account, Money>,
    pub(super) decisions: VecDeque<(DecisionId, DeskReply)>,
    pub(super) automation: Option<AutomationSettings>,
    pub(super) reconciliation: Option<Reconciliation>,
    pub(super) cursors: Cursors,
    pub(super) tightened: Option<Tightening>,
    pub(super) peak: Option<EquityPeak>,
    pub(super) arming: Option<Arming>,
    /// Wrong codes of the second factor.
    pub(super) wrong_codes: Vec<Timestamp>,
    pub(super) last_code: Option<i64>,
    /// The last posting by which each trade was paid, by its place.
    payments: BTreeMap<TradeId, usize>,
    /// What orders were sent again by.
    pub(super) repeats: BTreeMap<IntentId, Vec<IntentId>>,
    /// Refusals of an Eastern day by reason.
    refusals: (EasternDay, BTreeMap<RefusalCode, u64>),
}

impl Memory {
    /// An empty database.
    pub(super) fn new(desk: DeskId, mode: Mode) -> Self {
        Self {
            desk,
            mode,
            epoch: 0,
            lease_until: Timestamp::default(),
            commits: BTreeSet::new(),
            intents: BTreeMap::new(),
            claims: BTreeMap::new(),
            answers: Vec::new(),
            answered: BTreeMap::new(),
            unanswered: BTreeSet::new(),
            inbox: Inbox::default(),
            halts: BTreeMap::new(),
            groups: BTreeMap::new(),
            orders: BTreeMap::new(),
            orders_of: BTreeMap::new(),
            working_closes: BTreeMap::new(),
            incomplete: BTreeSet::new(),
            trades: BTreeMap::new(),
            held: BTreeMap::new(),
            fills: BTreeMap::new(),
            parked_fills: Vec::new(),
            parked_settlements: Vec::new(),
            flows: BTreeMap::new(),
            postings: Vec::new(),
            ledger: BTreeMap::new(),
            decisions: VecDeque::new(),
            automation: None,
            reconciliation: None,
            cursors: Cursors::default(),
            tightened: None,
            peak: None,
            arming: None,
            wrong_codes: Vec::new(),
            last_code: None,
            payments: BTreeMap::new(),
            repeats: BTreeMap::new(),
            refusals: (eastern::day(Timestamp::default()), BTreeMap::new()),
        }
    }

    /// Takes the lease; its epoch is one that never was.
    pub(super) fn take_lease(&mut self, now: Timestamp) -> u32 {
        self.epoch += 1;
        self.lease_until = now + LEASE;
        self.epoch
    }

    /// Renews the lease, unless it is somebody else's or has run out.
    pub(super) fn renew_lease(&mut self, epoch: u32, now: Timestamp) -> bool {
        let held = self.epoch == epoch && now < self.lease_until;
        if held {
            self.lease_until = now + LEASE;
        }
        held
    }

    /// Commits.
    ///
    /// # Errors
    /// When the lease or a rule of the schema forbids it. What a broken rule leaves behind is not undone: a
    /// simulation ends there.
    pub(super) fn commit(&mut self, commit: &Commit, now: Timestamp) -> Result<(), CommitError> {
        if commit.epoch != self.epoch || now >= self.lease_until {
            return Err(CommitError::LeaseLost);
        }
        let taken = self.commits.insert((commit.epoch, commit.number));
        demand(taken, || format!("commit {} of epoch {} exists", commit.number, commit.epoch))?;
        if self.refusals.0 != eastern::day(commit.at) {
            self.refusals = (eastern::day(commit.at), BTreeMap::new());
        }
        commit.rows.iter().try_for_each(|row| self.take(row, commit.at))
    }

    /// Whether a commit happened.
    pub(super) fn was_committed(&self, epoch: u32, number: i64) -> bool {
        self.commits.contains(&(epoch, number))
    }

    fn take(&mut self, row: &Row, at: Timestamp) -> Result<(), CommitError> {
        match row {
            Row::Intent(intent) => {
                let earlier = self.intents.insert(intent.id, intent.clone());
                if let Action::Repeat { of, .. } = &intent.action {
                    self.repeats.entry(*of).or_default().push(intent.id);
                }
                self.unanswered.insert(intent.id);
                demand(earlier.is_none(), || format!("intent {} exists", intent.id))?;
            }
            Row::Order(order) => self.take_order(order)?,
            Row::Trade(trade) => self.take_trade(trade)?,
            Row::Fill(fill) => {
                let earlier = self.fills.insert(fill.fill_id.clone(), fill.clone());
                demand(earlier.is_none(), || format!("fill {} is booked", fill.fill_id))?;
            }
            Row::Posting(posting) => self.take_posting(posting)?,
            Row::ParkedFill(fill) => self.parked_fills.push(fill.clone()),
            Row::UnparkedFill(fill) => self.parked_fills.retain(|parked| parked.fill_id != fill.fill_id),
            Row::ParkedSettlement(settlement) => self.parked_settlements.push(settlement.clone()),
            Row::UnparkedSettlement(settlement) => self.parked_settlements.retain(|parked| parked != settlement),
            Row::Halted(halt) => drop(self.halts.insert(halt.source, halt.clone())),
            Row::Resumed { source, .. } => drop(self.halts.remove(source)),
            Row::Group { role, exchange_index, group, tripped } => {
                self.groups.insert((*role, *exchange_index), (group.clone(), *tripped));
            }
            Row::Decision { decision, reply, .. } => {
                self.decisions.push_back((*decision, reply.clone()));
                if self.decisions.len() > DECISIONS_KEPT {
                    self.decisions.pop_front();
                }
            }
            Row::Armed(arming) => {
                let anew = self.arming.replace(arming.clone()).is_some_and(|before| before.since != arming.since);
                demand(!anew, || "a second arming is in force".to_owned())?;
            }
            Row::Disarmed { .. } => self.arming = None,
            Row::CodeTried { step: None } => self.wrong_codes.push(at),
            Row::CodeTried { step: Some(step) } => self.last_code = self.last_code.max(Some(*step)),
            Row::Flow(flow) => drop(self.flows.insert(flow.key(), flow.clone())),
            Row::Automation(settings) => self.automation = Some(settings.clone()),
            Row::Reconciliation(reconciliation) => self.reconciliation = Some(reconciliation.clone()),
            Row::Cursors(cursors) => self.cursors = *cursors,
            Row::Tightened(tightening) => self.tightened = Some(tightening.clone()),
            Row::EquityPeak(peak) => self.peak = Some(*peak),
            Row::Refused { refusal, .. } => *self.refusals.1.entry(refusal.code).or_default() += 1,
            _ => {}
        }
        Ok(())
    }

    /// At most one working close a trade.
    fn take_order(&mut self, order: &Order) -> Result<(), CommitError> {
        demand(self.intents.contains_key(&order.intent), || format!("order {} has no intent", order.intent))?;
        if order.is_complete() {
            self.incomplete.remove(&order.intent);
        } else {
            self.incomplete.insert(order.intent);
        }
        if self.orders.insert(order.intent, order.clone()).is_none() {
            self.orders_of.entry(order.trade).or_default().push(order.intent);
        }
        if order.role == GroupRole::Exit {
            let working = self.working_closes.get(&order.trade).copied();
            if !order.state.is_final() {
                self.working_closes.insert(order.trade, order.intent);
                let alone = working.is_none_or(|working| working == order.intent);
                demand(alone, || format!("a second working close of trade {}", order.trade))?;
            } else if working == Some(order.intent) {
                self.working_closes.remove(&order.trade);
            }
        }
        Ok(())
    }

    /// At most one trade a market and side that has not ended.
    fn take_trade(&mut self, trade: &Trade) -> Result<(), CommitError> {
        let key = (trade.ticker.clone(), trade.side);
        self.trades.insert(trade.id, trade.clone());
        let holder = self.held.get(&key).copied();
        if trade.state.is_final() {
            if holder == Some(trade.id) {
                self.held.remove(&key);
            }
            return Ok(());
        }
        self.held.insert(key, trade.id);
        let alone = holder.is_none_or(|holder| holder == trade.id);
        demand(alone, || format!("a second open trade in {} {}", trade.ticker, trade.side))
    }

    fn take_posting(&mut self, posting: &Posting) -> Result<(), CommitError> {
        let sum: Money = posting.lines().iter().map(|(_, amount)| *amount).sum();
        demand(sum.is_zero(), || format!("posting {} sums to {sum}", posting.number))?;
        let follows = self.postings.last().map_or(1, |last| last.number + 1);
        demand(posting.number == follows, || format!("posting {} follows {}", posting.number, follows - 1))?;
        for (account, amount) in posting.lines() {
            *self.ledger.entry(account.clone()).or_default() += *amount;
        }
        if let (PostingKind::Settlement, Some(trade)) = (posting.kind, posting.trade) {
            self.payments.insert(trade, self.postings.len());
        }
        self.postings.push(posting.clone());
        Ok(())
    }

    /// Claims an intent.
    ///
    /// # Errors
    /// The rule that forbids it.
    pub(super) fn claim(&mut self, id: IntentId, signed_at: Timestamp, now: Timestamp) -> Result<Intent, ClaimRefusal> {
        let intent = self.intents.get(&id).ok_or(ClaimRefusal::Missing)?;
        may_claim(&ClaimFacts {
            committed: true,
            claimed: self.claims.contains_key(&id),
            intent_epoch: intent.epoch,
            lease_epoch: self.epoch,
            lease_valid: now < self.lease_until,
            effect: intent.effect,
            send_by: intent.send_by,
            now,
            halted: !self.halts.is_empty(),
            mode: self.mode,
            armed: self.arming.as_ref().is_some_and(|arming| arming.holds(now)),
        })?;
        self.claims.insert(id, signed_at);
        Ok(intent.clone())
    }

    /// Committed intents without claim or answer, oldest first.
    pub(super) fn unclaimed(&self) -> Vec<IntentId> {
        let mut ids: Vec<_> = self.unanswered.iter().copied().filter(|id| !self.claims.contains_key(id)).collect();
        ids.sort_by_key(|id| (self.intents.get(id).map(|intent| intent.created_at), *id));
        ids
    }

    /// Claims without answer.
    pub(super) fn orphans(&self) -> Vec<(IntentId, Timestamp)> {
        self.unanswered.iter().filter_map(|id| Some((*id, *self.claims.get(id)?))).collect()
    }

    /// Appends an answer; the same one again is taken once.
    pub(super) fn append_answer(&mut self, answer: &Answer) {
        let numbers = self.answered.entry(answer.intent).or_default();
        let known = |number: &i64| usize::try_from(*number - 1).ok().and_then(|place| self.answers.get(place));
        if numbers.iter().filter_map(known).any(|earlier| earlier == answer) {
            return;
        }
        self.answers.push(answer.clone());
        numbers.push(number(self.answers.len()));
        self.unanswered.remove(&answer.intent);
    }

    /// Answers after the one numbered `after`, in order.
    pub(super) fn answers_after(&self, after: i64) -> Vec<(i64, Answer)> {
        let from = usize::try_from(after).unwrap_or(0);
        (after + 1..).zip(self.answers.iter().skip(from).cloned()).collect()
    }

    /// One of the answers.
    pub(super) fn answer(&self, number: i64) -> Option<&Answer> {
        self.answers.get(usize::try_from(number - 1).ok()?)
    }

    /// Refusals of the Eastern day of `now` by reason.
    pub(super) fn refusals_of_day(&self, now: Timestamp) -> BTreeMap<RefusalCode, u64> {
        let (day, refusals) = &self.refusals;
        if *day == eastern::day(now) { refusals.clone() } else { BTreeMap::new() }
    }

    /// Whether no order is under way and no fill waits for its order.
    pub(super) fn is_at_rest(&self) -> bool {
        self.incomplete.is_empty() && self.parked_fills.is_empty()
    }

    /// The last posting by which a trade was paid.
    pub(super) fn payment_of(&self, trade: TradeId) -> Option<Posting> {
        self.postings.get(*self.payments.get(&trade)?).cloned()
    }

    /// Balance of an account.
    pub(super) fn balance(&self, account: &Account) -> Money {
        self.ledger.get(account).copied().unwrap_or_default()
    }
}

fn demand(holds: bool, broken: impl FnOnce() -> String) -> Result<(), CommitError> {
    if holds { Ok(()) } else { Err(CommitError::Constraint(broken())) }
}

fn number(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}
