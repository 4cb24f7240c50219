//! What only the operator may do to the books: explain a difference of cash, book what fits nothing as the exchange
//! states it, and end a halt of the comparison.

use rec_domain::{
    ExchangeIndex, Money, Quantity, Service,
    command::{Adjustment, DeskReply},
    halt::HaltSource,
    ledger::{Account, PostingKind},
    outbox::DeskEvent,
    reconciliation::{CashOfShard, Compared, PositionOfMarket, Reconciliation},
    refusal::{Refusal, RefusalCode},
};

use super::draft::Draft;

impl Draft<'_> {
    /// Posts an adjustment, labelled as such, or says why the books do not need it.
    pub(super) fn adjust(&mut self, requester: &str, asked: &Adjustment) -> DeskReply {
        if let Err(refusal) = self.may_adjust(requester, asked) {
            return DeskReply::Refused(refusal);
        }
        let Adjustment { exchange_index, amount, interest, reason } = asked.clone();
        let (kind, explained_by) = if interest {
            (PostingKind::Interest, Account::Interest)
        } else {
            (PostingKind::Adjustment, Account::Adjustment)
        };
        let lines = vec![(Account::Cash { exchange_index }, amount), (explained_by, -amount)];
        self.post(kind, self.now, None, None, format!("by {requester}: {reason}"), lines);
        self.event(DeskEvent::Adjusted { exchange_index, amount, reason });
        self.after.push(super::DeskOutput::RequestSweep);
        DeskReply::Accepted { intent: None, trade: None }
    }

    /// An adjustment explains what the last comparison found, or a part of it, and nothing else.
    fn may_adjust(&self, requester: &str, asked: &Adjustment) -> Result<(), Refusal> {
        let refuse = |message: String| Err(Refusal::new(RefusalCode::Adjustment, message));
        if is_service(requester) {
            return refuse("only the operator explains a difference".to_owned());
        }
        if asked.reason.trim().is_empty() {
            return refuse("an adjustment needs a reason".to_owned());
        }
        let (shard, amount) = (asked.exchange_index, asked.amount);
        let Some(missing) = self.unexplained(shard) else {
            return refuse(format!("no comparison since the last change of the books knows the cash of shard {shard}"));
        };
        let explains = amount.is_positive() == missing.is_positive() && amount.abs() <= missing.abs();
        if amount.is_zero() || missing.is_zero() || !explains {
            return refuse(format!(
                "the exchange has {missing} more on shard {shard} than is booked or waits to be; {amount} is no part"
            ));
        }
        Ok(())
    }

    /// What the exchange has more on a shard than the books have and unbooked settlements pay, by the last comparison;
    /// `None` when it does not know the books as they are.
    fn unexplained(&self, shard: ExchangeIndex) -> Option<Money> {
        let last = self.books.reconciliation.as_ref().filter(|last| self.knows_all(last))?;
        let cash = last.compared.cash.iter().find(|cash| cash.exchange_index == shard)?;
        let not_booked = self.books.cash_not_booked().get(&shard).copied().unwrap_or_default();
        Some(cash.theirs? - cash.ours - not_booked)
    }

    /// Whether a comparison was of the books as they are, with every settlement that waits.
    fn knows_all(&self, last: &Reconciliation) -> bool {
        last.books_changed_at == self.books.changed_at
            && self
                .books
                .parked_settlements
                .iter()
                .all(|report| last.differences.contains(&self.books.unbooked(report)))
    }

    /// Ends a halt of the comparison on the operator's word, when a comparison since found that books and exchange
    /// agree; also when it stands because of another desk, which he knows to be gone. Settlements that fit nothing end
    /// with it, when they alone are left.
    ///
    /// # Errors
    /// When there is no such comparison since the halt.
    pub(super) fn clear_reconciliation(&mut self, requester: &str, reason: &str) -> Result<(), Refusal> {
        let Some(halt) = self.books.halts.get(&HaltSource::Reconciliation) else { return Ok(()) };
        let refuse = |message: String| Err(Refusal::new(RefusalCode::Unreconciled, message));
        let Some(last) = self.books.reconciliation.as_ref().filter(|last| last.as_of > halt.since) else {
            return refuse("books and exchange were not compared since the halt".to_owned());
        };
        if !last.is_clean() {
            let left = self.left_without_settlements(last);
            if self.books.parked_settlements.is_empty() || is_service(requester) || !self.knows_all(last) {
                return refuse("books and exchange were not found to agree since the halt".to_owned());
            } else if !left.is_empty() {
                let left = left.join("; ");
                return refuse(format!("with the settlements as the exchange states them there is left: {left}"));
            }
            self.settle_as_stated(&format!(", as the exchange states it; by {requester}: {reason}"));
            self.after.push(super::DeskOutput::RequestSweep);
        }
        self.books.other_desk_at = None;
        self.resume(HaltSource::Reconciliation, reason.to_owned());
        Ok(())
    }

    /// What would still differ if every unbooked settlement were booked as the exchange states it.
    fn left_without_settlements(&self, last: &Reconciliation) -> Vec<String> {
        let not_booked = self.books.cash_not_booked();
        let mut left = Vec::new();
        for CashOfShard { exchange_index, ours, theirs, .. } in &last.compared.cash {
            let ours = *ours + not_booked.get(exchange_index).copied().unwrap_or_default();
            match theirs {
                Some(theirs) if *theirs == ours => {}
                Some(theirs) => left.push(format!("cash of shard {exchange_index}: {ours} here, {theirs} there")),
                None => left.push(format!("cash of shard {exchange_index}, which is not stated")),
            }
        }
        for PositionOfMarket { ticker, ours, theirs } in &last.compared.positions {
            let is_settled = self.books.parked_settlements.iter().any(|report| report.ticker == *ticker);
            let ours = if is_settled { Quantity::ZERO } else { *ours };
            if ours != *theirs {
                left.push(format!("position of {ticker}: {ours} here, {theirs} there"));
            }
        }
        let orders = last.differences.iter().filter(|found| found.compared == Compared::Order);
        left.extend(
            orders.map(|found| format!("order {}: {} here, {} there", found.subject, found.ours, found.theirs)),
        );
        left
    }
}

fn is_service(requester: &str) -> bool {
    Service::ALL.iter().any(|service| service.name() == requester)
}
