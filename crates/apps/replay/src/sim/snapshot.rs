//! The state that a desk starts from, read out of [`Memory`] as `store` reads it out of Postgres.

use std::collections::{BTreeMap, BTreeSet};

use rec_domain::{
    MarketTicker, Money, Side, TimeSpan, Timestamp,
    answer::Outcome,
    desk_snapshot::{DeskSnapshot, Identity, RiskSnapshot, StoredGroup, StoredIntent, StoredOrder, StoredRepeat},
    desk_view::MarketSideHistory,
    eastern,
    fill::Fill,
    intent::GroupRole,
    ledger::{Account, PostingKind},
    market::Market,
    order::Order,
    trade::{Trade, TradeState},
};

use super::memory::Memory;

/// How long an ended trade is loaded with its orders.
const ENDED: TimeSpan = TimeSpan::from_minutes(60);
/// How long a trade that was paid is loaded with its payment.
const SETTLED: TimeSpan = TimeSpan::from_minutes(24 * 60);
/// How long the history of closed markets is loaded.
const HISTORY: TimeSpan = TimeSpan::from_minutes(2 * 24 * 60);

/// How long wrong codes of the second factor are loaded.
const CODES: TimeSpan = TimeSpan::from_minutes(15);

impl Memory {
    /// The committed state at `now`; `stored` are the markets that were ever stored.
    pub(super) fn load(&self, now: Timestamp, stored: &BTreeMap<MarketTicker, Market>) -> DeskSnapshot {
        let day_start = eastern::instant(eastern::day(now), 0, 0, 0).unwrap_or(now);
        let trades: Vec<Trade> = self.trades.values().filter(|trade| !trade.state.is_final()).cloned().collect();
        let ended_trades: Vec<Trade> = self.trades.values().filter(|trade| ended_lately(trade, now)).cloned().collect();
        let orders = self.loaded_orders(now);
        DeskSnapshot {
            identity: Identity { desk: self.desk, mode: self.mode, account: "simulated".to_owned() },
            automation: self.automation.clone(),
            arming: self.arming.clone(),
            wrong_codes: self.wrong_codes.iter().copied().filter(|at| *at > now - CODES).collect(),
            last_code: self.last_code,
            halts: self.halts.values().cloned().collect(),
            groups: self
                .groups
                .iter()
                .map(|((role, exchange_index), (group, tripped))| StoredGroup {
                    role: *role,
                    exchange_index: *exchange_index,
                    group: group.clone(),
                    tripped: *tripped,
                })
                .collect(),
            fills: self.loaded_fills(&trades, &ended_trades),
            payments: ended_trades.iter().filter_map(|trade| self.payment_of(trade.id)).collect(),
            ended_trades,
            repeats: self.loaded_repeats(&orders),
            orders,
            unanswered: self
                .unanswered
                .iter()
                .filter_map(|id| {
                    let intent = self.intents.get(id)?.clone();
                    Some(StoredIntent { claim_signed_at: self.claims.get(id).copied(), intent })
                })
                .collect(),
            parked_fills: self.parked_fills.clone(),
            parked_settlements: self.parked_settlements.clone(),
            flows: self.flows.values().cloned().collect(),
            opened_at: self
                .postings
                .iter()
                .filter(|posting| posting.kind == PostingKind::Opening)
                .map(|posting| posting.at)
                .max(),
            ledger: self.ledger.clone(),
            cursors: self.cursors,
            last_posting: self.postings.last().map_or(0, |posting| posting.number),
            last_trade: self.trades.last_key_value().map_or(0, |(id, _)| id.get()),
            history: self.loaded_history(now),
            day_start,
            realised_today: self.realised_since(day_start),
            risked_today: self
                .entries()
                .filter(|order| order.created_at >= day_start)
                .map(|order| order.worst_case)
                .sum(),
            entry_times: self.order_times(GroupRole::Entry, now),
            risk: RiskSnapshot {
                tightened: self.tightened.clone(),
                peak: self.peak,
                exit_times: self.order_times(GroupRole::Exit, now),
                refusals: self.refusals_of_day(now),
            },
            reconciliation: self.reconciliation.clone(),
            markets: trades.iter().filter_map(|trade| stored.get(&trade.ticker).cloned()).collect(),
            decisions: self.decisions.iter().cloned().collect(),
            changed_at: self
                .orders
                .values()
                .map(|order| order.updated_at)
                .chain(self.postings.iter().map(|posting| posting.at))
                .max(),
            trades,
        }
    }

