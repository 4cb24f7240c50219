//! A copy of the books with the rows that change it and what is to be done once they are committed.

use rec_domain::{
    DecisionId, FillId, IntentId, MarketTicker, Money, TimeSpan, Timestamp, TradeId,
    command::DeskReply,
    eastern,
    halt::{Halt, HaltSource},
    intent::{Action, Effect, GroupRole, Intent},
    ledger::{Account, Posting, PostingKind},
    order::Order,
    outbox::DeskEvent,
    row::Row,
    trade::{Trade, TradeState},
};

use super::{
    DeskConfig, DeskOutput,
    books::Books,
    trade_life::{self, TradeFacts, TradeInput},
};

/// Answers to requests that are remembered.
const REMEMBERED_DECISIONS: usize = 4_096;
/// How long an ended trade and its orders stay in memory, for fills that come late.
const REMEMBERED_ENDED: TimeSpan = TimeSpan::from_minutes(60);
/// How long a trade that was paid stays in memory, for a result that is amended. An amendment after that does not fit
/// the books and halts entries.
const REMEMBERED_SETTLED: TimeSpan = TimeSpan::from_minutes(24 * 60);

/// What ended long ago is looked for this often.
const FORGET_EVERY: TimeSpan = TimeSpan::from_seconds(60);

/// Something to send, before it has its identity.
pub(super) struct NewIntent {
    pub(super) action: Action,
    pub(super) effect: Effect,
    pub(super) trade: Option<TradeId>,
    pub(super) decision: DecisionId,
    pub(super) reason: String,
    pub(super) worst_case: Money,
    pub(super) send_by: Option<Timestamp>,
}

/// Work on a copy of the books.
pub(super) struct Draft<'a> {
    pub(super) books: Books,
    pub(super) config: &'a DeskConfig,
    pub(super) now: Timestamp,
    pub(super) rows: Vec<Row>,
    pub(super) after: Vec<DeskOutput>,
}

impl<'a> Draft<'a> {
    pub(super) fn new(books: Books, config: &'a DeskConfig, now: Timestamp) -> Self {
        Self { books, config, now, rows: Vec::new(), after: Vec::new() }
    }

    /// Keeps an order as it now stands.
    pub(super) fn put_order(&mut self, mut order: Order) {
        order.updated_at = self.now;
        let before = self.books.orders.get(&order.intent).map(|old| old.state);
        if before != Some(order.state) {
            self.event(DeskEvent::Order {
                intent: order.intent,
                trade: order.trade,
                state: order.state,
                note: order.note.clone(),
            });
        }
        if let Some(order_id) = &order.order_id {
            self.books.order_ids.insert(order_id.clone(), order.intent);
        }
        self.rows.push(Row::Order(order.clone()));
        self.books.orders.insert(order.intent, order);
        self.books.changed_at = self.now;
    }

    /// Keeps a trade as it now stands; where it is in its life follows from what it holds and what is under way.
    pub(super) fn put_trade(&mut self, mut trade: Trade) {
        let before = self.books.trades.get(&trade.id).cloned();
        self.move_on(&mut trade, TradeInput::Looked);
        if trade.state.is_final() && trade.ended_at.is_none() {
            trade.ended_at = Some(self.now);
        }
        if before.as_ref() == Some(&trade) {
            return;
        }
        if before.as_ref().map(|old| old.state) != Some(trade.state) {
            self.event(DeskEvent::Trade {
                trade: trade.id,
                ticker: trade.ticker.clone(),
                side: trade.side,
                state: trade.state,
                held: trade.held(),
                realised: trade.realised(),
            });
        }
        self.rows.push(Row::Trade(trade.clone()));
        if trade.state.is_final() {
            self.books.trades.remove(&trade.id);
            self.books.ended.insert(trade.id, trade);
        } else {
            self.books.ended.remove(&trade.id);
            self.books.trades.insert(trade.id, trade);
        }
    }

