//! Listing, closing, determination and settlement of events.

use std::sync::Arc;

use rec_domain::{
    BookSide, Quantity, TimeSpan, Timestamp, UsdPrice,
    eastern::{self, EasternDay},
};

use crate::core::{
    book::{OrderBook, Owner},
    candles::Candles,
    dice::Dice,
    exchange::{Due, Twin},
    identity::{Kind, identity},
    market::{Event, Market, Quotes, Stage, Strike},
    output::{BookChange, EventListed, LifecycleChange, LifecycleEvent, MarketName, Output},
    series::{Series, SeriesKind, minute_of},
};

/// Strikes on each side of the one nearest to the price, where events are listed shortly before they open.
const STRIKES_EACH_SIDE: i64 = 35;
/// The same where they are listed a day ahead: the price has a day to walk.
const STRIKES_EACH_SIDE_A_DAY_AHEAD: i64 = 70;
/// How long after its opening a quarter's strike is told: shortest and longest, in milliseconds.
const STRIKE_KNOWN_AFTER: (i64, i64) = (400, 650);
/// Paid events without the account's trades move to the archive after this long.
pub(crate) const EVENTS_KEPT: TimeSpan = TimeSpan::from_minutes(240);
const DAY_SECONDS: i64 = 86_400;

impl Twin {
    /// Lists what is listed when the world begins.
    pub(crate) fn list_first_events(&mut self) {
        let start = self.config.start;
        for series in self.config.series.clone() {
            let period = series.period();
            if !self.config.listed_a_day_ahead {
                self.list_event(series, start + period);
                self.list_event(series, start + period + period);
                continue;
            }
            // Today's events were listed yesterday, and tomorrow's were if their instant has passed.
            let seconds = start.seconds();
            let listing = seconds.div_euclid(DAY_SECONDS) * DAY_SECONDS + series.listing_second();
            let (last, next) =
                if listing <= seconds { (listing, listing + DAY_SECONDS) } else { (listing - DAY_SECONDS, listing) };
            for listed_at in [last - DAY_SECONDS, last] {
                for close in closes_listed_at(series, Timestamp::from_seconds(listed_at)) {
                    if close > start {
                        self.list_event_at(series, close, Timestamp::from_seconds(listed_at));
                    }
                }
            }
            self.schedule(Timestamp::from_seconds(next), Due::List(series));
        }
    }

    /// Lists the events of the following Eastern day.
    pub(crate) fn list_next_day(&mut self, series: Series) {
        for close in closes_listed_at(series, self.now) {
            self.list_event(series, close);
        }
        self.schedule(self.now + TimeSpan::from_seconds(DAY_SECONDS), Due::List(series));
    }

    /// Lists the event that closes at `close` with strikes around the present price.
    pub(crate) fn list_event(&mut self, series: Series, close: Timestamp) {
        self.list_event_at(series, close, self.now);
    }

    fn list_event_at(&mut self, series: Series, close: Timestamp, created: Timestamp) {
        let ticker: Arc<str> = series.event_ticker(close).into();
        let open = close - series.period();
        let number = self.next_event;
        self.next_event += 1;
        let first = self.next_market;
        self.outputs.push(Output::Event(EventListed { ticker: ticker.clone(), series, close }));
        for (suffix, strike) in self.strikes(series, close) {
            let market_ticker: Arc<str> = format!("{ticker}-{suffix}").into();
            let place = self.next_market;
            self.next_market += 1;
            let uuid = identity(self.config.seed, Kind::Market, u64::from(place)).to_string().into();
            let market = Market {
                name: MarketName { ticker: market_ticker.clone(), uuid },
                event: number,
                series,
                close,
                strike,
                book: OrderBook::default(),
                volume: Quantity::ZERO,
                open_interest: Quantity::ZERO,
                last: None,
                quotes: Quotes::default(),
                cheap: None,
                result: None,
                candles: Candles::default(),
                updated: created,
                dirty: false,
                mirrored: None,
            };
            let event = LifecycleEvent::Created { event_ticker: ticker.clone(), series, strike, open, close };
            self.outputs.push(Output::Lifecycle(LifecycleChange { ticker: market_ticker.clone(), event }));
            self.by_ticker.insert(market_ticker, place);
            self.markets.insert(place, market);
        }
        let event = Event {
            number,
            series,
            ticker,
            created,
            open,
            close,
            stage: Stage::Listed,
            markets: first..self.next_market,
            expiration_value: None,
            settled_at: None,
            result_late_by: TimeSpan::ZERO,
            collateral: None,
        };
        self.events.insert(number, event);
        self.schedule(close, Due::Close(number));
        if series.kind() == SeriesKind::Quarter {
            let mut delays = self.delays(series, open);
            let (soonest, latest) = STRIKE_KNOWN_AFTER;
            self.schedule(open + TimeSpan::from_millis(delays.whole(soonest, latest)), Due::StrikeKnown(number));
        }
    }

