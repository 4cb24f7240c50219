//! Trades of others, and what they fill of ours.

use rec_domain::{BookSide, Price, Quantity};

use super::{Effect, LASTING, PASSING};
use crate::core::{
    Twin,
    exchange::{TRADES_KEPT, push_bounded},
    identity::{Kind, identity},
    output::{BookChange, Output, TradePrint},
};

impl Twin {
    pub(super) fn mirror_summary(&mut self, ticker: &str, last: Option<Price>, volume: Option<Quantity>) -> Effect {
        let market = self.by_ticker.get(ticker).and_then(|number| self.markets.get_mut(number));
        if let Some(market) = market {
            let size = market.last.map_or(Quantity::ZERO, |(_, size)| size);
            market.last = last.map(|price| (price, size)).or(market.last);
            market.volume = volume.unwrap_or(market.volume);
            market.dirty = true;
        }
        PASSING
    }

    pub(super) fn mirror_trade(
        &mut self,
        ticker: &str,
        trade_id: &str,
        price: Price,
        count: Quantity,
        taker: BookSide,
    ) -> Effect {
        let Some(number) = self.by_ticker.get(ticker).copied() else { return PASSING };
        let now = self.now;
        let Some(market) = self.markets.get_mut(&number) else { return PASSING };
        let shown = market.shown();
        market.candles.trade(now, shown, price, count);
        market.volume += count;
        market.last = Some((price, count));
        market.dirty = true;
        market.updated = now;
        let market = market.name.clone();
        self.tell_trade(TradePrint { trade_id: trade_id.to_owned(), market, price, count, taker_side: taker, at: now });
        if self.fill_through(number, price, count) { LASTING } else { PASSING }
    }

    fn tell_trade(&mut self, print: TradePrint) {
        self.trades_made += 1;
        push_bounded(&mut self.trades, print.clone(), TRADES_KEPT);
        self.outputs.push(Output::Trade(print));
    }

    /// Fills what rests of ours at prices that a trade went through, the best first, with no more contracts than traded.
    fn fill_through(&mut self, number: u32, price: Price, count: Quantity) -> bool {
        let mut through: Vec<(i64, u64)> = self
            .account
            .resting
            .iter()
            .filter_map(|order| self.account.orders.get(order))
            .filter(|order| order.market == number)
            .filter_map(|order| match order.side {
                BookSide::Bid if price < order.price => Some((-order.price.units(), order.number)),
                BookSide::Ask if price > order.price => Some((order.price.units(), order.number)),
                _ => None,
            })
            .collect();
        through.sort_unstable();
        let mut left = count;
        let mut filled = false;
        for (_, order) in through {
            if left.is_zero() {
                break;
            }
            let taken = self.fill_resting(order, left);
            left -= taken;
            filled |= taken.is_positive();
        }
        if filled {
            self.display_all(number);
        }
        filled
    }

    /// Fills at most `most` contracts of a resting order at its own price, as a maker.
    fn fill_resting(&mut self, number: u64, most: Quantity) -> Quantity {
        let Some(order) = self.account.orders.get(&number) else { return Quantity::ZERO };
        let (market, side, price, remaining) = (order.market, order.side, order.price, order.remaining);
        let cause = Some(order.as_cause());
        let count = most.at_most(remaining).at_most(self.group_allowance(number));
        if count.is_zero() {
            self.trip_group_of(number);
            return Quantity::ZERO;
        }
        if !self.can_pay(number, price, count) {
            self.withdraw_order(number, "MarginCancel");
            return Quantity::ZERO;
        }
        let trade_id = identity(self.config.seed, Kind::Trade, self.own_trade_number()).to_string();
        let now = self.now;
        let Some(shown) = self.markets.get_mut(&market) else { return Quantity::ZERO };
        if count == remaining {
            shown.book.remove(side, price, number);
        } else {
            shown.book.reduce(side, price, number, count);
        }
        shown.dirty = true;
        let market = shown.name.clone();
        self.outputs.push(Output::Book(BookChange { market, side, price, delta: -count, cause, at: now }));
        self.fill_order(number, &trade_id, price, count, false);
        count
    }

    /// The number of the account's next trade. It depends on nothing but the account, so that a mirror that is rebuilt
    /// gives the same.
    pub(crate) fn own_trade_number(&self) -> u64 {
        u64::try_from(self.account.fills.len()).unwrap_or(u64::MAX).saturating_add(1)
    }
}
