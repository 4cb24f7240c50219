//! The account's orders: place, cancel, expire.

use rec_domain::{
    BookSide, ExchangeIndex, Money, Price, Quantity,
    fee::{FeeSchedule, Liquidity},
};

use crate::core::{
    account::{Order, OrderStatus},
    book::{Owner, Resting, crosses},
    config::CRYPTO_SHARD,
    exchange::{Due, Twin},
    identity::{Kind, identity},
    matching::Incoming,
    mutation::{CancelAnswer, CancelOrder, CreateOrder, OrderAnswer, TimeInForce},
    output::{BookChange, Output},
    rejection::Rejection,
};

impl Twin {
    pub(crate) fn create_order(&mut self, request: &CreateOrder) -> Result<OrderAnswer, Rejection> {
        let market = self.orderable_market(request)?;
        let group = self.group_for_order(request.order_group_id.as_deref())?;
        let count = if request.reduce_only {
            request.count.at_most(self.account.held_against(market, request.side))
        } else {
            request.count
        };
        let book = &self.markets.get(&market).ok_or_else(Rejection::not_found)?.book;
        let best = book.best(request.side.opposite()).map(|(price, _)| price);
        let would_trade = best.is_some_and(|price| crosses(request.side, request.price, price));
        if request.post_only && would_trade {
            return Err(Rejection::nested(400, "invalid_order", Some("post only cross")));
        }
        let fillable = book.available(request.side, request.price) >= count;
        let needed = self.collateral(market, request.side, request.price, count, would_trade);
        if needed > self.account.cash() {
            return Err(Rejection::nested(400, "insufficient_balance", None));
        }

        let number = self.next_number();
        let order_id = identity(self.config.seed, Kind::Order, number).to_string();
        self.remember_order(request, market, number, &order_id, group);
        let mut reason = None;
        let mut filled = Quantity::ZERO;
        let killed = request.time_in_force == TimeInForce::FillOrKill && !fillable;
        if !killed && count.is_positive() {
            let incoming = Incoming::account(request.side, request.price, count, number, request.self_trade_prevention);
            let matched = self.match_incoming(market, incoming);
            filled = matched.filled;
            reason = matched.stopped;
        }
        let rests = request.time_in_force == TimeInForce::GoodTillCanceled && reason.is_none();
        let remaining = if rests { count - filled } else { Quantity::ZERO };
        if request.reduce_only && count < request.count && reason.is_none() {
            reason = Some("ReduceOnlyCancel");
        }
        self.finish_placing(number, filled, remaining, reason);
        Ok(self.order_answer(number, order_id))
    }

    /// The market of an order, when the order may be placed there at all.
    fn orderable_market(&self, request: &CreateOrder) -> Result<u32, Rejection> {
        let market = *self.by_ticker.get(request.ticker.as_str()).ok_or_else(Rejection::not_found)?;
        let event = self.event_of(market).ok_or_else(Rejection::not_found)?;
        if let Some(shard) = request.exchange_index
            && shard != CRYPTO_SHARD
            && shard != ExchangeIndex::new(-1)
        {
            // Collateral is held per shard, and no other shard has any.
            return Err(Rejection::nested(400, "insufficient_balance", None));
        }
        if !event.is_open(self.now) {
            return Err(Rejection::market_inactive());
        }
        if self.is_trading_paused() {
            return Err(Rejection::trading_paused());
        }
        let known = request.client_order_id.as_ref().is_some_and(|id| self.account.client_order_ids.contains(id));
        if known {
            return Err(Rejection::nested(409, "order_already_exists", None));
        }
        if !request.count.is_positive() {
            return Err(Rejection::nested(400, "invalid_order_size", None));
        }
        if self.series_of(market).is_none_or(|series| !series.grid().contains(request.price)) {
            return Err(Rejection::nested(400, "invalid_price", None));
        }
        let immediate = request.time_in_force != TimeInForce::GoodTillCanceled;
        if request.reduce_only && request.time_in_force != TimeInForce::ImmediateOrCancel {
            return Err(Rejection::nested(400, "invalid_order", Some("reduce only requires immediate_or_cancel")));
        }
        if request.post_only && immediate {
            return Err(Rejection::nested(400, "invalid_order", Some("post only requires good_till_canceled")));
        }
        if let Some(expires) = request.expires_at
            && (immediate || expires <= self.now)
        {
            return Err(Rejection::nested(400, "invalid_order", Some("invalid expiration_time")));
        }
        Ok(market)
    }

    /// The most that an order may cost at its limit: what opens, and the fee if it trades at once.
    fn collateral(&self, market: u32, side: BookSide, price: Price, count: Quantity, trades: bool) -> Money {
        let own_price = side.acquired().convert_price(price);
        let opening = count - count.at_most(self.account.closable(market, side));
        let fee_price = own_price.min(Price::from_cents(50));
        let fee = if trades && opening.is_positive() {
            FeeSchedule::CRYPTO.fee(Liquidity::Taker, fee_price, opening).unwrap_or_default()
        } else {
            Money::ZERO
        };
        own_price * opening + fee
    }