    /// The markets of an event, as the suffixes of their tickers and what they ask, in ascending strike.
    fn strikes(&self, series: Series, close: Timestamp) -> Vec<(String, Strike)> {
        let cent = UsdPrice::from_cents(1);
        let step = series.strike_step();
        let units = step.units();
        let centre = (self.point(series.asset()).index.units() + units / 2).div_euclid(units);
        let each_side = if self.config.listed_a_day_ahead { STRIKES_EACH_SIDE_A_DAY_AHEAD } else { STRIKES_EACH_SIDE };
        let at = |place: i64| UsdPrice::from_units(place * units);
        let (lowest, highest) = (centre - each_side, centre + each_side);
        match series.kind() {
            SeriesKind::Above => (lowest..=highest)
                .map(|place| at(place) - cent)
                .map(|floor| (format!("T{floor}"), Strike::Above(floor)))
                .collect(),
            SeriesKind::Range => {
                let below = (format!("T{}", whole_dollars(at(lowest))), Strike::Below(at(lowest)));
                let above = at(highest) - cent;
                let ranges = (lowest..highest).map(|place| {
                    let (floor, cap) = (at(place), at(place + 1) - cent);
                    // The middle without its cents: 92750 of 92700 to 92799.99, 2402 of 2400 to 2404.99.
                    let middle = UsdPrice::from_units(floor.units() + units / 2);
                    (format!("B{}", whole_dollars(middle)), Strike::Between(floor, cap))
                });
                let above = (format!("T{above}"), Strike::Above(above));
                std::iter::once(below).chain(ranges).chain([above]).collect()
            }
            SeriesKind::Quarter => vec![(minute_of(close), Strike::AtLeast(None))],
        }
    }

    /// The chances of an event's delays, which nothing else uses up.
    fn delays(&self, series: Series, at: Timestamp) -> Dice {
        let apart = series as u64 * 1_000_000_000_000;
        Dice::new(self.config.seed, 1_000 + apart + u64::try_from(at.seconds()).unwrap_or(0))
    }

    /// Tells the strike of a quarter of an hour: what the one before it settles on. Without all of its sixty prints
    /// there is none, and the market stays without a strike.
    pub(crate) fn make_strike_known(&mut self, number: u32) {
        let Some(event) = self.events.get(&number).filter(|event| event.stage == Stage::Listed) else { return };
        let value = self.settlement_value(event.series.asset(), event.open);
        let (markets, now) = (event.markets.clone(), self.now);
        if value.is_none() {
            return;
        }
        for place in markets {
            let Some(market) = self.markets.get_mut(&place) else { continue };
            market.strike = Strike::AtLeast(value);
            market.updated = now;
            let event = LifecycleEvent::StrikeKnown { strike: market.strike };
            self.outputs.push(Output::Lifecycle(LifecycleChange { ticker: market.name.ticker.clone(), event }));
        }
    }

