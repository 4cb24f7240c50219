//! Fills to trades and ledger, each once.

use rec_domain::{
    BookSide, EventTicker, FillId, Money, OrderId, Quantity, Side, TradeId,
    fee::{FeeSchedule, Liquidity},
    fill::Fill,
    halt::HaltSource,
    intent::GroupRole,
    ledger::{Account, PostingKind},
    order::Order,
    outbox::DeskEvent,
    report::FillReport,
    row::Row,
    trade::{Origin, Trade, TradeState},
};

use super::{
    draft::{Draft, is_filled},
    order_life::OrderInput,
    trade_life::TradeInput,
};

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
        let (trade_id, role, intent) = (order.trade, order.role, order.intent);
        self.put_order(order);
        let Some(trade) = self.trade(trade_id) else {
            self.alarm(format!("fill {} belongs to trade {trade_id}, which is forgotten", fill.fill_id));
            return;
        };
        // A trade that was thought to have ended goes on, unless another has begun in its place and takes the fill.
        let successor = self.books.trade_in(&trade.ticker, trade.side).filter(|_| trade.state.is_final()).cloned();
        self.book(successor.unwrap_or(trade), role, Some(intent), fill);
    }

    /// Books a fill of an order that this desk did not place: it reduces what is held on the other side, or adds to
    /// what is held on its own.
    pub(super) fn book_foreign(&mut self, fill: &FillReport) {
        let acquired = fill.book_side.acquired();
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
                self.book(trade, GroupRole::Exit, None, &netted);
                return self.book_foreign(&rest);
            }
            return self.book(trade, GroupRole::Exit, None, fill);
        }
        let trade = match self.books.trade_in(&fill.ticker, acquired) {
            Some(trade) => trade.clone(),
            None => self.foreign_trade(fill, acquired),
        };
        self.book(trade, GroupRole::Entry, None, fill);
    }

    fn foreign_trade(&mut self, fill: &FillReport, side: Side) -> Trade {
        self.books.last_trade += 1;
        let market = self.books.markets.get(&fill.ticker);
        let trade = Trade {
            id: TradeId::new(self.books.last_trade),
            origin: Origin::Foreign,
            ticker: fill.ticker.clone(),
            event: market.map_or_else(|| EventTicker::new(fill.ticker.as_str()), |market| market.event.clone()),
            exchange_index: fill.exchange_index,
            side,
            close_time: market.map_or(fill.at + rec_domain::TimeSpan::from_minutes(60), |market| market.close_time),
            state: TradeState::Opening,
            entered: Quantity::ZERO,
            entry_cost: Money::ZERO,
            exited: Quantity::ZERO,
            exit_proceeds: Money::ZERO,
            fees: Money::ZERO,
            open_cost: Money::ZERO,
            settlement_revenue: Money::ZERO,
            entry_probability_percent: None,
            entry_reason: "placed outside this desk".to_owned(),
            exit_reason: None,
            exit_attempts: 0,
            last_exit_at: None,
            created_at: self.now,
            ended_at: None,
        };
        self.rows.push(Row::Trade(trade.clone()));
        self.books.trades.insert(trade.id, trade.clone());
        trade
    }

    fn book(&mut self, mut trade: Trade, role: GroupRole, intent: Option<rec_domain::IntentId>, fill: &FillReport) {
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
                self.add_result(amount - cost);
                (PostingKind::Exit, lines)
            }
        };
        self.add_result(-fee);
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
        self.event(DeskEvent::Fill { trade: id, quantity: fill.quantity, price, fee });
        self.move_on(&mut trade, TradeInput::Filled);
        self.put_trade(trade);
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