    fn remember_order(&mut self, request: &CreateOrder, market: u32, number: u64, order_id: &str, group: Option<u64>) {
        if let Some(id) = &request.client_order_id {
            self.account.client_order_ids.insert(id.clone());
        }
        if let Some(group) = group.and_then(|group| self.account.groups.get_mut(&group)) {
            group.orders.push(number);
        }
        self.account.by_order_id.insert(order_id.to_owned(), number);
        let order = Order {
            number,
            order_id: order_id.to_owned(),
            client_order_id: request.client_order_id.clone(),
            market,
            ticker: self.ticker_of(market),
            side: request.side,
            price: request.price,
            initial: request.count,
            filled: Quantity::ZERO,
            remaining: Quantity::ZERO,
            time_in_force: request.time_in_force,
            self_trade_prevention: request.self_trade_prevention,
            group,
            order_group_id: request.order_group_id.clone(),
            expires_at: request.expires_at,
            status: OrderStatus::Resting,
            reason: None,
            reserved: Money::ZERO,
            taker_cost: Money::ZERO,
            maker_cost: Money::ZERO,
            taker_fees: Money::ZERO,
            maker_fees: Money::ZERO,
            yes_value: Money::ZERO,
            created: self.now,
            updated: self.now,
        };
        self.account.orders.insert(number, order);
    }

    fn finish_placing(&mut self, number: u64, filled: Quantity, remaining: Quantity, reason: Option<&'static str>) {
        let Some(order) = self.account.orders.get_mut(&number) else { return };
        order.remaining = remaining;
        order.status = if remaining.is_positive() {
            OrderStatus::Resting
        } else if filled.is_positive() && filled == order.initial {
            OrderStatus::Executed
        } else {
            OrderStatus::Canceled
        };
        order.reason = reason.or(if filled.is_positive() { Some("Trade") } else { None });
        let (market, side, price) = (order.market, order.side, order.price);
        let (client_order_id, expires_at) = (order.client_order_id.clone(), order.expires_at);
        if remaining.is_positive() {
            let own_price = side.acquired().convert_price(price);
            let opening = remaining - remaining.at_most(self.account.closable(market, side));
            self.account.resting.insert(number);
            self.account.reserve(number, own_price * opening);
            let resting = Resting { number, owner: Owner::Account, remaining };
            self.rest(market, side, price, resting, client_order_id);
            if let Some(at) = expires_at {
                self.schedule(at, Due::Expire(number));
            }
        }
        self.tell_order(number);
    }

    fn order_answer(&self, number: u64, order_id: String) -> OrderAnswer {
        let order = self.account.orders.get(&number);
        let filled = order.map_or(Quantity::ZERO, |order| order.filled);
        let per_contract = |total: Money| {
            filled.is_positive().then(|| (total.micros() * 100 + filled.units() / 2).div_euclid(filled.units()))
        };
        OrderAnswer {
            order_id,
            client_order_id: order.and_then(|order| order.client_order_id.clone()),
            filled,
            remaining: order.map_or(Quantity::ZERO, |order| order.remaining),
            average_price_micros: order.and_then(|order| per_contract(order.yes_value)),
            average_fee_micros: order.and_then(|order| per_contract(order.taker_fees)),
            at: self.now,
        }
    }

    pub(crate) fn cancel_order(&mut self, request: &CancelOrder) -> Result<CancelAnswer, Rejection> {
        let by_ticker =
            request.market_ticker.as_ref().is_some_and(|ticker| self.by_ticker.contains_key(ticker.as_str()));
        let shard = match request.exchange_index {
            Some(index) if index != ExchangeIndex::new(-1) => index,
            _ if by_ticker => CRYPTO_SHARD,
            _ => ExchangeIndex::new(0),
        };
        if shard != CRYPTO_SHARD {
            return Err(Rejection::not_found());
        }
        let number = *self.account.by_order_id.get(&request.order_id).ok_or_else(Rejection::not_found)?;
        let order = self.account.orders.get(&number).ok_or_else(Rejection::not_found)?;
        if self.event_of(order.market).is_some_and(|event| !event.is_open(self.now)) {
            return Err(Rejection::market_inactive());
        }
        if order.status != OrderStatus::Resting {
            return Err(Rejection::not_found());
        }
        let (reduced_by, client_order_id) = (order.remaining, order.client_order_id.clone());
        self.withdraw_order(number, "Decrease");
        Ok(CancelAnswer { order_id: request.order_id.clone(), client_order_id, reduced_by, at: self.now })
    }

    /// Takes a resting order out of its book, gives its collateral back and tells why.
    pub(crate) fn withdraw_order(&mut self, number: u64, reason: &'static str) {
        let Some(order) = self.account.orders.get_mut(&number) else { return };
        if order.status != OrderStatus::Resting {
            return;
        }
        let (market, side, price, reserved) = (order.market, order.side, order.price, order.reserved);
        let client_order_id = order.client_order_id.clone();
        order.status = OrderStatus::Canceled;
        order.remaining = Quantity::ZERO;
        order.reason = Some(reason);
        order.updated = self.now;
        self.account.resting.remove(&number);
        self.account.reserve(number, -reserved);
        let now = self.now;
        if let Some(market) = self.markets.get_mut(&market)
            && let Some(left) = market.book.remove(side, price, number)
        {
            market.dirty = true;
            market.updated = now;
            self.outputs.push(Output::Book(BookChange {
                market: market.name.clone(),
                side,
                price,
                delta: -left,
                client_order_id,
                at: now,
            }));
        }
        self.tell_order(number);
    }

    pub(crate) fn expire_order(&mut self, number: u64) {
        self.withdraw_order(number, "ExpiryCancel");
    }

    /// Tells an order as it stands.
    pub(crate) fn tell_order(&mut self, number: u64) {
        if let Some(order) = self.account.orders.get(&number) {
            self.outputs.push(Output::Order(Box::new(order.clone())));
        }
    }
}
