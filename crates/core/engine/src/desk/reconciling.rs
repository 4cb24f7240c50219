//! The comparison with the exchange. Positions and cash are compared, never copied.

use std::collections::BTreeMap;

use rec_domain::{
    MarketTicker, Money, Quantity, TimeSpan,
    halt::HaltSource,
    ledger::{Account, PostingKind},
    order::OrderState,
    outbox::DeskEvent,
    reconciliation::{Compared, Difference, Reconciliation},
    report::Sweep,
    row::Row,
    trade::TradeState,
};

use super::draft::Draft;

/// An unexplained difference of cash up to this warns; above it entries halt.
const TOLERATED_CASH: Money = Money::from_dollars(1);

/// How long another desk has to be silent until the account is ours again.
const SILENCE_OF_ANOTHER_DESK: TimeSpan = TimeSpan::from_minutes(15);

impl Draft<'_> {
    /// Takes a complete reading of the account: settles what was unknown, then compares.
    pub(super) fn sweep(&mut self, sweep: &Sweep) {
        self.retire_absent_orders(sweep);
        for fill in self.unpark(|fill| fill.at <= sweep.as_of) {
            self.book_foreign(&fill);
        }
        self.settle_parked();
        let quiet = self.books.open_orders().next().is_none()
            && self.books.parked_settlements.is_empty()
            && sweep.as_of > self.books.changed_at + self.config.quiet_before_comparison;
        let opening = self.books.ledger.is_empty() && self.books.last_posting == 0;
        if quiet || opening {
            self.open_ledger(sweep);
            self.compare(sweep);
        }
    }

    /// An unknown order that a complete reading does not have, long enough after it could have been taken, never was.
    fn retire_absent_orders(&mut self, sweep: &Sweep) {
        let absent: Vec<_> = self
            .books
            .open_orders()
            .filter(|order| order.state == OrderState::Unknown && order.order_id.is_none())
            .filter(|order| {
                self.books.repeats.get(&order.intent).is_none_or(|repeats| !repeats.under_way && !repeats.landed)
            })
            .filter(|order| {
                order.signed_at.is_some_and(|signed_at| {
                    sweep.as_of > signed_at + self.config.absence_proof
                        && sweep.since.is_none_or(|since| since < signed_at)
                })
            })
            .cloned()
            .collect();
        for mut order in absent {
            order.state = OrderState::Absent;
            order.note = Some(format!("not among the orders that the exchange had as of {}", sweep.as_of));
            let trade = order.trade;
            self.put_order(order);
            self.refresh_trade(trade);
        }
    }

    /// What was on the account before the desk is its opening capital: posted once, on the first comparison ever.
    fn open_ledger(&mut self, sweep: &Sweep) {
        let opened = self.books.ledger.contains_key(&Account::Capital);
        if opened {
            return;
        }
        for (exchange_index, cash) in &sweep.balances {
            let account = Account::Cash { exchange_index: *exchange_index };
            let missing = *cash - self.books.cash(*exchange_index);
            if !missing.is_zero() {
                let lines = vec![(account, missing), (Account::Capital, -missing)];
                let note = format!("what was on shard {exchange_index} before this desk");
                self.post(PostingKind::Opening, sweep.as_of, None, None, note, lines);
            }
        }
    }

    fn compare(&mut self, sweep: &Sweep) {
        let differences = self.differences(sweep);
        let found =
            Reconciliation { at: self.now, as_of: sweep.as_of, books_changed_at: self.books.changed_at, differences };
        let previous = self.books.reconciliation.take();
        let seen_twice = previous
            .as_ref()
            .is_some_and(|previous| previous.differences == found.differences && previous.as_of < found.as_of);
        if found.is_clean() {
            self.books.ready = true;
            if self.books.other_desk_at.is_none_or(|at| self.now.since(at) >= SILENCE_OF_ANOTHER_DESK) {
                self.resume(HaltSource::Reconciliation, "books and exchange agree".to_owned());
            }
        } else if seen_twice {
            self.disagree(&found);
        } else {
            self.after.push(super::DeskOutput::RequestSweep);
        }
        let news = previous.as_ref().is_none_or(|previous| {
            previous.differences != found.differences || previous.books_changed_at != found.books_changed_at
        });
        let due =
            self.books.reconciliation_stored_at.is_none_or(|at| self.now.since(at) >= self.config.comparison_interval);
        if news || due {
            self.rows.push(Row::Reconciliation(found.clone()));
            self.books.reconciliation_stored_at = Some(self.now);
        }
        self.books.reconciliation = Some(found);
    }

    fn disagree(&mut self, found: &Reconciliation) {
        let texts: Vec<String> = found
            .differences
            .iter()
            .map(|d| format!("{:?} of {}: {} here, {} there", d.compared, d.subject, d.ours, d.theirs))
            .collect();
        let message = texts.join("; ");
        if self.books.halts.get(&HaltSource::Reconciliation).is_none_or(|halt| halt.reason != message) {
            self.event(DeskEvent::Disagreement { differences: texts });
            self.alarm(format!("books and exchange disagree: {message}"));
        }
        let tolerated = found.differences.iter().all(|difference| {
            let amount = |text: &str| text.parse::<Money>().unwrap_or(Money::from_dollars(i64::MAX / 2_000_000));
            difference.compared == Compared::Cash
                && (amount(&difference.ours) - amount(&difference.theirs)).abs() <= TOLERATED_CASH
        });
        if !tolerated {
            self.halt(HaltSource::Reconciliation, message);
        }
    }

    fn differences(&self, sweep: &Sweep) -> Vec<Difference> {
        let mut differences = Vec::new();
        let mut compare = |compared: Compared, subject: String, ours: String, theirs: String| {
            if ours != theirs {
                differences.push(Difference { compared, subject, ours, theirs });
            }
        };
        for (exchange_index, theirs) in &sweep.balances {
            let ours = self.books.cash(*exchange_index);
            compare(Compared::Cash, format!("shard {exchange_index}"), ours.to_string(), theirs.to_string());
        }
        for (account, ours) in &self.books.ledger {
            if let Account::Cash { exchange_index } = account
                && !ours.is_zero()
                && !sweep.balances.iter().any(|(stated, _)| stated == exchange_index)
            {
                compare(Compared::Cash, format!("shard {exchange_index}"), ours.to_string(), "not stated".to_owned());
            }
        }
        let mut positions: BTreeMap<&MarketTicker, (Quantity, Quantity)> = BTreeMap::new();
        for trade in self.books.trades.values().filter(|trade| trade.state != TradeState::Opening) {
            positions.entry(&trade.ticker).or_default().0 = self.books.net_position(&trade.ticker);
        }
        for report in &sweep.positions {
            positions.entry(&report.ticker).or_default().1 = report.position;
        }
        for (ticker, (ours, theirs)) in positions {
            compare(Compared::Position, ticker.to_string(), ours.to_string(), theirs.to_string());
        }
        for order_id in &sweep.resting {
            if self.books.order_ids.contains_key(order_id) {
                compare(Compared::Order, order_id.to_string(), "ended".to_owned(), "resting".to_owned());
            }
        }
        differences
    }
}
