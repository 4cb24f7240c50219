//! What only the operator may do to the books: explain a difference of cash, and end a halt of the comparison.

use rec_domain::{
    ExchangeIndex, Money, Service,
    command::{Adjustment, DeskReply},
    halt::HaltSource,
    ledger::{Account, PostingKind},
    outbox::DeskEvent,
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
        if Service::ALL.iter().any(|service| service.name() == requester) {
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
                "the exchange has {missing} more on shard {shard} than the books; {amount} is no part"
            ));
        }
        Ok(())
    }

    /// What the exchange has more on a shard than the books, by the last comparison; `None` when the books have
    /// changed since.
    fn unexplained(&self, shard: ExchangeIndex) -> Option<Money> {
        let last = self.books.reconciliation.as_ref()?;
        let cash = last.compared.cash.iter().find(|cash| cash.exchange_index == shard)?;
        (last.books_changed_at == self.books.changed_at).then_some(cash.theirs? - cash.ours)
    }

    /// Ends a halt of the comparison on the operator's word, when a comparison since found that books and exchange
    /// agree; also when it stands because of another desk, which he knows to be gone.
    ///
    /// # Errors
    /// When there is no clean comparison since the halt.
    pub(super) fn clear_reconciliation(&mut self, reason: &str) -> Result<(), Refusal> {
        let Some(halt) = self.books.halts.get(&HaltSource::Reconciliation) else { return Ok(()) };
        let clean = self.books.reconciliation.as_ref().is_some_and(|last| last.is_clean() && last.as_of > halt.since);
        if !clean {
            let message = "books and exchange were not found to agree since the halt".to_owned();
            return Err(Refusal::new(RefusalCode::Unreconciled, message));
        }
        self.books.other_desk_at = None;
        self.resume(HaltSource::Reconciliation, reason.to_owned());
        Ok(())
    }
}
