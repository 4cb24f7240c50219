//! The account's orders: what may be placed, and how an order enters the book.

use rec_domain::{BookSide, ExchangeIndex, Money, Price, Quantity, Timestamp};

use crate::core::{
    account::{Order, OrderStatus},
    book::{Owner, Resting, crosses},
    config::CRYPTO_SHARD,
    exchange::{Due, Twin},
    identity::{Kind, identity},
    matching::Incoming,
    mutation::{CreateOrder, OrderAnswer, TimeInForce},
    output::Output,
    rejection::Rejection,
    wallet::Wallet,
};

/// The exchange's word for "the shard of the ticker".
const AUTO_ROUTE: ExchangeIndex = ExchangeIndex::new(-1);

/// What an order did on entering the book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entered {
    pub(crate) filled: Quantity,
    yes_value: Money,
    fees: Money,
}

impl Twin {
    pub(crate) fn create_order(&mut self, request: &CreateOrder) -> Result<OrderAnswer, Rejection> {
        let market = self.placeable(request)?;
        let subaccount = request.subaccount.unwrap_or(0);
        let wallet = Wallet::new(self.shard_of(market), subaccount);
        let group = self.group_for_order(request.order_group_id.as_deref(), wallet)?;
        let count = if request.reduce_only {
            request.count.at_most(self.account.held_against(market, subaccount, request.side))
        } else {
            request.count
        };
        if request.post_only && self.would_trade(market, request.side, request.price) {
            return Err(Rejection::nested(400, "invalid_order", Some("post only cross")));
        }
        let needed = self.collateral(market, wallet, request.side, request.price, count, None);
        if needed > self.account.free_cash(wallet) {
            return Err(Rejection::nested(400, "insufficient_balance", None));
        }

        let book = &self.markets.get(&market).ok_or_else(Rejection::not_found)?.book;
        let killed =
            request.time_in_force == TimeInForce::FillOrKill && book.available(request.side, request.price) < count;
        let number = self.next_number();
        let order_id = identity(self.config.seed, Kind::Order, number).to_string();
        self.remember_order(request, market, wallet, number, &order_id, group);
        let cut = (request.reduce_only && count < request.count).then_some("ReduceOnlyCancel");
        let wanted = if killed { Quantity::ZERO } else { count };
        let entered = self.enter_book(number, wanted, cut);
        Ok(self.order_answer(number, entered))
    }

    /// The shard that a market trades on.
    pub(crate) fn shard_of(&self, _market: u32) -> ExchangeIndex {
        CRYPTO_SHARD
    }

    /// The market of an order, when the order may be placed there at all.
    fn placeable(&self, request: &CreateOrder) -> Result<u32, Rejection> {
        let market = *self.by_ticker.get(request.ticker.as_str()).ok_or_else(Rejection::not_found)?;
        let subaccount = request.subaccount.unwrap_or(0);
        if !self.account.has_subaccount(subaccount) {
            return Err(Rejection::nested(400, "invalid_order", Some("unknown subaccount")));
        }
        if let Some(shard) = request.exchange_index
            && shard != AUTO_ROUTE
            && shard != self.shard_of(market)
        {
            // Collateral is looked at before the market is.
            let needed = request.side.acquired().convert_price(request.price) * request.count;
            let poor = needed > self.account.free_cash(Wallet::new(shard, subaccount));
            let missing = Rejection::not_found();
            return Err(if poor { Rejection::nested(400, "insufficient_balance", None) } else { missing });
        }
        self.takes_orders(market)?;
        if request.client_order_id.as_ref().is_some_and(|id| self.account.client_order_ids.contains(id)) {
            return Err(Rejection::nested(409, "order_already_exists", None));
        }
        if !request.count.is_positive() {
            return Err(Rejection::nested(400, "invalid_order_size", None));
        }
        self.on_grid(market, request.price)?;
        let immediate = request.time_in_force != TimeInForce::GoodTillCanceled;
        if request.reduce_only && request.time_in_force != TimeInForce::ImmediateOrCancel {
            return Err(Rejection::nested(400, "invalid_order", Some("reduce only requires immediate_or_cancel")));
        }
        if request.post_only && immediate {
            return Err(Rejection::nested(400, "invalid_order", Some("post only requires good_till_canceled")));
        }
        if immediate && request.expires_at.is_some() {
            return Err(invalid_expiration());
        }
        self.in_the_future(request.expires_at)?;
        Ok(market)
    }

    /// Whether a market takes new orders and amendments now.
    pub(crate) fn takes_orders(&self, market: u32) -> Result<(), Rejection> {
        let event = self.event_of(market).ok_or_else(Rejection::not_found)?;
        let mirrored = self.markets.get(&market).and_then(|market| market.mirrored.as_ref());
        if !event.is_open(self.now) || mirrored.is_some_and(|mirrored| mirrored.suspended) {
            return Err(Rejection::market_inactive());
        }
        if self.is_trading_paused() { Err(Rejection::trading_paused()) } else { Ok(()) }
    }

    pub(crate) fn on_grid(&self, market: u32, price: Price) -> Result<(), Rejection> {
        if self.markets.get(&market).is_some_and(|market| market.grid().contains(price)) {
            Ok(())
        } else {
            Err(Rejection::nested(400, "invalid_price", None))
        }
    }

    /// An expiration that has passed is refused.
    pub(crate) fn in_the_future(&self, expires_at: Option<Timestamp>) -> Result<(), Rejection> {
        if expires_at.is_some_and(|at| at <= self.now) { Err(invalid_expiration()) } else { Ok(()) }
    }