    fn entries(&self) -> impl Iterator<Item = &Order> {
        self.orders.values().filter(|order| order.role == GroupRole::Entry)
    }

    fn loaded_fills(&self, open: &[Trade], ended: &[Trade]) -> Vec<Fill> {
        let closed = ended.iter().filter(|trade| trade.state == TradeState::Closed);
        let tickers: BTreeSet<&MarketTicker> = open.iter().chain(closed).map(|trade| &trade.ticker).collect();
        let booked = self.postings.iter().filter_map(|posting| self.fills.get(posting.fill.as_ref()?));
        booked.filter(|fill| tickers.contains(&fill.ticker)).cloned().collect()
    }

    fn loaded_orders(&self, now: Timestamp) -> Vec<StoredOrder> {
        let wanted = |order: &&Order| {
            let trade = self.trades.get(&order.trade);
            !order.is_complete()
                || trade
                    .is_some_and(|trade| !trade.state.is_final() || trade.ended_at.is_some_and(|at| at > now - ENDED))
        };
        let mut orders: Vec<&Order> = self.orders.values().filter(wanted).collect();
        orders.sort_by_key(|order| (order.created_at, order.intent));
        let stored = |order: &Order| StoredOrder {
            claim_signed_at: self.claims.get(&order.intent).copied(),
            answered: self.answered.contains_key(&order.intent),
            order: order.clone(),
        };
        orders.into_iter().map(stored).collect()
    }

    fn loaded_repeats(&self, orders: &[StoredOrder]) -> Vec<StoredRepeat> {
        let mut repeats = Vec::new();
        for stored in orders {
            let order = stored.order.intent;
            for attempt in std::iter::once(&order).chain(self.repeats.get(&order).into_iter().flatten()) {
                let numbers = self.answered.get(attempt).map_or(&[][..], Vec::as_slice);
                let exists = |number: &i64| {
                    self.answer(*number).is_some_and(|a| matches!(a.outcome, Outcome::AlreadyExists { .. }))
                };
                let stored = StoredRepeat {
                    order,
                    intent: (*attempt != order).then_some(*attempt),
                    answered: numbers.iter().any(|number| *number <= self.cursors.answer),
                    landed: numbers.iter().any(exists),
                };
                if stored.intent.is_some() || stored.landed {
                    repeats.push(stored);
                }
            }
        }
        repeats
    }

    fn loaded_history(&self, now: Timestamp) -> Vec<MarketSideHistory> {
        let mut history: BTreeMap<(MarketTicker, Side), MarketSideHistory> = BTreeMap::new();
        let wanted = |trade: &&Trade| trade.close_time > now || trade.created_at > now - HISTORY;
        for trade in self.trades.values().filter(wanted) {
            let orders = self.orders_of.get(&trade.id).into_iter().flatten().filter_map(|id| self.orders.get(id));
            let entered_at = orders.filter(|order| order.role == GroupRole::Entry).map(|order| order.created_at).max();
            let last_entry_at = entered_at.unwrap_or(trade.created_at).max(trade.created_at);
            let known = history.entry((trade.ticker.clone(), trade.side)).or_insert_with(|| MarketSideHistory {
                ticker: trade.ticker.clone(),
                side: trade.side,
                last_entry_at,
                entered: rec_domain::Quantity::ZERO,
                trades: 0,
            });
            known.last_entry_at = known.last_entry_at.max(last_entry_at);
            known.entered += trade.entered;
            known.trades += 1;
        }
        history.into_values().collect()
    }

    fn realised_since(&self, from: Timestamp) -> Money {
        let lines = self.postings.iter().filter(|posting| posting.at >= from).flat_map(|posting| posting.lines());
        let lost: Money = lines
            .filter(|(account, _)| matches!(account, Account::Result | Account::Fees))
            .map(|(_, amount)| *amount)
            .sum();
        -lost
    }

    /// When orders of a role were decided in the last sixty seconds, in order.
    fn order_times(&self, role: GroupRole, now: Timestamp) -> Vec<Timestamp> {
        let after = now - TimeSpan::from_seconds(60);
        let orders = self.orders.values().filter(|order| order.role == role && order.created_at > after);
        let mut times: Vec<_> = orders.map(|order| order.created_at).collect();
        times.sort_unstable();
        times
    }
}

fn ended_lately(trade: &Trade, now: Timestamp) -> bool {
    let after = |span| trade.ended_at.is_some_and(|at| at > now - span);
    match trade.state {
        TradeState::Settled => after(SETTLED),
        TradeState::Closed | TradeState::Unfilled => after(ENDED),
        _ => false,
    }
}
