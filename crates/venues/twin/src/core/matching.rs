//! Matching by price and time.

use rec_domain::{
    BookSide, Price, Quantity,
    fee::{FeeSchedule, Liquidity},
};

use crate::core::{
    account::{Fill, Order, OrderStatus},
    book::{Owner, crosses},
    collateral::released,
    exchange::{TRADES_KEPT, Twin, push_bounded},
    identity::{Kind, identity},
    mutation::SelfTradePrevention,
    output::{BookChange, FillView, Output, TradePrint},
};

/// An order that looks for something to trade with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Incoming {
    side: BookSide,
    limit: Price,
    count: Quantity,
    /// The account's order and what it does when it meets another of the account; `None` for the crowd.
    order: Option<(u64, SelfTradePrevention)>,
}

/// What became of an incoming order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Matched {
    pub(crate) filled: Quantity,
    /// Set when the rest must not rest: the exchange's word for why.
    pub(crate) stopped: Option<&'static str>,
}

impl Incoming {
    pub(crate) const fn crowd(side: BookSide, limit: Price, count: Quantity) -> Self {
        Self { side, limit, count, order: None }
    }

    pub(crate) const fn account(
        side: BookSide,
        limit: Price,
        count: Quantity,
        number: u64,
        prevention: SelfTradePrevention,
    ) -> Self {
        Self { side, limit, count, order: Some((number, prevention)) }
    }
}

impl Twin {
    /// Trades an incoming order with what rests against it, as far as its limit goes.
    pub(crate) fn match_incoming(&mut self, market: u32, incoming: Incoming) -> Matched {
        let mut matched = Matched::default();
        while matched.filled < incoming.count {
            let against = incoming.side.opposite();
            let front = self.markets.get(&market).and_then(|market| market.book.front(against));
            let Some((price, resting)) = front.filter(|(price, _)| crosses(incoming.side, incoming.limit, *price))
            else {
                break;
            };
            let mut count = (incoming.count - matched.filled).at_most(resting.remaining);
            if resting.owner == Owner::Account {
                if let Some((_, prevention)) = incoming.order {
                    match prevention {
                        SelfTradePrevention::TakerAtCross => {
                            matched.stopped = Some("SelfTradeCancel");
                            break;
                        }
                        SelfTradePrevention::Maker => {
                            self.withdraw_order(resting.number, "SelfTradeCancel");
                            continue;
                        }
                    }
                }
                let allowed = self.group_allowance(resting.number);
                if allowed < count {
                    count = allowed;
                }
                if count.is_zero() {
                    self.trip_group_of(resting.number);
                    continue;
                }
                if !self.can_pay(resting.number, price, count) {
                    self.withdraw_order(resting.number, "MarginCancel");
                    continue;
                }
            }
            if let Some((number, _)) = incoming.order {
                let allowed = self.group_allowance(number);
                if allowed.is_zero() {
                    self.trip_group_of(number);
                    matched.stopped = Some("Decrease");
                    break;
                }
                count = count.at_most(allowed);
            }
            self.trade(market, &incoming, price, resting.owner == Owner::Account, resting.number, count);
            matched.filled += count;
        }
        matched
    }

    fn trade(
        &mut self,
        market_number: u32,
        incoming: &Incoming,
        price: Price,
        own_maker: bool,
        maker: u64,
        count: Quantity,
    ) {
        self.trades_made += 1;
        let made = if self.config.mirror { self.own_trade_number() } else { self.trades_made };
        let trade_id = identity(self.config.seed, Kind::Trade, made).to_string();
        let cause = own_maker.then(|| self.account.orders.get(&maker).map(Order::as_cause)).flatten();
        let now = self.now;
        let Some(market) = self.markets.get_mut(&market_number) else { return };
        let shown = market.shown();
        market.candles.trade(now, shown, price, count);
        market.book.take_from_front(incoming.side.opposite(), count);
        if let Some(mirrored) = market.mirrored.as_mut().filter(|_| !own_maker) {
            mirrored.depth.take(incoming.side.opposite(), price, count);
        }
        market.volume += count;
        market.open_interest += Quantity::from_units(count.units() / 2);
        market.last = Some((price, count));
        market.updated = now;
        market.dirty = true;
        let name = market.name.clone();
        self.outputs.push(Output::Book(BookChange {
            market: name.clone(),
            side: incoming.side.opposite(),
            price,
            delta: -count,
            cause,
            at: now,
        }));
        let print =
            TradePrint { trade_id: trade_id.clone(), market: name, price, count, taker_side: incoming.side, at: now };
        push_bounded(&mut self.trades, print.clone(), TRADES_KEPT);
        self.outputs.push(Output::Trade(print));
        if own_maker {
            self.fill_order(maker, &trade_id, price, count, false);
        }
        if let Some((number, _)) = incoming.order {
            self.fill_order(number, &trade_id, price, count, true);
        }
    }

    /// Books a fill of the account's order.
    pub(crate) fn fill_order(&mut self, number: u64, trade_id: &str, price: Price, count: Quantity, is_taker: bool) {
        let now = self.now;
        let Some(order) = self.account.orders.get_mut(&number) else { return };
        let liquidity = if is_taker { Liquidity::Taker } else { Liquidity::Maker };
        let own_price = order.side.acquired().convert_price(price);
        // The crypto schedule's formula is known, so there always is a fee.
        let fee = FeeSchedule::CRYPTO.fee(liquidity, own_price, count).unwrap_or_default();
        let release = released(order, count);
        order.filled += count;
        order.yes_value += price * count;
        if is_taker {
            order.taker_cost += own_price * count;
            order.taker_fees += fee;
        } else {
            order.maker_cost += own_price * count;
            order.maker_fees += fee;
        }
        order.updated = now;
        order.reason = Some("Trade");
        if !is_taker {
            order.remaining -= count;
            if order.remaining.is_zero() {
                order.status = OrderStatus::Executed;
            }
        }
        let (market, group, side, wallet) = (order.market, order.group, order.side, order.wallet);
        let done = order.status != OrderStatus::Resting;
        let fill = Fill {
            trade_id: trade_id.to_owned(),
            order_id: order.order_id.clone(),
            ticker: order.ticker.clone(),
            wallet,
            side,
            price,
            count,
            is_taker,
            fee,
            closed: self.account.held_against(market, wallet.subaccount, side).is_positive(),
            at: now,
        };
        let client_order_id = self.account.orders.get(&number).and_then(|order| order.client_order_id.clone());
        if done {
            self.account.resting.remove(&number);
        }
        if !is_taker {
            self.account.reserve(number, -release);
        }
        let event_ticker = self.event_ticker_of(market);
        self.account.book_fill(market, &event_ticker, &fill);
        self.count_group_match(group, count);
        let position = self.account.net_position(market, wallet.subaccount);
        self.outputs.push(Output::Fill(FillView { fill: fill.clone(), client_order_id, position }));
        self.account.fills.push(fill);
        if let Some(position) = self.account.positions.get(&(market, wallet.subaccount)) {
            self.outputs.push(Output::Position(Box::new(position.clone())));
        }
        if !is_taker {
            self.tell_order(number);
        }
        self.bind_anew(market, wallet.subaccount);
    }
}