    /// Whether an order would meet something that rests.
    pub(crate) fn would_trade(&self, market: u32, side: BookSide, limit: Price) -> bool {
        let best = self.markets.get(&market).and_then(|market| market.book.best(side.opposite()));
        best.is_some_and(|(price, _)| crosses(side, limit, price))
    }

    fn remember_order(
        &mut self,
        request: &CreateOrder,
        market: u32,
        wallet: Wallet,
        number: u64,
        order_id: &str,
        group: Option<u64>,
    ) {
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
            wallet,
            side: request.side,
            price: request.price,
            initial: request.count,
            filled: Quantity::ZERO,
            remaining: Quantity::ZERO,
            time_in_force: request.time_in_force,
            self_trade_prevention: request.self_trade_prevention,
            post_only: request.post_only,
            cancel_on_pause: request.cancel_on_pause,
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

    /// Trades `wanted` contracts of an order with what rests against it and rests what is left, if the order rests at
    /// all. `cut` is why the order does not get what it asked for.
    pub(crate) fn enter_book(&mut self, number: u64, wanted: Quantity, cut: Option<&'static str>) -> Entered {
        let mut entered = Entered { filled: Quantity::ZERO, yes_value: Money::ZERO, fees: Money::ZERO };
        let Some(order) = self.account.orders.get(&number) else { return entered };
        let (market, side, price, prevention) = (order.market, order.side, order.price, order.self_trade_prevention);
        let (yes_value, fees) = (order.yes_value, order.taker_fees);
        let mut stopped = None;
        if wanted.is_positive() {
            let incoming = Incoming::account(side, price, wanted, number, prevention);
            let matched = self.match_incoming(market, incoming);
            (entered.filled, stopped) = (matched.filled, matched.stopped);
        }
        let now = self.now;
        let Some(order) = self.account.orders.get_mut(&number) else { return entered };
        entered.yes_value = order.yes_value - yes_value;
        entered.fees = order.taker_fees - fees;
        let rests = order.time_in_force == TimeInForce::GoodTillCanceled && stopped.is_none();
        order.remaining = if rests { wanted - entered.filled } else { Quantity::ZERO };
        order.status = if order.remaining.is_positive() {
            OrderStatus::Resting
        } else if entered.filled.is_positive() && entered.filled == wanted && cut.is_none() {
            OrderStatus::Executed
        } else {
            OrderStatus::Canceled
        };
        let traded = entered.filled.is_positive().then_some("Trade");
        order.reason = stopped.or(cut).or(traded).or(order.reason);
        order.updated = now;
        self.rest_own(number);
        self.tell_order(number);
        entered
    }

    /// Puts what is left of an order into the book, behind those that are there, and holds its collateral.
    fn rest_own(&mut self, number: u64) {
        let Some(order) = self.account.orders.get(&number).filter(|order| order.remaining.is_positive()) else {
            return;
        };
        let (market, side, price, remaining) = (order.market, order.side, order.price, order.remaining);
        let (subaccount, cause, expires_at) = (order.wallet.subaccount, order.as_cause(), order.expires_at);
        self.account.resting.insert(number);
        let resting = Resting { number, owner: Owner::Account, remaining };
        self.rest(market, side, price, resting, Some(cause));
        self.bind_anew(market, subaccount);
        self.display_all(market);
        if let Some(at) = expires_at {
            self.schedule(at, Due::Expire(number));
        }
        self.reach_of_cancel_all(number);
    }

    /// The answer to an order that entered the book.
    pub(crate) fn order_answer(&self, number: u64, entered: Entered) -> OrderAnswer {
        let order = self.account.orders.get(&number);
        let filled = entered.filled;
        let per_contract = |total: Money| {
            filled.is_positive().then(|| (total.micros() * 100 + filled.units() / 2).div_euclid(filled.units()))
        };
        OrderAnswer {
            order_id: order.map(|order| order.order_id.clone()).unwrap_or_default(),
            client_order_id: order.and_then(|order| order.client_order_id.clone()),
            filled,
            remaining: order.map_or(Quantity::ZERO, |order| order.remaining),
            average_price_micros: per_contract(entered.yes_value),
            average_fee_micros: per_contract(entered.fees),
            at: self.now,
        }
    }

    /// The number of a resting order of a subaccount, found as the exchange finds it: on the shard that is named, on
    /// that of the ticker, or on shard 0.
    pub(crate) fn working_order(
        &self,
        order_id: &str,
        shard: Option<ExchangeIndex>,
        ticker: Option<&str>,
        subaccount: Option<u32>,
    ) -> Result<u64, Rejection> {
        let by_ticker = ticker.and_then(|ticker| self.by_ticker.get(ticker)).map(|market| self.shard_of(*market));
        let shard = shard.filter(|shard| *shard != AUTO_ROUTE).or(by_ticker).unwrap_or(ExchangeIndex::new(0));
        let wallet = Wallet::new(shard, subaccount.unwrap_or(0));
        let number = *self.account.by_order_id.get(order_id).ok_or_else(Rejection::not_found)?;
        let order = self.account.orders.get(&number).filter(|order| order.wallet == wallet);
        let order = order.ok_or_else(Rejection::not_found)?;
        if self.event_of(order.market).is_some_and(|event| !event.is_open(self.now)) {
            return Err(Rejection::market_inactive());
        }
        if order.status == OrderStatus::Resting { Ok(number) } else { Err(Rejection::not_found()) }
    }

    /// Tells an order as it stands.
    pub(crate) fn tell_order(&mut self, number: u64) {
        if let Some(order) = self.account.orders.get(&number) {
            self.outputs.push(Output::Order(Box::new(order.clone())));
        }
    }
}

fn invalid_expiration() -> Rejection {
    Rejection::nested(400, "invalid_order", Some("invalid expiration_time"))
}