    /// Closes an event: every resting order is cancelled by the exchange, and the next one is listed.
    pub(crate) fn close_event(&mut self, number: u32) {
        let now = self.now;
        let Some(event) = self.events.get_mut(&number) else { return };
        if event.stage != Stage::Listed || event.close > now {
            return;
        }
        event.stage = Stage::Closed;
        let (series, close, markets) = (event.series, event.close, event.markets.clone());
        for market in markets {
            self.clear_market(market);
        }
        if self.config.mirror {
            // Its result, and what is listed after it, come from where it trades.
            self.forget_old_events();
            return;
        }
        let determined = self.determination_delay(series, close);
        self.schedule(close + determined, Due::Determine(number));
        if close.seconds() % series.period().seconds() == 0 {
            self.list_after(number, close);
        }
        self.forget_old_events();
    }

    /// Lists the event after the next one of the one that closes regularly at `close`.
    pub(crate) fn list_after(&mut self, number: u32, close: Timestamp) {
        let Some(series) = self.events.get(&number).map(|event| event.series) else { return };
        let next = close + series.period() + series.period();
        let ticker = series.event_ticker(next);
        let is_listed = self.events.values().any(|event| *event.ticker == *ticker);
        if !is_listed && !self.config.listed_a_day_ahead {
            self.list_event(series, next);
        }
    }

    fn determination_delay(&self, series: Series, close: Timestamp) -> TimeSpan {
        let (soonest, latest) = series.determined_after();
        TimeSpan::from_millis(self.delays(series, close).whole(soonest, latest))
    }

    fn settlement_delay(&self, series: Series, close: Timestamp) -> TimeSpan {
        let mut delays = self.delays(series, close);
        let (soonest, latest) = series.determined_after();
        let determined = delays.whole(soonest, latest);
        let (soonest, latest) = series.settled_after();
        TimeSpan::from_millis(delays.whole(soonest, latest) - determined)
    }

    /// Withdraws whatever rests of the account in a market.
    pub(crate) fn withdraw_all_of(&mut self, market: u32, reason: &'static str) {
        let is_there = |order: &u64| self.account.orders.get(order).is_some_and(|order| order.market == market);
        let own: Vec<u64> = self.account.resting.iter().copied().filter(is_there).collect();
        for order in own {
            self.withdraw_order(order, reason);
        }
    }

