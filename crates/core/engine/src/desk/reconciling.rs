//! The comparison with the exchange. Positions and cash are compared, never copied.

use std::collections::{BTreeMap, BTreeSet};

use rec_domain::{
    ExchangeIndex, MarketTicker, Money, Quantity, TimeSpan,
    halt::HaltSource,
    ledger::{Account, PostingKind},
    order::{Order, OrderState},
    outbox::DeskEvent,
    reconciliation::{CashOfShard, Compared, Difference, Looked, PositionOfMarket, Reconciliation},
    report::Sweep,
    row::Row,
    trade::TradeState,
};

use super::{draft::Draft, order_life::OrderInput};

/// An unexplained difference of cash up to this warns; above it entries halt.
const TOLERATED_CASH: Money = Money::from_dollars(1);

/// How long another desk has to be silent until the account is ours again.
const SILENCE_OF_ANOTHER_DESK: TimeSpan = TimeSpan::from_minutes(15);

/// How long books and exchange may go uncompared, because something is under way, before that is said.
const UNCOMPARED: TimeSpan = TimeSpan::from_minutes(10);

impl Draft<'_> {
    /// Takes a complete reading of the account: settles what was unknown, then compares.
    pub(super) fn sweep(&mut self, sweep: &Sweep) {
        self.name_unreadable(sweep);
        self.retire_absent_orders(sweep);
        for fill in self.unpark(|fill| fill.at <= sweep.as_of) {
            self.book_foreign(&fill);
        }
        self.settle_parked(sweep.as_of);
        self.miss_fills(sweep);
        let quiet = self.books.open_orders().all(|order| self.misses_fills(order, sweep))
            && !self.books.waits_for_settlements(sweep.as_of)
            && sweep.as_of > self.books.changed_at + self.config.quiet_before_comparison;
        let opening = self.books.ledger.is_empty() && self.books.last_posting == 0;
        if quiet || opening || self.books.opened_at.is_some() {
            self.bind_cash(sweep);
        }
        if quiet || opening {
            self.open_ledger(sweep);
            self.compare(sweep);
        } else {
            self.say_that_nothing_is_compared();
        }
    }

    /// Deposits, withdrawals and transfers that cannot be read are said once. Whether their money is in doubt the
    /// comparison of cash shows: while it agrees they have moved nothing that the books do not have.
    fn name_unreadable(&mut self, sweep: &Sweep) {
        if !sweep.flows {
            return;
        }
        let known = std::mem::replace(&mut self.books.unreadable_flows, sweep.unreadable.clone());
        for row in sweep.unreadable.iter().filter(|row| !known.contains(row)) {
            self.alarm(format!("a movement of money cannot be read and is not booked: {row}"));
        }
    }

    /// Whether an order that is not complete has ended with more of it filled than was reported in fills, although
    /// everything was read since.
    fn misses_fills(&self, order: &Order, sweep: &Sweep) -> bool {
        order.state.is_final() && sweep.as_of > order.updated_at + self.config.absence_proof
    }

    /// Says of an order that misses fills that it does.
    fn miss_fills(&mut self, sweep: &Sweep) {
        let missing = |order: &&Order| {
            self.misses_fills(order, sweep) && sweep.since.is_none_or(|since| since < order.created_at)
        };
        let said = self.books.open_orders().find(missing).map(|order| {
            let Order { intent, acknowledged, booked, .. } = order;
            format!("{acknowledged} of order {intent} are filled and fills of {booked} were reported")
        });
        if let Some(said) = said
            && !self.books.halts.contains_key(&HaltSource::Reconciliation)
        {
            self.alarm(said.clone());
            self.halt(HaltSource::Reconciliation, said);
        }
    }

    /// Positions and cash are what the booked fills make them: an order that misses fills had no more of them, and what
    /// was said of it was wrong. Its trade goes on.
    fn believe_the_fills(&mut self, sweep: &Sweep) {
        let wrong: Vec<Order> = self.books.open_orders().filter(|o| self.misses_fills(o, sweep)).cloned().collect();
        for mut order in wrong {
            let note = format!("{} were said to be filled, and {} were", order.acknowledged, order.booked);
            self.alarm(format!("order {}: {note}, as books and exchange agree", order.intent));
            order.acknowledged = order.booked;
            order.note = Some(note);
            let trade = order.trade;
            self.put_order(order);
            self.refresh_trade(trade);
        }
    }

    /// While something is under way nothing is compared; that must not go on unnoticed.
    fn say_that_nothing_is_compared(&mut self) {
        let compared_at = self.books.reconciliation.as_ref().map(|last| last.at);
        let since = compared_at.max(self.books.uncompared_said_at);
        if since.is_some_and(|since| self.now.since(since) < UNCOMPARED) {
            return;
        }
        if compared_at.is_some() {
            let orders = self.books.open_orders().count();
            let settlements = self.books.parked_settlements.len();
            self.alarm(format!(
                "books and exchange were not compared for {UNCOMPARED}: {orders} orders and {settlements} settlements \
                 are under way"
            ));
        }
        self.books.uncompared_said_at = Some(self.now);
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
            self.advance(&mut order, OrderInput::ProvenAbsent, "it is not there");
            order.note = Some(format!("not among the orders that the exchange had as of {}", sweep.as_of));
            let trade = order.trade;
            self.put_order(order);
            self.refresh_trade(trade);
        }
    }

    /// What was on the account before the desk is its opening capital: posted once, on the first comparison ever, also
    /// when it is nothing.
    fn open_ledger(&mut self, sweep: &Sweep) {
        if self.books.opened_at.is_some() {
            return;
        }
        self.books.opened_at = Some(self.now);
        let mut lines: Vec<(Account, Money)> = Vec::new();
        for (exchange_index, cash) in &sweep.balances {
            let account = Account::Cash { exchange_index: *exchange_index };
            lines.push((account, *cash - self.books.cash(*exchange_index)));
        }
        lines.push((Account::Transit, self.in_transit()));
        let brought: Money = lines.iter().map(|(_, amount)| *amount).sum();
        lines.push((Account::Capital, -brought));
        let note = "what was on the account before this desk".to_owned();
        self.post(PostingKind::Opening, self.now, None, None, note, lines);
    }

    fn compare(&mut self, sweep: &Sweep) {
        let previous = self.books.reconciliation.take();
        let mut found = self.look(sweep);
        let seen_twice = previous
            .as_ref()
            .is_some_and(|previous| previous.differences == found.differences && previous.as_of < found.as_of);
        if seen_twice && sweep.flows && self.place_movements(&found.compared) {
            found = self.look(sweep);
        }
        let agreed = previous.as_ref().and_then(|previous| previous.compared.agreed_as_of);
        found.compared.agreed_as_of = if found.is_clean() { Some(found.as_of) } else { agreed };
        // While deposits and transfers were not read too, no difference of cash counts.
        let counts = sweep.flows || found.differences.iter().all(|found| found.compared != Compared::Cash);
        let seen_twice = seen_twice && counts;
        if found.is_clean() {
            self.books.ready = true;
            self.books.differences_said.clear();
            self.books.unplaced.clear();
            self.believe_the_fills(sweep);
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

    /// The exchange does not say which shard a deposit or a withdrawal met. Where no more than they moved since books
    /// and exchange agreed is missing on the shard that they were booked on and over on another, or the other way
    /// about, some of them met the other one. Whether they did.
    fn place_movements(&mut self, looked: &Looked) -> bool {
        let differing: Option<Vec<(ExchangeIndex, Money)>> = looked
            .cash
            .iter()
            .map(|shard| Some((shard.exchange_index, shard.theirs? - shard.ours)))
            .filter(|differing| differing.is_none_or(|(_, more)| !more.is_zero()))
            .collect();
        let Some([one, other]) = differing.as_deref() else { return false };
        let misplaced =
            |at: &(ExchangeIndex, Money)| self.books.unplaced.get(&at.0).is_some_and(|most| at.1.abs() <= *most);
        if one.1 != -other.1 || !(misplaced(one) || misplaced(other)) {
            return false;
        }
        let (from, to) = if one.1.is_negative() { (one, other) } else { (other, one) };
        self.alarm(format!(
            "{} that the books had on shard {} are on shard {}: taken for a deposit or a withdrawal that met another \
             shard than it was booked on",
            to.1, from.0, to.0
        ));
        let lines = [one, other].map(|(shard, more)| (Account::Cash { exchange_index: *shard }, *more));
        let note = "a deposit or a withdrawal met another shard than it was booked on".to_owned();
        self.post(PostingKind::Transfer, self.now, None, None, note, lines.to_vec());
        true
    }

    fn disagree(&mut self, found: &Reconciliation) {
        let texts: Vec<String> = found
            .differences
            .iter()
            .map(|d| format!("{:?} of {}: {} here, {} there", d.compared, d.subject, d.ours, d.theirs))
            .collect();
        let mut message = texts.join("; ");
        if !self.books.unreadable_flows.is_empty() {
            message = format!("{message}; cannot be read: {}", self.books.unreadable_flows.join("; "));
        }
        if self.books.differences_said != found.differences {
            self.books.differences_said.clone_from(&found.differences);
            self.event(DeskEvent::Disagreement { differences: texts });
            self.alarm(format!("books and exchange disagree: {message}"));
        }
        let only_cash = found.differences.iter().all(|difference| difference.compared == Compared::Cash);
        let is_little =
            |shard: &CashOfShard| shard.theirs.is_some_and(|theirs| (shard.ours - theirs).abs() <= TOLERATED_CASH);
        if !(only_cash && found.compared.cash.iter().all(is_little)) {
            self.halt(HaltSource::Reconciliation, message);
        }
    }

    /// Looks at both sides of everything.
    fn look(&self, sweep: &Sweep) -> Reconciliation {
        let books = &self.books;
        let stated: BTreeMap<ExchangeIndex, Money> = sweep.balances.iter().copied().collect();
        let ours = books.ledger.keys().filter_map(|account| match account {
            Account::Cash { exchange_index } => Some(*exchange_index),
            _ => None,
        });
        let shards: BTreeSet<ExchangeIndex> = stated.keys().copied().chain(ours).collect();
        let cash_of = |exchange_index| CashOfShard {
            exchange_index,
            ours: books.cash(exchange_index),
            theirs: stated.get(&exchange_index).copied(),
            reserved: books.reserved(exchange_index),
        };
        let mut positions: BTreeMap<&MarketTicker, (Quantity, Quantity)> = BTreeMap::new();
        for trade in books.trades.values().filter(|trade| trade.state != TradeState::Opening) {
            positions.entry(&trade.ticker).or_default().0 = books.net_position(&trade.ticker);
        }
        for report in &sweep.positions {
            positions.entry(&report.ticker).or_default().1 = report.position;
        }
        let positions = positions.into_iter().map(|(ticker, (ours, theirs))| PositionOfMarket {
            ticker: ticker.clone(),
            ours,
            theirs,
        });
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let compared = Looked {
            cash: shards.into_iter().map(cash_of).collect(),
            positions: positions.collect(),
            resting: count(sweep.resting.len()),
            orders: count(books.orders.len()),
            filled: books.orders.values().map(|order| order.acknowledged).sum(),
            booked: books.orders.values().map(|order| order.booked).sum(),
            fills_waiting: count(books.parked_fills.len()),
            settlements: count(books.payments.len()),
            settlements_waiting: count(books.parked_settlements.len()),
            flows: sweep.flows,
            agreed_as_of: None,
            unreadable: books.unreadable_flows.clone(),
        };
        let differences = self.differences(sweep, &compared);
        Reconciliation { at: self.now, as_of: sweep.as_of, books_changed_at: books.changed_at, differences, compared }
    }

    fn differences(&self, sweep: &Sweep, looked: &Looked) -> Vec<Difference> {
        let mut differences = Vec::new();
        let mut compare = |compared: Compared, subject: String, ours: String, theirs: String| {
            if ours != theirs {
                differences.push(Difference { compared, subject, ours, theirs });
            }
        };
        for CashOfShard { exchange_index, ours, theirs, .. } in &looked.cash {
            let theirs = theirs.map_or_else(|| "not stated".to_owned(), |theirs| theirs.to_string());
            compare(Compared::Cash, format!("shard {exchange_index}"), ours.to_string(), theirs);
        }
        for PositionOfMarket { ticker, ours, theirs } in &looked.positions {
            compare(Compared::Position, ticker.to_string(), ours.to_string(), theirs.to_string());
        }
        for order_id in &sweep.resting {
            if self.books.order_ids.contains_key(order_id) {
                compare(Compared::Order, order_id.to_string(), "ended".to_owned(), "resting".to_owned());
            }
        }
        differences.extend(self.books.parked_settlements.iter().map(|report| self.books.unbooked(report)));
        differences
    }
}
