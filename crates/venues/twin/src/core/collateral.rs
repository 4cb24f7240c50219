//! What orders hold of the account's cash: the price of their own side for what they open. What only closes holds
//! nothing, and of several resting orders the one that was placed first closes first, however it was amended since; of
//! one instant, the one whose identity comes first.
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
    /// changed. What one gives back may pay for what another needs, on either side. One that cannot be paid any more is
    /// cancelled.
    pub(crate) fn bind_anew(&mut self, market: u32, subaccount: u32) {
        let wallet = Wallet::new(self.shard_of(market), subaccount);
        let of_it = |order: &&Order| order.market == market && order.wallet.subaccount == subaccount;
        let resting = self.account.resting.iter().filter_map(|number| self.account.orders.get(number));
        let mut resting: Vec<&Order> = resting.filter(of_it).collect();
        resting.sort_by_key(|order| (order.created, &order.order_id));
        let held = |side| self.account.held_against(market, subaccount, side);
        let (mut by_bids, mut by_asks) = (held(BookSide::Bid), held(BookSide::Ask));
        let change = |order: &Order| {
            let closable = if order.side == BookSide::Bid { &mut by_bids } else { &mut by_asks };
            let closing = order.remaining.at_most(*closable);
            *closable -= closing;
            let bound = order.side.acquired().convert_price(order.price) * (order.remaining - closing);
            (order.number, bound - order.reserved)
        };
        let changes: Vec<(u64, Money)> = resting.into_iter().map(change).collect();
        let (less, more): (Vec<_>, Vec<_>) = changes.into_iter().partition(|(_, change)| change.is_negative());
        for (number, change) in less.into_iter().chain(more) {
            if change.is_positive() && change > self.account.free_cash(wallet) {
                // What it gives back and what it would have closed are seen to as it goes.
                return self.withdraw_order(number, "MarginCancel");
            }
            self.account.reserve(number, change);
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