    fn clear_market(&mut self, number: u32) {
        self.withdraw_all_of(number, "CloseCancel");
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
                    cause: None,
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

    pub(crate) fn determine_event(&mut self, number: u32) {
        let now = self.now;
        let Some(event) = self.events.get_mut(&number).filter(|event| event.stage == Stage::Closed) else { return };
        let late = std::mem::take(&mut event.result_late_by);
        let (series, close) = (event.series, event.close);
        if late > TimeSpan::ZERO {
            self.schedule(now + late, Due::Determine(number));
            return;
        }
        let Some(value) = self.settlement_value(series.asset(), close) else { return };
        self.announce(number, value, Stage::Determined);
        self.schedule(now + self.settlement_delay(series, close), Due::Settle(number));
    }

    /// Tells the results that follow from a value.
    pub(crate) fn announce(&mut self, number: u32, value: UsdPrice, stage: Stage) {
        let now = self.now;
        let Some(event) = self.events.get_mut(&number) else { return };
        event.stage = stage;
        event.expiration_value = Some(value);
        for place in event.markets.clone() {
            let Some(market) = self.markets.get_mut(&place) else { continue };
            market.result = market.strike.result(value);
            market.updated = now;
            let Some(result) = market.result else { continue };
            let event = LifecycleEvent::Determined { result, at: now };
            self.outputs.push(Output::Lifecycle(LifecycleChange { ticker: market.name.ticker.clone(), event }));
        }
    }

    pub(crate) fn settle_event(&mut self, number: u32) {
        let now = self.now;
        let payable = |event: &&mut Event| matches!(event.stage, Stage::Determined | Stage::Amended);
        let Some(event) = self.events.get_mut(&number).filter(payable) else { return };
        event.stage = Stage::Finalized;
        event.settled_at = Some(now);
        for place in event.markets.clone() {
            let Some(market) = self.markets.get_mut(&place) else { continue };
            market.updated = now;
            let ticker = market.name.ticker.clone();
            if let Some(result) = market.result {
                self.pay(place, result);
            }
            let event = LifecycleEvent::Settled { at: now };
            self.outputs.push(Output::Lifecycle(LifecycleChange { ticker, event }));
        }
    }

    /// Moves old events to the archive. An event that never got a result goes too, unless the account is in it.
    fn forget_old_events(&mut self) {
        let limit = self.now - EVENTS_KEPT;
        let is_old = |event: &Event| match event.settled_at {
            Some(at) => at < limit,
            None => event.close < limit - EVENTS_KEPT,
        };
        let old: Vec<u32> = self
            .events
            .values()
            .filter(|event| is_old(event))
            .filter(|event| !event.markets.clone().any(|number| self.account.traded_in(number)))
            .map(|event| event.number)
            .collect();
        for number in old {
            let Some(event) = self.events.remove(&number) else { continue };
            let markets: Vec<Market> = event.markets.clone().filter_map(|place| self.markets.remove(&place)).collect();
            for market in &markets {
                self.by_ticker.remove(&market.name.ticker);
            }
            if event.settled_at.is_some() {
                self.archive.take(event, markets);
            }
        }
    }

    pub(crate) fn event_of(&self, market: u32) -> Option<&Event> {
        self.events.get(&self.markets.get(&market)?.event)
    }

    pub(crate) fn series_of(&self, market: u32) -> Option<Series> {
        self.markets.get(&market).map(|market| market.series)
    }

    pub(crate) fn event_ticker_of(&self, market: u32) -> Arc<str> {
        self.event_of(market).map_or_else(|| Arc::from(""), |event| event.ticker.clone())
    }

    pub(crate) fn ticker_of(&self, market: u32) -> Arc<str> {
        self.markets.get(&market).map_or_else(|| Arc::from(""), |market| market.name.ticker.clone())
    }
}

/// A price without its cents, as in the tickers of ranges.
fn whole_dollars(price: UsdPrice) -> i64 {
    price.units() / 1_000_000
}

/// The closes that are listed at an instant: all of the Eastern day after it, in order. Where an hour repeats when
/// daylight saving ends, its second run has the same tickers as the first and is left out.
fn closes_listed_at(series: Series, listed_at: Timestamp) -> Vec<Timestamp> {
    let tomorrow = eastern::day(listed_at + TimeSpan::from_seconds(DAY_SECONDS));
    let period = series.period();
    let Some(mut close) = first_instant(tomorrow) else { return Vec::new() };
    let mut closes = Vec::new();
    let mut tickers = std::collections::BTreeSet::new();
    while eastern::day(close) == tomorrow {
        if tickers.insert(series.event_ticker(close)) {
            closes.push(close);
        }
        close += period;
    }
    closes
}

fn first_instant(day: EasternDay) -> Option<Timestamp> {
    eastern::instant(day, 0, 0, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn closes(series: Series, listed_at: &str) -> Vec<String> {
        let listed_at = listed_at.parse().expect("an instant");
        closes_listed_at(series, listed_at).into_iter().map(|close| series.event_ticker(close)).collect()
    }

    #[test]
    fn a_day_has_twenty_four_hours_and_less_where_daylight_saving_begins() {
        let plain = closes(Series::Kxbtcd, "2026-09-24T09:00:49Z");
        assert_eq!((plain.len(), plain[0].as_str()), (24, "KXBTCD-26SEP2500"));
        assert!(plain.contains(&"KXBTCD-26SEP2516".to_owned()), "listed on the day before, as recorded");
        // 8 March 2026 has no 02:00, and 1 November 2026 has 01:00 twice.
        let spring = closes(Series::Kxbtcd, "2026-03-07T09:00:49Z");
        assert_eq!(spring.len(), 23);
        assert!(!spring.contains(&"KXBTCD-26MAR0802".to_owned()));
        let autumn = closes(Series::Kxbtc15m, "2026-10-31T20:01:37Z");
        assert_eq!(autumn.len(), 96, "the repeated hour is listed once");
    }
}
