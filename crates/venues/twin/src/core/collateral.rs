//! What orders hold of the account's cash: the price of their own side for what they open. What only closes holds
//! nothing, and of several resting orders the one that came first closes first.
//!
//! Not verified on the exchange: all of this. An order that cannot be paid any more, because what it was to close is
//! gone, is cancelled.

use rec_domain::{
    BookSide, Money, Price, Quantity,
    fee::{FeeSchedule, Liquidity},
};

use crate::core::{account::Order, exchange::Twin, wallet::Wallet};

impl Twin {
    /// The most that an order may cost at its limit: what opens, and the fee if it trades at once. `except` is the
    /// order that this one takes the place of.
    pub(crate) fn collateral(
        &self,
        market: u32,
        wallet: Wallet,
        side: BookSide,
        price: Price,
        count: Quantity,
        except: Option<u64>,
    ) -> Money {
        let own_price = side.acquired().convert_price(price);
        let opening = count - count.at_most(self.account.closable(market, wallet.subaccount, side, except));
        let fee_price = own_price.min(Price::from_cents(50));
        let fee = if opening.is_positive() && self.would_trade(market, side, price) {
            FeeSchedule::CRYPTO.fee(Liquidity::Taker, fee_price, opening).unwrap_or_default()
        } else {
            Money::ZERO
        };
        own_price * opening + fee
    }

    /// Holds for each resting order of a subaccount in a market what it opens, now that position or orders there have
    /// changed: the order that came first closes first. One that cannot be paid any more is cancelled.
    pub(crate) fn bind_anew(&mut self, market: u32, subaccount: u32) {
        for side in [BookSide::Bid, BookSide::Ask] {
            let mut closable = self.account.held_against(market, subaccount, side);
            let of_it =
                |order: &&Order| order.market == market && order.side == side && order.wallet.subaccount == subaccount;
            let resting = self.account.resting.iter().filter_map(|number| self.account.orders.get(number));
            let wanted: Vec<(u64, Money)> = resting
                .filter(of_it)
                .map(|order| {
                    let closing = order.remaining.at_most(closable);
                    closable -= closing;
                    let bound = side.acquired().convert_price(order.price) * (order.remaining - closing);
                    (order.number, bound - order.reserved)
                })
                .collect();
            for (number, more) in wanted {
                let wallet = Wallet::new(self.shard_of(market), subaccount);
                if more.is_positive() && more > self.account.free_cash(wallet) {
                    // What it gives back and what it would have closed are seen to as it goes.
                    return self.withdraw_order(number, "MarginCancel");
                }
                self.account.reserve(number, more);
            }
        }
    }

    /// Whether a resting order's trade can be paid: what was reserved may be too little when what it was to
    /// close is gone.
    pub(crate) fn can_pay(&self, number: u64, price: Price, count: Quantity) -> bool {
        let Some(order) = self.account.orders.get(&number) else { return false };
        let held = self.account.held_against(order.market, order.wallet.subaccount, order.side);
        let opening = count - count.at_most(held);
        let cost = order.side.acquired().convert_price(price) * opening;
        cost <= self.account.free_cash(order.wallet) + released(order, count)
    }
}

/// The collateral that a trade of `count` sets free: pro rata, and all of it with the last contract.
pub(crate) fn released(order: &Order, count: Quantity) -> Money {
    if order.remaining <= count {
        return order.reserved;
    }
    Money::from_micros(order.reserved.micros() / order.remaining.units() * count.units())
}