    /// Looks again where a trade is in its life.
    pub(super) fn refresh_trade(&mut self, id: TradeId) {
        if let Some(trade) = self.books.trades.get(&id).cloned() {
            self.put_trade(trade);
        }
    }

    /// A market may close at another time than was said: its trades close with it.
    pub(super) fn follow_close_times(&mut self) {
        let moved = self.books.trades.values().filter_map(|trade| {
            let close_time = self.books.markets.get(&trade.ticker)?.close_time;
            (close_time != trade.close_time).then(|| Trade { close_time, ..trade.clone() })
        });
        for trade in moved.collect::<Vec<_>>() {
            self.put_trade(trade);
        }
    }

    /// What the state of a trade follows from.
    pub(super) fn facts_of(&self, trade: &Trade) -> TradeFacts {
        let under_way = |role| self.books.open_orders_of(trade.id).any(|order| order.role == role);
        TradeFacts {
            held: trade.held().is_positive(),
            opening: under_way(GroupRole::Entry),
            closing: under_way(GroupRole::Exit),
            entered: !trade.entered.is_zero(),
            market_closed: self.now >= trade.close_time,
        }
    }

    /// Moves a trade on by what happened to it; one that goes on after its end has not ended.
    pub(super) fn move_on(&self, trade: &mut Trade, input: TradeInput) {
        trade.state = trade_life::next(trade.state, input, self.facts_of(trade));
        if !trade.state.is_final() {
            trade.ended_at = None;
        }
    }

    /// Commits to send something and, once that is durable, tells the executor.
    pub(super) fn put_intent(&mut self, new: NewIntent) -> IntentId {
        let NewIntent { action, effect, trade, decision, reason, worst_case, send_by } = new;
        self.books.last_intent += 1;
        let identity = self.books.identity;
        let id = IntentId::new(identity.desk, identity.epoch, self.books.last_intent);
        self.rows.push(Row::Intent(Intent {
            id,
            epoch: identity.epoch,
            created_at: self.now,
            action,
            effect,
            trade,
            decision,
            reason,
            worst_case,
            send_by,
        }));
        self.after.push(DeskOutput::Dispatch { intent: id });
        if effect == Effect::Reduces {
            self.count_exit();
        }
        id
    }

    /// Posts to the ledger; gives what was posted.
    pub(super) fn post(
        &mut self,
        kind: PostingKind,
        at: Timestamp,
        trade: Option<TradeId>,
        fill: Option<FillId>,
        note: String,
        lines: Vec<(Account, Money)>,
    ) -> Posting {
        let number = self.books.last_posting + 1;
        match Posting::new(number, at, kind, trade, fill, note, lines) {
            Ok(posting) => {
                self.books.last_posting = number;
                for (account, amount) in posting.lines() {
                    *self.books.ledger.entry(account.clone()).or_default() += *amount;
                }
                self.books.ledger.retain(|_, balance| !balance.is_zero());
                self.rows.push(Row::Posting(posting.clone()));
                self.move_peak(&posting);
                self.count_result(&posting);
                self.books.changed_at = self.now;
                posting
            }
            Err(unbalanced) => panic!("{kind:?} posting for trade {trade:?}: {unbalanced}"),
        }
    }

    /// Adds to the day's result what was won or lost on that day by the exchange's time, fees included: what is heard of
    /// later belongs to the day on which it was.
    fn count_result(&mut self, posting: &Posting) {
        let lost = posting.amount(&Account::Result) + posting.amount(&Account::Fees);
        if !lost.is_zero() && eastern::day(posting.at) >= self.books.day {
            self.books.realised_today -= lost;
        }
    }

    /// Starts a new day's sums when the Eastern date has changed.
    pub(super) fn turn_day(&mut self) {
        let today = eastern::day(self.now);
        if today != self.books.day {
            self.books.day = today;
            self.books.realised_today = Money::ZERO;
            self.books.risked_today = Money::ZERO;
            self.books.risk.refusals.clear();
        }
    }

