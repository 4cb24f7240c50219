//! Money that comes, goes or moves to the ledger, each as far as the exchange says that it has come.
//!
//! What a movement moves follows from how far it has come (`FlowReport::lines`), so what is posted is the difference
//! from what was posted for it before: the same word again posts nothing, and one that is taken back is reversed.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use rec_domain::{
    ExchangeIndex, Money, TimeSpan, Timestamp,
    flow::{FlowKind, FlowReport, FlowStage},
    ledger::{Account, PostingKind},
    outbox::DeskEvent,
    report::Sweep,
    row::Row,
};

use super::{books::Books, draft::Draft};

/// How long before a start what moved may still wait to be found on another shard.
const UNPLACED: TimeSpan = TimeSpan::from_minutes(24 * 60);
/// What moved so shortly before books and exchange agreed may not have been in that.
const NOT_YET_COMPARED: TimeSpan = TimeSpan::from_minutes(5);

impl Books {
    /// Notes what a deposit or a withdrawal moved: the exchange does not say which shard it met.
    fn leave_unplaced(&mut self, kind: FlowKind, lines: &BTreeMap<Account, Money>) {
        if !matches!(kind, FlowKind::Deposit | FlowKind::Withdrawal) {
            return;
        }
        for (account, amount) in lines {
            if let Account::Cash { exchange_index } = account {
                *self.unplaced.entry(*exchange_index).or_default() += amount.abs();
            }
        }
    }

    /// The same after a start at `now`: what moved before books and exchange last agreed is placed.
    pub(super) fn recover_unplaced(&mut self, now: Timestamp) {
        let agreed = self.reconciliation.as_ref().and_then(|last| last.compared.agreed_as_of);
        let since = agreed.map(|as_of| as_of - NOT_YET_COMPARED).max(Some(now - UNPLACED));
        for flow in Arc::clone(&self.flows).values().filter(|flow| Some(flow.at) > since) {
            if self.opened_at.is_some_and(|opened| flow.at > opened) {
                self.leave_unplaced(flow.kind, &flow.lines());
            }
        }
    }
}

impl Draft<'_> {
    /// Posts what a movement of money has moved since it was last heard of.
    pub(super) fn flow_report(&mut self, report: &FlowReport) {
        let key = report.key();
        let known = self.books.flows.get(&key).cloned();
        if known.as_ref() == Some(report) {
            return;
        }
        if let FlowStage::Other(word) = &report.stage {
            let kind = report.kind.name();
            return self.alarm(format!("{kind} {} of {} is \"{word}\": nothing is posted", report.id, report.amount));
        }
        self.rows.push(Row::Flow(report.clone()));
        Arc::make_mut(&mut self.books.flows).insert(key, report.clone());
        // What moved before the ledger was opened is part of what it was opened with.
        let is_new = self.books.opened_at.is_some_and(|opened| known.is_some() || report.at > opened);
        if !is_new {
            return;
        }
        let mut lines = report.lines();
        let is_taken_back = lines.is_empty();
        for (account, amount) in known.iter().flat_map(FlowReport::lines) {
            *lines.entry(account).or_default() -= amount;
        }
        lines.retain(|_, amount| !amount.is_zero());
        if lines.is_empty() {
            return;
        }
        self.books.leave_unplaced(report.kind, &lines);
        let kind = if is_taken_back { PostingKind::Reversal } else { report.kind.posting() };
        let note = format!("{} {}, {}", report.kind.name(), report.id, report.stage.name());
        self.post(kind, report.at, None, None, note, lines.into_iter().collect());
        let (kind, stage) = (report.kind, report.stage.clone());
        self.event(DeskEvent::Flow { kind, stage, amount: report.amount });
    }

    /// What has left one shard and not arrived at another, of what was seen before the ledger was opened.
    pub(super) fn in_transit(&self) -> Money {
        let lines = self.books.flows.values().flat_map(FlowReport::lines);
        lines.filter(|(account, _)| *account == Account::Transit).map(|(_, amount)| amount).sum()
    }

    /// Posts how much cash resting orders bind; those of this desk never rest. Free cash is less by it at once, also
    /// while something is under way and nothing can be compared.
    ///
    /// What a reading found holds until the next one. A hand's order that filled after the resting orders were read is
    /// paid for in the books and still bound in them, so free cash is too little for that while; where it has less to
    /// close than was read it is too much, and the exchange refuses what cannot be paid. To be exact the books would
    /// have to follow every order of a hand.
    pub(super) fn bind_cash(&mut self, sweep: &Sweep) {
        let stated: BTreeMap<ExchangeIndex, Money> = sweep.reserved.iter().copied().collect();
        let known = self.books.ledger.keys().filter_map(|account| match account {
            Account::Reserved { exchange_index } => Some(*exchange_index),
            _ => None,
        });
        let shards: BTreeSet<ExchangeIndex> = known.chain(stated.keys().copied()).collect();
        for exchange_index in shards {
            let bound = stated.get(&exchange_index).copied().unwrap_or_default();
            let more = bound - self.books.reserved(exchange_index);
            if !more.is_zero() {
                let lines =
                    vec![(Account::Cash { exchange_index }, -more), (Account::Reserved { exchange_index }, more)];
                let note = format!("resting orders bind {bound} on shard {exchange_index}");
                let kind = if more.is_positive() { PostingKind::Reserve } else { PostingKind::Release };
                self.post(kind, sweep.as_of, None, None, note, lines);
            }
        }
    }
}
