//! A hand on the desk's account, outside the desk: it trades, leaves orders in the book and moves money.

use rec_domain::{BookSide, ExchangeIndex, MarketTicker, Money, Price, Quantity, TimeSpan, Timestamp};
use rec_twin::core::{
    AmendOrder, Applied, CancelOrder, CreateOrder, DecreaseOrder, Mutation, SelfTradePrevention, TimeInForce,
    TransferBetweenShards, TransferBetweenSubaccounts, Wallet, account::Order, config::CRYPTO_SHARD, market::Market,
    mutation::Reduction, wallet::SHARDS,
};

use super::{event::Event, world::World};

/// The subaccount that the hand puts money aside on.
const ASIDE: u32 = 1;

impl World {
    /// Buys or sells a few contracts at once, in a market in which the desk holds something or near the price.
    pub(super) fn trade_by_hand(&mut self) {
        let Some((ticker, bid, ask)) = self.market_of_a_hand() else { return };
        let (side, price) = if self.fate.even() { (BookSide::Bid, ask) } else { (BookSide::Ask, bid) };
        let order = self.order_of_a_hand(&ticker, side, price);
        self.by_hand(&Mutation::CreateOrder(order));
    }

    /// Leaves an order in the book, near the best price or beyond it.
    pub(super) fn rest_by_hand(&mut self) {
        let Some((ticker, bid, ask)) = self.market_of_a_hand() else { return };
        let side = if self.fate.even() { BookSide::Bid } else { BookSide::Ask };
        // From six cents behind the best of its own side to the best of the other, which it takes first.
        let cents = |price: Price| price.units().div_euclid(Price::from_cents(1).units());
        let (low, high) =
            if side == BookSide::Bid { (cents(bid) - 6, cents(ask)) } else { (cents(bid), cents(ask) + 6) };
        let price = Price::from_cents(self.fate.whole(low.max(1), high.min(99)));
        let expires_at = self.fate.even().then(|| self.now + TimeSpan::from_seconds(self.fate.whole(20, 900)));
        let order = CreateOrder {
            time_in_force: TimeInForce::GoodTillCanceled,
            post_only: self.fate.even(),
            cancel_on_pause: self.fate.even(),
            expires_at,
            count: Quantity::from_units(self.fate.whole(1, 20_000)),
            ..self.order_of_a_hand(&ticker, side, price)
        };
        self.by_hand(&Mutation::CreateOrder(order));
        let looks_again = TimeSpan::from_seconds(self.fate.whole(5, 900));
        self.queue.put(self.now + looks_again, Event::Revise);
    }

    /// Takes back, cuts or moves one of the orders that rest.
    pub(super) fn revise_by_hand(&mut self) {
        let count = i64::try_from(self.resting_by_hand().count()).unwrap_or(0);
        let place = usize::try_from(self.fate.whole(0, (count - 1).max(0))).unwrap_or(0);
        let Some(order) = self.resting_by_hand().nth(place).cloned() else { return };
        let named = CancelOrder {
            order_id: order.order_id.clone(),
            exchange_index: Some(CRYPTO_SHARD),
            market_ticker: None,
            subaccount: None,
        };
        let half = Quantity::from_units(order.remaining.units() / 2);
        let mutation = match self.fate.whole(0, 3) {
            0 if half.is_positive() => {
                Mutation::DecreaseOrder(DecreaseOrder { order: named, reduction: Reduction::By(half) })
            }
            1 => Mutation::AmendOrder(AmendOrder {
                order_id: order.order_id,
                ticker: order.ticker.to_string(),
                side: order.side,
                price: order.price + Price::from_cents(self.fate.whole(-2, 2)),
                count: order.filled + order.remaining + half,
                client_order_id: None,
                updated_client_order_id: None,
                expires_at: None,
                exchange_index: Some(CRYPTO_SHARD),
                subaccount: None,
            }),
            _ => Mutation::CancelOrder(named),
        };
        self.by_hand(&mutation);
        if self.resting_by_hand().next().is_some() {
            let looks_again = TimeSpan::from_seconds(self.fate.whole(5, 900));
            self.queue.put(self.now + looks_again, Event::Revise);
        }
    }

