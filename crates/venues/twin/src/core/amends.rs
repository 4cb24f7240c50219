//! Changes of resting orders.
//!
//! Only a smaller size and another expiration keep an order's place; another price or a larger size puts it behind,
//! and may make it trade. Not verified on the exchange: that an amended size counts as the order's initial one while a
//! decrease leaves that as it was; that a post-only order whose amendment would trade is cancelled and answered with
//! nothing left; that more than what rests cannot be taken away.

use rec_domain::{Money, Quantity};

use crate::core::{
    exchange::{Due, Twin},
    mutation::{AmendAnswer, AmendOrder, DecreaseAnswer, DecreaseOrder, OrderAnswer, Reduction},
    output::{BookChange, Output},
    rejection::Rejection,
};

impl Twin {
    pub(crate) fn amend_order(&mut self, request: &AmendOrder) -> Result<AmendAnswer, Rejection> {
        let number = self.amendable(request)?;
        let order = self.account.orders.get(&number).ok_or_else(Rejection::not_found)?;
        let (market, wallet, before) = (order.market, order.wallet, order.remaining);
        let remaining = request.count - order.filled;
        if !remaining.is_positive() {
            return Err(Rejection::nested(400, "invalid_order_size", None));
        }
        let keeps_place = request.price == order.price && remaining <= before;
        let crosses = order.post_only && self.would_trade(market, order.side, request.price);
        if !keeps_place && !crosses {
            let needed = self.collateral(market, wallet, order.side, request.price, remaining, Some(number));
            if needed > self.account.free_cash(wallet) + order.reserved {
                return Err(Rejection::nested(400, "insufficient_balance", None));
            }
        }

        let mut answer = None;
        if keeps_place {
            self.take_off(number, before - remaining);
            self.rewrite(number, request);
            self.tell_order(number);
        } else if crosses {
            self.withdraw_order(number, "PostOnlyCrossCancel");
        } else {
            self.take_out(number);
            self.rewrite(number, request);
            let entered = self.enter_book(number, remaining, None);
            answer = Some(self.order_answer(number, entered));
        }
        self.bind_anew(market, wallet.subaccount);
        let order = answer.unwrap_or_else(|| self.unfilled_answer(number));
        let counts_changed = order.filled.is_positive() || order.remaining != before;
        Ok(AmendAnswer { order, counts_changed })
    }

    /// The order, when it may be amended as asked.
    fn amendable(&self, request: &AmendOrder) -> Result<u64, Rejection> {
        let ticker = Some(request.ticker.as_str());
        let number = self.working_order(&request.order_id, request.exchange_index, ticker, request.subaccount)?;
        let order = self.account.orders.get(&number).ok_or_else(Rejection::not_found)?;
        self.takes_orders(order.market)?;
        if *order.ticker != *request.ticker {
            return Err(Rejection::nested(400, "order_ticker_mismatch", None));
        }
        if order.side != request.side {
            return Err(Rejection::nested(400, "order_side_mismatch", None));
        }
        if request.client_order_id.is_some() && request.client_order_id != order.client_order_id {
            return Err(Rejection::nested(400, "order_id_and_client_order_id_mismatch", None));
        }
        self.on_grid(order.market, request.price)?;
        self.in_the_future(request.expires_at.flatten())?;
        let own = order.client_order_id.as_ref();
        let known = |id: &String| own != Some(id) && self.account.client_order_ids.contains(id);
        if request.updated_client_order_id.as_ref().is_some_and(known) {
            return Err(Rejection::nested(409, "order_already_exists", None));
        }
        Ok(number)
    }

    /// Writes what was asked for into an order.
    fn rewrite(&mut self, number: u64, request: &AmendOrder) {
        let now = self.now;
        let Some(order) = self.account.orders.get_mut(&number) else { return };
        order.price = request.price;
        order.initial = request.count;
        order.updated = now;
        order.reason = Some("Amend");
        if let Some(id) = &request.updated_client_order_id {
            order.client_order_id = Some(id.clone());
            self.account.client_order_ids.insert(id.clone());
        }
        let moved = request.expires_at.filter(|expires_at| *expires_at != order.expires_at);
        if let Some(expires_at) = moved {
            order.expires_at = expires_at;
            if let Some(at) = expires_at {
                self.schedule(at, Due::Expire(number));
            }
        }
    }

    pub(crate) fn decrease_order(&mut self, request: &DecreaseOrder) -> Result<DecreaseAnswer, Rejection> {
        let wanted = &request.order;
        let ticker = wanted.market_ticker.as_deref();
        let number = self.working_order(&wanted.order_id, wanted.exchange_index, ticker, wanted.subaccount)?;
        let order = self.account.orders.get(&number).ok_or_else(Rejection::not_found)?;
        let (market, subaccount) = (order.market, order.wallet.subaccount);
        let by = match request.reduction {
            Reduction::By(count) => count,
            Reduction::To(count) if count.is_negative() => Quantity::ZERO,
            Reduction::To(count) => order.remaining - count,
        };
        if !by.is_positive() || by > order.remaining {
            return Err(Rejection::nested(400, "invalid_order_size", None));
        }
        if by == order.remaining {
            self.withdraw_order(number, "Decrease");
        } else {
            self.take_off(number, by);
            let now = self.now;
            if let Some(order) = self.account.orders.get_mut(&number) {
                order.updated = now;
                order.reason = Some("Decrease");
            }
            self.tell_order(number);
            self.bind_anew(market, subaccount);
        }
        let OrderAnswer { order_id, client_order_id, remaining, at, .. } = self.unfilled_answer(number);
        Ok(DecreaseAnswer { order_id, client_order_id, remaining, at })
    }

    /// Takes contracts off a resting order, which keeps its place, and gives their share of the collateral back.
    fn take_off(&mut self, number: u64, by: Quantity) {
        if !by.is_positive() {
            return;
        }
        let Some(order) = self.account.orders.get_mut(&number) else { return };
        let left = order.remaining - by;
        // What stays is held to the full, so that rounding never leaves an order short.
        let kept = i128::from(order.reserved.micros()) * i128::from(left.units());
        let whole = i128::from(order.remaining.units());
        let kept = Money::from_micros(i64::try_from((kept + whole - 1).div_euclid(whole)).unwrap_or(i64::MAX));
        let release = order.reserved - kept.min(order.reserved);
        order.remaining = left;
        let (market, side, price) = (order.market, order.side, order.price);
        let cause = Some(order.as_cause());
        self.account.reserve(number, -release);
        let now = self.now;
        let Some(market) = self.markets.get_mut(&market) else { return };
        market.book.reduce(side, price, number, by);
        market.dirty = true;
        market.updated = now;
        self.outputs.push(Output::Book(BookChange {
            market: market.name.clone(),
            side,
            price,
            delta: -by,
            cause,
            at: now,
        }));
    }

    fn unfilled_answer(&self, number: u64) -> OrderAnswer {
        let order = self.account.orders.get(&number);
        OrderAnswer {
            order_id: order.map(|order| order.order_id.clone()).unwrap_or_default(),
            client_order_id: order.and_then(|order| order.client_order_id.clone()),
            filled: Quantity::ZERO,
            remaining: order.map_or(Quantity::ZERO, |order| order.remaining),
            average_price_micros: None,
            average_fee_micros: None,
            at: self.now,
        }
    }
}
