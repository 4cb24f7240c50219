//! How resting orders end: cancelled one by one or all at once, expired, or withdrawn by the exchange.

use rec_domain::{Quantity, TimeSpan, Timestamp};

use crate::core::{
    account::OrderStatus,
    dice::Dice,
    exchange::{Due, Twin},
    mutation::{CancelAnswer, CancelOrder},
    output::{BookChange, Output},
    rejection::Rejection,
};

/// Orders that come within this time after a cancel-all may be cancelled by it too.
const REACH: TimeSpan = TimeSpan::from_seconds(60);
/// How likely that is. The exchange says only that it may happen.
const REACH_CHANCE: f64 = 0.5;
/// Streams of chance for orders in reach begin here, one an order.
const REACH_STREAM: u64 = 1 << 48;

impl Twin {
    pub(crate) fn cancel_order(&mut self, request: &CancelOrder) -> Result<CancelAnswer, Rejection> {
        let ticker = request.market_ticker.as_deref();
        let number = self.working_order(&request.order_id, request.exchange_index, ticker, request.subaccount)?;
        let order = self.account.orders.get(&number).ok_or_else(Rejection::not_found)?;
        let (reduced_by, client_order_id) = (order.remaining, order.client_order_id.clone());
        self.withdraw_order(number, "Decrease");
        Ok(CancelAnswer { order_id: request.order_id.clone(), client_order_id, reduced_by, at: self.now })
    }

    /// Cancels everything that rests of a subaccount or of all, on all shards, and goes on doing so for a minute.
    pub(crate) fn cancel_all(&mut self, subaccount: Option<u32>) {
        let own = |number: &u64| {
            let order = self.account.orders.get(number);
            order.is_some_and(|order| subaccount.is_none_or(|wanted| order.wallet.subaccount == wanted))
        };
        let resting: Vec<u64> = self.account.resting.iter().copied().filter(own).collect();
        for number in resting {
            self.withdraw_order(number, "Decrease");
        }
        let now = self.now;
        self.account.sweeps.retain(|(until, _)| *until > now);
        self.account.sweeps.push((now + REACH, subaccount));
    }

    /// Decides whether an order that came to rest falls to a cancel-all of the minute before, and when.
    pub(crate) fn reach_of_cancel_all(&mut self, number: u64) {
        let now = self.now;
        let Some(order) = self.account.orders.get(&number) else { return };
        let subaccount = order.wallet.subaccount;
        let reaches = |(until, whose): &&(Timestamp, Option<u32>)| {
            *until > now && whose.is_none_or(|wanted| wanted == subaccount)
        };
        let Some((until, _)) = self.account.sweeps.iter().filter(reaches).max() else { return };
        let mut dice = Dice::new(self.config.seed, REACH_STREAM + number);
        if dice.chance(REACH_CHANCE) {
            let left = until.since(now).micros();
            let at = now + TimeSpan::from_micros(dice.whole(1, left.max(1)));
            self.schedule(at, Due::Sweep(number));
        }
    }

    /// Takes a resting order out of its book, gives its collateral back and tells why.
    pub(crate) fn withdraw_order(&mut self, number: u64, reason: &'static str) {
        if self.take_out(number).is_none() {
            return;
        }
        let Some(order) = self.account.orders.get_mut(&number) else { return };
        order.status = OrderStatus::Canceled;
        order.reason = Some(reason);
        let (market, subaccount) = (order.market, order.wallet.subaccount);
        self.tell_order(number);
        self.bind_anew(market, subaccount);
    }

    /// Takes what rests of an order out of its book and gives its collateral back; `None` when nothing rests. The
    /// order is neither ended nor told.
    pub(crate) fn take_out(&mut self, number: u64) -> Option<Quantity> {
        if !self.account.resting.remove(&number) {
            return None;
        }
        let order = self.account.orders.get_mut(&number)?;
        let left = std::mem::take(&mut order.remaining);
        order.updated = self.now;
        let (number_of_market, side, price, reserved) = (order.market, order.side, order.price, order.reserved);
        let cause = Some(order.as_cause());
        self.account.reserve(number, -reserved);
        let now = self.now;
        if let Some(market) = self.markets.get_mut(&number_of_market)
            && let Some(left) = market.book.remove(side, price, number)
        {
            market.dirty = true;
            market.updated = now;
            self.outputs.push(Output::Book(BookChange {
                market: market.name.clone(),
                side,
                price,
                delta: -left,
                cause,
                at: now,
            }));
        }
        self.display_all(number_of_market);
        Some(left)
    }

    /// Ends an order whose time has come. One that was given another time since does not end yet.
    pub(crate) fn expire_order(&mut self, number: u64) {
        let due = self.account.orders.get(&number).and_then(|order| order.expires_at);
        if due.is_some_and(|at| at <= self.now) {
            self.withdraw_order(number, "ExpiryCancel");
        }
    }

    /// Withdraws what asked not to survive a pause of trading, as trading pauses.
    pub(crate) fn cancel_on_pause(&mut self) {
        let wanted = |number: &u64| self.account.orders.get(number).is_some_and(|order| order.cancel_on_pause);
        let resting: Vec<u64> = self.account.resting.iter().copied().filter(wanted).collect();
        for number in resting {
            self.withdraw_order(number, "HaltCancel");
        }
    }
}