    /// Pays money in, takes some out, or moves some to another shard or subaccount.
    pub(super) fn move_money(&mut self) {
        let shard = SHARDS[usize::from(self.fate.even())];
        let other = SHARDS[usize::from(shard == SHARDS[0])];
        let (here, there) = (Wallet::primary(shard), Wallet::primary(other));
        let mutation = match self.fate.whole(0, 4) {
            0 => {
                let amount = self.some_of(here);
                return self.take_out(shard, amount);
            }
            1 => Mutation::TransferBetweenShards(TransferBetweenShards {
                client_transfer_id: None,
                from: here,
                to: there,
                amount: self.some_of(here),
            }),
            2 => {
                if !self.twin.account().has_subaccount(ASIDE) {
                    self.by_hand(&Mutation::CreateSubaccount(CRYPTO_SHARD));
                }
                let (from, to) = if self.fate.even() { (0, ASIDE) } else { (ASIDE, 0) };
                Mutation::TransferBetweenSubaccounts(TransferBetweenSubaccounts {
                    client_transfer_id: format!("by hand at {}", self.now),
                    from,
                    to,
                    amount: self.some_of(Wallet::new(shard, from)),
                    exchange_index: shard,
                })
            }
            _ => {
                let amount = Money::from_cents(self.fate.whole(1, 50_000));
                return self.pay_in(shard, amount);
            }
        };
        self.money_moved_at = self.now;
        self.by_hand(&mutation);
    }

    /// Pays money in on a shard.
    pub(super) fn pay_in(&mut self, shard: ExchangeIndex, amount: Money) {
        self.money_moved_at = self.now;
        if self.by_hand(&Mutation::Deposit(shard, amount)).is_some() {
            self.watch.met(shard, amount);
        }
    }

    /// Takes money out from a shard.
    fn take_out(&mut self, shard: ExchangeIndex, amount: Money) {
        self.money_moved_at = self.now;
        if self.by_hand(&Mutation::Withdraw(shard, amount)).is_some() {
            self.watch.met(shard, -amount);
        }
    }

    /// Up to a third of what is free, in whole cents.
    fn some_of(&mut self, wallet: Wallet) -> Money {
        let free = self.twin.account().free_cash(wallet).floor_cents();
        Money::from_cents(self.fate.whole(0, free / 3))
    }

    /// Carries out what the hand wants; `None` when the exchange refuses.
    fn by_hand(&mut self, mutation: &Mutation) -> Option<Applied> {
        let applied = self.twin.apply(self.now, mutation);
        self.trace(|| format!("hand: {mutation:?}: {}", if applied.is_ok() { "taken" } else { "refused" }));
        let outputs = self.twin.take_outputs();
        self.hear(outputs);
        applied.ok()
    }

    fn order_of_a_hand(&mut self, ticker: &MarketTicker, side: BookSide, price: Price) -> CreateOrder {
        CreateOrder {
            ticker: ticker.to_string(),
            client_order_id: self.fate.even().then(|| name_at(self.now)),
            side,
            count: Quantity::from_units(self.fate.whole(1, 2_000)),
            price,
            time_in_force: TimeInForce::ImmediateOrCancel,
            self_trade_prevention: SelfTradePrevention::TakerAtCross,
            post_only: false,
            reduce_only: false,
            expires_at: None,
            order_group_id: None,
            exchange_index: Some(CRYPTO_SHARD),
            subaccount: None,
            cancel_on_pause: false,
        }
    }

    /// Orders in the book; those of the desk never rest.
    fn resting_by_hand(&self) -> impl Iterator<Item = &Order> {
        let account = self.twin.account();
        account.resting.iter().filter_map(|number| account.orders.get(number))
    }

    /// A market in which the desk holds something, or the one nearest to the price, with its best prices.
    fn market_of_a_hand(&mut self) -> Option<(MarketTicker, Price, Price)> {
        let trades = self.view.as_ref().map_or(&[][..], |view| &view.trades);
        let held: Vec<MarketTicker> = trades.iter().map(|trade| trade.ticker.clone()).collect();
        let place = self.fate.whole(0, i64::try_from(held.len()).unwrap_or(0));
        let wanted = usize::try_from(place).ok().and_then(|place| held.get(place));
        self.quoted(wanted)
    }

    /// The best prices of an open market, `wanted` or the one that is nearest to the price.
    pub(super) fn quoted(&self, wanted: Option<&MarketTicker>) -> Option<(MarketTicker, Price, Price)> {
        let away = |market: &Market| match wanted {
            Some(wanted) if wanted.as_str() == &*market.name.ticker => 0.0,
            Some(_) => f64::MAX,
            None => market.strike.anchor().map_or(f64::MAX, |anchor| (anchor - self.last_index.as_f64()).abs()),
        };
        let open = self.twin.listed().filter(|(event, _)| event.is_open(self.now)).map(|(_, market)| market);
        let market = open.min_by(|one, other| away(one).total_cmp(&away(other)))?;
        let (bid, ask) = (market.quotes.bid?.price, market.quotes.ask?.price);
        Some((MarketTicker::new(market.name.ticker.as_ref()), bid, ask))
    }
}

fn name_at(now: Timestamp) -> String {
    format!("by hand at {now}")
}
