//! Listing, closing, determination and settlement of hourly events.

use std::sync::Arc;

use rec_domain::{BookSide, Quantity, Side, TimeSpan, Timestamp, UsdPrice, eastern};

use crate::core::{
    book::{OrderBook, Owner},
    config::SERIES,
    dice::Dice,
    exchange::{Due, Twin},
    identity::{Kind, identity},
    market::{Event, Market, Quotes, Stage},
    output::{BookChange, LifecycleChange, LifecycleEvent, MarketName, Output},
};

/// Strikes on each side of the one nearest to the price.
const STRIKES_EACH_SIDE: i64 = 35;
/// Distance between strikes in cents.
const STRIKE_STEP_CENTS: i64 = 10_000;
/// Paid events without the account's trades are forgotten after this long.
const EVENTS_KEPT: TimeSpan = TimeSpan::from_minutes(240);

impl Twin {
    /// Lists the event that closes at `close` with strikes around the present price.
    pub(crate) fn list_event(&mut self, close: Timestamp) {
        let ticker: Arc<str> = format!("{SERIES}-{}", eastern::event_hour_code(close)).into();
        let open = close - TimeSpan::from_minutes(60);
        let centre = (self.point.index.units() / 10_000 + STRIKE_STEP_CENTS / 2).div_euclid(STRIKE_STEP_CENTS);
        let first = self.markets.last_key_value().map_or(1, |(number, _)| number + 1);
        let mut next = first;
        for offset in -STRIKES_EACH_SIDE..=STRIKES_EACH_SIDE {
            let floor = UsdPrice::from_cents((centre + offset) * STRIKE_STEP_CENTS - 1);
            let market_ticker: Arc<str> = format!("{ticker}-T{floor}").into();
            let uuid = identity(self.config.seed, Kind::Market, u64::from(next)).to_string().into();
            let market = Market {
                name: MarketName { ticker: market_ticker.clone(), uuid },
                close,
                floor,
                book: OrderBook::default(),
                volume: Quantity::ZERO,
                open_interest: Quantity::ZERO,
                last: None,
                quotes: Quotes::default(),
                cheap: None,
                result: None,
                updated: self.now,
                dirty: false,
            };
            let event = LifecycleEvent::Created { event_ticker: ticker.clone(), floor, open, close };
            self.outputs.push(Output::Lifecycle(LifecycleChange { ticker: market_ticker.clone(), event }));
            self.by_ticker.insert(market_ticker, next);
            self.markets.insert(next, market);
            next += 1;
        }
        let event = Event {
            ticker,
            created: self.now,
            open,
            close,
            stage: Stage::Listed,
            markets: first..next,
            expiration_value: None,
            settled_at: None,
        };
        self.events.insert(close, event);
        // The delays that were recorded for hourly events, drawn per event.
        let mut delays = Dice::new(self.config.seed, 1_000 + u64::try_from(close.seconds()).unwrap_or(0));
        self.schedule(close, Due::Close(close));
        self.schedule(close + TimeSpan::from_millis(delays.whole(82_000, 96_000)), Due::Determine(close));
        self.schedule(close + TimeSpan::from_millis(delays.whole(148_000, 158_000)), Due::Settle(close));
    }

    /// Closes an event: every resting order is cancelled by the exchange, and the hour after next is listed.
    pub(crate) fn close_event(&mut self, close: Timestamp) {
        let Some(event) = self.events.get_mut(&close) else { return };
        event.stage = Stage::Closed;
        let markets = event.markets.clone();
        for number in markets {
            self.clear_market(number);
        }
        let hour = TimeSpan::from_minutes(60);
        self.list_event(close + hour + hour);
        self.forget_old_events();
    }

    fn clear_market(&mut self, number: u32) {
        let own: Vec<u64> = self
            .account
            .resting
            .iter()
            .copied()
            .filter(|order| self.account.orders.get(order).is_some_and(|order| order.market == number))
            .collect();
        for order in own {
            self.withdraw_order(order, "CloseCancel");
        }
        let now = self.now;
        let Some(market) = self.markets.get_mut(&number) else { return };
        for side in [BookSide::Bid, BookSide::Ask] {
            for (price, level) in market.book.levels(side) {
                debug_assert!(level.orders().all(|order| order.owner == Owner::Crowd), "own orders were withdrawn");
                self.outputs.push(Output::Book(BookChange {
                    market: market.name.clone(),
                    side,
                    price: *price,
                    delta: -level.total(),
                    client_order_id: None,
                    at: now,
                }));
            }
        }
        market.book = OrderBook::default();
        market.quotes = Quotes::default();
        market.cheap = None;
        market.updated = now;
        market.dirty = true;
    }

    pub(crate) fn determine_event(&mut self, close: Timestamp) {
        let value = self.settlement_value(close);
        let now = self.now;
        let Some(event) = self.events.get_mut(&close) else { return };
        let Some(value) = value else { return };
        event.stage = Stage::Determined;
        event.expiration_value = Some(value);
        for number in event.markets.clone() {
            let Some(market) = self.markets.get_mut(&number) else { continue };
            let result = if value > market.floor { Side::Yes } else { Side::No };
            market.result = Some(result);
            market.updated = now;
            let event = LifecycleEvent::Determined { result, at: now };
            self.outputs.push(Output::Lifecycle(LifecycleChange { ticker: market.name.ticker.clone(), event }));
        }
    }

    pub(crate) fn settle_event(&mut self, close: Timestamp) {
        let now = self.now;
        let Some(event) = self.events.get_mut(&close).filter(|event| event.stage == Stage::Determined) else { return };
        event.stage = Stage::Finalized;
        event.settled_at = Some(now);
        for number in event.markets.clone() {
            let Some(market) = self.markets.get_mut(&number) else { continue };
            market.updated = now;
            if let Some(result) = market.result {
                self.account.settle(number, result, now);
            }
            let event = LifecycleEvent::Settled { at: now };
            self.outputs.push(Output::Lifecycle(LifecycleChange { ticker: market.name.ticker.clone(), event }));
        }
    }

    fn forget_old_events(&mut self) {
        let limit = self.now - EVENTS_KEPT;
        let old: Vec<Timestamp> = self
            .events
            .values()
            .filter(|event| event.settled_at.is_some_and(|at| at < limit))
            .filter(|event| !event.markets.clone().any(|number| self.account.positions.contains_key(&number)))
            .map(|event| event.close)
            .collect();
        for close in old {
            let Some(event) = self.events.remove(&close) else { continue };
            for number in event.markets {
                if let Some(market) = self.markets.remove(&number) {
                    self.by_ticker.remove(&market.name.ticker);
                }
            }
        }
    }

    pub(crate) fn event_of(&self, market: u32) -> Option<&Event> {
        self.events.get(&self.markets.get(&market)?.close)
    }

    pub(crate) fn event_ticker_of(&self, market: u32) -> Arc<str> {
        self.event_of(market).map_or_else(|| Arc::from(""), |event| event.ticker.clone())
    }

    pub(crate) fn ticker_of(&self, market: u32) -> Arc<str> {
        self.markets.get(&market).map_or_else(|| Arc::from(""), |market| market.name.ticker.clone())
    }
}