    /// Answers a request, for good.
    pub(super) fn reply(&mut self, decision: DecisionId, requester: &str, reply: DeskReply) {
        self.rows.push(Row::Decision { decision, requester: requester.to_owned(), reply: reply.clone() });
        let decisions = std::sync::Arc::make_mut(&mut self.books.decisions);
        decisions.push_back((decision, reply.clone()));
        while decisions.len() > REMEMBERED_DECISIONS {
            decisions.pop_front();
        }
        self.after.push(DeskOutput::Reply { decision, reply });
    }

    /// Halts entries; a halt from the same source keeps its beginning.
    pub(super) fn halt(&mut self, source: HaltSource, reason: String) {
        let since = self.books.halts.get(&source).map_or(self.now, |halt| halt.since);
        let halt = Halt { source, reason: reason.clone(), since };
        if self.books.halts.get(&source) == Some(&halt) {
            return;
        }
        self.books.halts.insert(source, halt.clone());
        self.rows.push(Row::Halted(halt));
        self.event(DeskEvent::Halted { source, reason });
    }

    /// Clears a halt, if it is in force.
    pub(super) fn resume(&mut self, source: HaltSource, reason: String) {
        if self.books.halts.remove(&source).is_some() {
            self.rows.push(Row::Resumed { source, reason: reason.clone() });
            self.event(DeskEvent::Resumed { source, reason });
        }
    }

    pub(super) fn event(&mut self, event: DeskEvent) {
        self.rows.push(Row::Event(event));
    }

    pub(super) fn alarm(&mut self, message: String) {
        self.after.push(DeskOutput::Alarm { message });
    }

    /// Forgets trades that ended long ago, with their orders. All that is remembered is gone through for it, so it is
    /// not done often.
    pub(super) fn forget_ended(&mut self) {
        let now = self.now;
        if now < self.books.forgotten_at + FORGET_EVERY {
            return;
        }
        self.books.forgotten_at = now;
        let lately = |trade: &Trade, span| trade.ended_at.is_none_or(|at| at > now - span);
        let books = &mut self.books;
        books.ended.keep(|_, trade| match trade.state {
            TradeState::Settled => lately(trade, REMEMBERED_SETTLED),
            _ => lately(trade, REMEMBERED_ENDED),
        });
        let (trades, ended) = (&books.trades, &books.ended);
        books.payments.keep(|trade, _| ended.contains_key(trade));
        books.orders.keep(|_, order| {
            !order.is_complete()
                || trades.contains_key(&order.trade)
                || ended.get(&order.trade).is_some_and(|trade| lately(trade, REMEMBERED_ENDED))
        });
        let held = |ticker: &MarketTicker| {
            let closed = ended.values().filter(|trade| trade.state != TradeState::Settled);
            trades.values().chain(closed).any(|trade| trade.ticker == *ticker)
        };
        books.legs.keep(|ticker, _| held(ticker));
        let orders = &books.orders;
        books.order_ids.keep(|_, intent| orders.contains_key(intent));
        books.repeats.retain(|order, _| orders.contains_key(order));
        books.entry_times.retain(|at| *at > self.now - TimeSpan::from_seconds(60));
        let markets = &books.markets;
        books.history.keep(|(ticker, _), history| {
            markets.contains_key(ticker) || history.last_entry_at > self.now - TimeSpan::from_minutes(24 * 60)
        });
    }

    /// The order of an intent, to be changed and put back.
    pub(super) fn order(&self, intent: IntentId) -> Option<Order> {
        self.books.orders.get(&intent).cloned()
    }

    /// A trade, ended or not, to be changed and put back.
    pub(super) fn trade(&self, id: TradeId) -> Option<Trade> {
        self.books.trades.get(&id).or_else(|| self.books.ended.get(&id)).cloned()
    }
}

/// Whether all of an order is filled, as far as anybody has said.
pub(super) fn is_filled(order: &Order) -> bool {
    order.acknowledged >= order.spec.quantity
}
