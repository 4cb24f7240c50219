//! Fills to trades and ledger, each once.

use rec_domain::{
    BookSide, EventTicker, FillId, IntentId, Money, OrderId, Side, TradeId,
    cost_basis::Leg,
    fee::{FeeSchedule, Liquidity},
    fill::Fill,
    halt::HaltSource,
    intent::GroupRole,
    ledger::{Account, PostingKind},
    order::Order,
    outbox::DeskEvent,
    report::FillReport,
    row::Row,
    trade::{NewTrade, Origin, Trade, TradeState},
};

use super::{
    draft::{Draft, is_filled},
    order_life::OrderInput,
    trade_life::TradeInput,
};

/// The order of this desk that a fill belongs to.
#[derive(Clone, Copy)]
struct Own {
    trade: TradeId,
    intent: IntentId,
}

impl Draft<'_> {
    /// Books a fill to its order's trade; keeps it aside while nobody knows whose order it was.
    pub(super) fn fill_report(&mut self, fill: &FillReport) {
        let desk = self.books.identity.desk;
        let intent = match &fill.client_order_id {
            Some(id) => match id.intent().filter(|intent| intent.desk() == Some(desk)) {
                Some(intent) => Some(intent),
                None => {
                    if id.intent().is_some() {
                        self.another_desk(&fill.order_id, fill.at);
                    }
                    return self.book_foreign(fill);
                }
            },
            None => self.books.order_ids.get(&fill.order_id).copied(),
        };
        match intent.and_then(|intent| self.order(intent)) {
            Some(order) => self.book_own(order, fill),
            None => {
                self.rows.push(Row::ParkedFill(fill.clone()));
                self.books.parked_fills.push(fill.clone());
                self.after.push(super::DeskOutput::RequestSweep);
            }
        }
    }

    /// Books what was kept aside for an order that is known now.
    pub(super) fn book_parked_of(&mut self, order_id: &OrderId) {
        let Some(intent) = self.books.order_ids.get(order_id).copied() else { return };
        for fill in self.unpark(|fill| fill.order_id == *order_id) {
            if let Some(order) = self.order(intent) {
                self.book_own(order, &fill);
            }
        }
    }

    /// Books what was kept aside for an order that somebody else placed.
    pub(super) fn book_parked_as_foreign(&mut self, order_id: &OrderId) {
        for fill in self.unpark(|fill| fill.order_id == *order_id) {
            self.book_foreign(&fill);
        }
    }

    pub(super) fn unpark(&mut self, matches: impl Fn(&FillReport) -> bool) -> Vec<FillReport> {
        let (matching, rest) = std::mem::take(&mut self.books.parked_fills).into_iter().partition(|fill| matches(fill));
        self.books.parked_fills = rest;
        let matching: Vec<FillReport> = matching;
        self.rows.extend(matching.iter().cloned().map(Row::UnparkedFill));
        matching
    }

    pub(super) fn book_own(&mut self, mut order: Order, fill: &FillReport) {
        if order.spec.book_side != fill.book_side || order.spec.ticker != fill.ticker {
            self.alarm(format!("fill {} does not fit its order {}", fill.fill_id, order.intent));
            return self.book_foreign(fill);
        }
        order.booked += fill.quantity;
        if let Some(doubt) = doubt_about(&order, fill) {
            self.alarm(doubt.clone());
            self.halt(HaltSource::Reconciliation, doubt);
        }
        order.acknowledged = order.acknowledged.max(order.booked);
        order.order_id = Some(fill.order_id.clone());
        let completes = order.booked >= order.spec.quantity || (order.state.is_final() && is_filled(&order));
        let input = if completes { OrderInput::FillCompletes } else { OrderInput::FillLeavesRest };
        self.advance(&mut order, input, "it filled");
        let (trade, intent) = (order.trade, order.intent);
        self.put_order(order);
        if self.trade(trade).is_none() {
            self.alarm(format!("fill {} belongs to trade {trade}, which is forgotten", fill.fill_id));
            return;
        }
        self.book_acquired(Some(Own { trade, intent }), fill);
        self.refresh_trade(trade);
    }

    /// Books a fill of an order that this desk did not place.
    pub(super) fn book_foreign(&mut self, fill: &FillReport) {
        self.book_acquired(None, fill);
    }

    /// Books what a fill acquires: it reduces what is held on the other side, or adds to what is held on its own, as at
    /// the exchange. A hand may have traded before an order of the desk arrived, so that this holds for every order.
    fn book_acquired(&mut self, own: Option<Own>, fill: &FillReport) {
        let acquired = fill.book_side.acquired();
        let intent = own.map(|own| own.intent);
        let opposite = self.books.trade_in(&fill.ticker, acquired.opposite()).filter(|t| t.held().is_positive());
        if let Some(trade) = opposite.cloned() {
            if fill.quantity > trade.held() {
                // Part of it nets, the rest opens the other side: two bookings of one fill.
                let held = trade.held();
                let total_fee = self.fee_of(fill);
                let netted = FillReport { quantity: held, fee: Some(total_fee), ..fill.clone() };
                let rest = FillReport {
                    fill_id: FillId::new(format!("{}+", fill.fill_id)),
                    quantity: fill.quantity - held,
                    fee: Some(Money::ZERO),
                    ..fill.clone()
                };
                self.book(trade, GroupRole::Exit, intent, &netted);
                return self.book_acquired(own, &rest);
            }
            return self.book(trade, GroupRole::Exit, intent, fill);
        }
        // A trade that was thought to have ended goes on, unless another has begun in its place and takes the fill.
        let present = self.books.trade_in(&fill.ticker, acquired).cloned();
        let ended = || own.and_then(|own| self.trade(own.trade)).filter(|trade| trade.side == acquired);
        let trade = present.or_else(ended).unwrap_or_else(|| self.foreign_trade(fill, acquired));
        self.book(trade, GroupRole::Entry, intent, fill);
    }

    fn foreign_trade(&mut self, fill: &FillReport, side: Side) -> Trade {
        self.books.last_trade += 1;
        let market = self.books.markets.get(&fill.ticker);
        let trade = Trade::opened(NewTrade {
            id: TradeId::new(self.books.last_trade),
            origin: Origin::Foreign,
            ticker: fill.ticker.clone(),
            event: market.map_or_else(|| EventTicker::new(fill.ticker.as_str()), |market| market.event.clone()),
            exchange_index: fill.exchange_index,
            side,
            close_time: market.map_or(fill.at + rec_domain::TimeSpan::from_minutes(60), |market| market.close_time),
            entry_probability_percent: None,
            entry_reason: "placed outside this desk".to_owned(),
            created_at: self.now,
        });
        self.rows.push(Row::Trade(trade.clone()));
        self.books.trades.insert(trade.id, trade.clone());
        trade
    }

    fn book(&mut self, mut trade: Trade, role: GroupRole, intent: Option<IntentId>, fill: &FillReport) {
        let price = trade.side.convert_price(fill.price);
        let fee = self.fee_of(fill);
        let position = Account::Position { ticker: trade.ticker.clone(), side: trade.side };
        let cash = Account::Cash { exchange_index: fill.exchange_index };
        let amount = price * fill.quantity;
        trade.fees += fee;
        let (kind, lines) = match role {
            GroupRole::Entry => {
                trade.entered += fill.quantity;
                trade.entry_cost += amount;
                trade.open_cost += amount;
                let lines = vec![(position, amount), (Account::Fees, fee), (cash, -(amount + fee))];
                (PostingKind::Entry, lines)
            }
            GroupRole::Exit => {
                let cost = trade.release_cost(fill.quantity);
                trade.exited += fill.quantity;
                trade.exit_proceeds += amount;
                let lines = vec![
                    (cash, amount - fee),
                    (Account::Fees, fee),
                    (position, -cost),
                    (Account::Result, cost - amount),
                ];
                (PostingKind::Exit, lines)
            }
        };
        if role == GroupRole::Entry
            && let Some(history) = self.books.history.get_mut(&(trade.ticker.clone(), trade.side))
        {
            history.entered += fill.quantity;
        }
        let note = format!("{} {} {} at {price}", kind.name(), fill.quantity, trade.side);
        let id = trade.id;
        self.rows.push(Row::Fill(Fill {
            fill_id: fill.fill_id.clone(),
            order_id: fill.order_id.clone(),
            intent,
            trade: id,
            ticker: trade.ticker.clone(),
            side: trade.side,
            book_side: fill.book_side,
            price,
            quantity: fill.quantity,
            fee,
            is_taker: fill.is_taker,
            at: fill.at,
        }));
        self.post(kind, fill.at, Some(id), Some(fill.fill_id.clone()), note, lines);
        self.reallocate(&mut trade, fill);
        self.event(DeskEvent::Fill { trade: id, quantity: fill.quantity, price, fee });
        self.move_on(&mut trade, TradeInput::Filled);
        self.put_trade(trade);
    }

    /// What is held costs what the exchange says in its own order of fills. One that is heard of after a later close
    /// changes what that close took with it: the difference goes from what is held to the result, or back.
    fn reallocate(&mut self, trade: &mut Trade, fill: &FillReport) {
        let FillReport { at, book_side, price, quantity, .. } = *fill;
        let legs = self.books.legs.entry(trade.ticker.clone()).or_default();
        legs.put(Leg { at, book_side, price, quantity });
        let (net, cost) = legs.position();
        let held = match trade.side {
            Side::Yes => trade.held(),
            Side::No => -trade.held(),
        };
        // At the exchange both sides of a market are one position: while books have both, it has no such cost.
        let holds = |other: &&Trade| other.ticker == trade.ticker && other.id != trade.id && !other.held().is_zero();
        let moved = cost - trade.open_cost;
        if moved.is_zero() || net != held || self.books.trades.values().any(|other| holds(&other)) {
            return;
        }
        trade.open_cost = cost;
        let position = Account::Position { ticker: trade.ticker.clone(), side: trade.side };
        let note = format!("fill {} was before what was sold already", fill.fill_id);
        let lines = vec![(position, moved), (Account::Result, -moved)];
        self.post(PostingKind::Reallocation, at, Some(trade.id), None, note, lines);
    }

    /// What the exchange charged; our own sum, with an alarm, where it did not say. Where that is not known either,
    /// entries halt until books and exchange agree.
    fn fee_of(&mut self, fill: &FillReport) -> Money {
        if let Some(fee) = fill.fee {
            return fee;
        }
        self.alarm(format!("fill {} came without its fee", fill.fill_id));
        let schedule = self.books.markets.get(&fill.ticker).map_or(FeeSchedule::CRYPTO, |market| market.fees);
        let liquidity = if fill.is_taker { Liquidity::Taker } else { Liquidity::Maker };
        schedule.fee(liquidity, fill.price, fill.quantity).unwrap_or_else(|| {
            self.halt(HaltSource::Reconciliation, format!("nobody knows the fee of fill {}", fill.fill_id));
            Money::ZERO
        })
    }

    /// An ended trade goes on when one of its orders turns out not to have ended.
    pub(super) fn revive(&mut self, id: TradeId) {
        let revivable = |trade: &Trade| matches!(trade.state, TradeState::Unfilled | TradeState::Closed);
        if let Some(mut trade) = self.books.ended.get(&id).filter(|trade| revivable(trade)).cloned() {
            let replaced = self.books.trade_in(&trade.ticker, trade.side).is_some();
            if replaced || self.books.open_orders_of(id).next().is_none() {
                return;
            }
            self.move_on(&mut trade, TradeInput::Revived);
            self.put_trade(trade);
        }
    }
}

/// What the exchange never does to an order: give more than was ordered, or at a worse price than its limit.
fn doubt_about(order: &Order, fill: &FillReport) -> Option<String> {
    let worse = match order.spec.book_side {
        BookSide::Bid => fill.price > order.spec.price,
        BookSide::Ask => fill.price < order.spec.price,
    };
    if worse {
        return Some(format!(
            "fill {} of order {} is at {}, beyond its limit {}",
            fill.fill_id, order.intent, fill.price, order.spec.price
        ));
    }
    (order.booked > order.spec.quantity)
        .then(|| format!("order {} was for {} and {} were filled", order.intent, order.spec.quantity, order.booked))
}
