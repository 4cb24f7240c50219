//! Markets as the other exchange lists them, from their listing to their payment.

use std::sync::Arc;

use rec_domain::{
    PriceGrid, Quantity, TimeSpan, Timestamp, UsdPrice,
    fee::FeeSchedule,
    market::{MarketStatus, StrikeRule},
};

use super::{Depth, Effect, LASTING, ListedMarket, MirroredMarket, PASSING};
use crate::core::{
    Twin, Verdict,
    book::OrderBook,
    candles::Candles,
    config::CRYPTO_SHARD,
    exchange::Due,
    identity::{Kind, identity},
    market::{Event, Market, Quotes, Stage, Strike},
    output::{EventListed, LifecycleChange, LifecycleEvent, MarketName, Output},
    series::Series,
};

/// Market numbers that each event has: more strikes than any has.
const MARKETS_OF_EVENT: u32 = 4_096;

/// A strike as the twin has it; `None` for a rule that no crypto series has.
fn strike_of(rule: Option<StrikeRule>) -> Option<Strike> {
    Some(match rule {
        None => Strike::AtLeast(None),
        Some(StrikeRule::GreaterOrEqual(floor)) => Strike::AtLeast(Some(floor)),
        Some(StrikeRule::Greater(floor)) => Strike::Above(floor),
        Some(StrikeRule::Less(cap)) => Strike::Below(cap),
        Some(StrikeRule::Between(floor, cap)) => Strike::Between(floor, cap),
        Some(StrikeRule::LessOrEqual(_)) => return None,
    })
}

impl ListedMarket {
    /// Why a mirror leaves a market out; `None` when it takes it.
    #[must_use]
    pub fn left_out(&self) -> Option<&'static str> {
        let market = &self.market;
        if Series::named(market.series.as_str()).is_none() {
            Some("its series is unknown")
        } else if market.exchange_index != CRYPTO_SHARD {
            Some("it is not on the crypto shard")
        } else if market.fees != FeeSchedule::CRYPTO {
            Some("its fee is not the one that the mirror charges")
        } else if strike_of(market.strike).is_none() {
            Some("its rule is unknown")
        } else {
            None
        }
    }
}

impl Twin {
    pub(super) fn mirror_market(&mut self, listed: &ListedMarket) -> Effect {
        if listed.left_out().is_some() {
            return PASSING;
        }
        let ticker = listed.market.ticker.as_str();
        let mut effect = PASSING;
        if !self.by_ticker.contains_key(ticker) {
            // What was paid before it was ever seen here is no business of this account.
            if listed.market.status == MarketStatus::Finalized || !self.list_mirrored(listed) {
                return PASSING;
            }
            effect = LASTING;
        }
        let mut and = |done: Effect| effect.lasting |= done.lasting;
        if let Some(strike) = listed.market.strike {
            and(self.mirror_strike(ticker, strike));
        }
        and(self.mirror_close(ticker, listed.market.close_time));
        and(self.mirror_grid(ticker, &listed.market.grid));
        match listed.market.status {
            MarketStatus::Inactive => and(self.mirror_suspension(ticker, true)),
            MarketStatus::Active => and(self.mirror_suspension(ticker, false)),
            _ => {}
        }
        if let Some(result) = listed.result {
            and(self.mirror_result(ticker, result, listed.expiration_value));
            if listed.market.status == MarketStatus::Finalized {
                and(self.mirror_payment(ticker));
            }
        }
        effect
    }

    fn list_mirrored(&mut self, listed: &ListedMarket) -> bool {
        let given = &listed.market;
        let (Some(series), Some(strike)) = (Series::named(given.series.as_str()), strike_of(given.strike)) else {
            return false;
        };
        let now = self.now;
        let known = self.events.values().find(|event| *event.ticker == *given.event.as_str()).map(|event| event.number);
        let event = known.unwrap_or_else(|| self.list_mirrored_event(series, listed));
        let Some(event) = self.events.get_mut(&event).filter(|event| event.stage == Stage::Listed) else {
            return false;
        };
        let place = event.markets.end;
        event.markets.end += 1;
        let (number, event_ticker) = (event.number, event.ticker.clone());
        let ticker: Arc<str> = given.ticker.as_str().into();
        let uuid = identity(self.config.seed, Kind::Market, u64::from(place)).to_string().into();
        let market = Market {
            name: MarketName { ticker: ticker.clone(), uuid },
            event: number,
            series,
            close: given.close_time,
            strike,
            book: OrderBook::default(),
            volume: given.volume,
            open_interest: Quantity::ZERO,
            last: None,
            quotes: Quotes::default(),
            cheap: None,
            result: None,
            candles: Candles::default(),
            updated: now,
            dirty: false,
            mirrored: Some(Box::new(MirroredMarket {
                grid: given.grid.clone(),
                suspended: false,
                paid: false,
                is_known: false,
                depth: Depth::default(),
            })),
        };
        self.by_ticker.insert(ticker.clone(), place);
        self.markets.insert(place, market);
        let (open, close) = (given.open_time, given.close_time);
        self.tell_life(ticker, LifecycleEvent::Created { event_ticker, series, strike, open, close });
        true
    }

    fn list_mirrored_event(&mut self, series: Series, listed: &ListedMarket) -> u32 {
        let given = &listed.market;
        let number = self.next_event;
        self.next_event += 1;
        let first = number.saturating_mul(MARKETS_OF_EVENT);
        let ticker: Arc<str> = given.event.as_str().into();
        let close = given.close_time;
        let event = Event {
            number,
            series,
            ticker: ticker.clone(),
            created: self.now,
            open: given.open_time,
            close,
            stage: Stage::Listed,
            markets: first..first,
            expiration_value: None,
            settled_at: None,
            result_late_by: TimeSpan::ZERO,
            collateral: Some(given.collateral.clone()),
        };
        self.events.insert(number, event);
        self.schedule(close.max(self.now), Due::Close(number));
        self.outputs.push(Output::Event(EventListed { ticker, series, close }));
        number
    }

    fn tell_life(&mut self, ticker: Arc<str>, event: LifecycleEvent) {
        self.outputs.push(Output::Lifecycle(LifecycleChange { ticker, event }));
    }

    fn mirrored_market(&mut self, ticker: &str) -> Option<(u32, &mut Market)> {
        let number = *self.by_ticker.get(ticker)?;
        self.markets.get_mut(&number).filter(|market| market.mirrored.is_some()).map(|market| (number, market))
    }

    pub(super) fn mirror_strike(&mut self, ticker: &str, rule: StrikeRule) -> Effect {
        let Some(strike) = strike_of(Some(rule)) else { return PASSING };
        let now = self.now;
        let Some((_, market)) = self.mirrored_market(ticker) else { return PASSING };
        if market.strike == strike {
            return PASSING;
        }
        (market.strike, market.updated) = (strike, now);
        let ticker = market.name.ticker.clone();
        self.tell_life(ticker, LifecycleEvent::StrikeKnown { strike });
        LASTING
    }

    pub(super) fn mirror_close(&mut self, ticker: &str, close: Timestamp) -> Effect {
        let Some((_, market)) = self.mirrored_market(ticker) else { return PASSING };
        if market.close == close || market.result.is_some() {
            return PASSING;
        }
        market.close = close;
        let (event, ticker) = (market.event, market.name.ticker.clone());
        self.tell_life(ticker, LifecycleEvent::CloseDateUpdated { close });
        if let Some(event) = self.events.get_mut(&event).filter(|event| event.stage == Stage::Listed) {
            event.close = close;
            let number = event.number;
            self.schedule(close.max(self.now), Due::Close(number));
        }
        LASTING
    }

    pub(super) fn mirror_grid(&mut self, ticker: &str, grid: &PriceGrid) -> Effect {
        let Some((_, market)) = self.mirrored_market(ticker) else { return PASSING };
        let name = market.name.ticker.clone();
        let Some(mirrored) = market.mirrored.as_mut().filter(|mirrored| mirrored.grid != *grid) else {
            return PASSING;
        };
        mirrored.grid = grid.clone();
        self.tell_life(name, LifecycleEvent::GridUpdated { grid: grid.clone() });
        LASTING
    }

    /// Resuming cancels whatever rests, as it does there.
    pub(super) fn mirror_suspension(&mut self, ticker: &str, suspended: bool) -> Effect {
        let Some((number, market)) = self.mirrored_market(ticker) else { return PASSING };
        let name = market.name.ticker.clone();
        let Some(mirrored) = market.mirrored.as_mut().filter(|mirrored| mirrored.suspended != suspended) else {
            return PASSING;
        };
        mirrored.suspended = suspended;
        if suspended {
            self.tell_life(name, LifecycleEvent::Suspended);
        } else {
            self.withdraw_all_of(number, "HaltCancel");
            self.tell_life(name, LifecycleEvent::Resumed);
        }
        LASTING
    }

    pub(super) fn mirror_result(&mut self, ticker: &str, result: Verdict, value: Option<UsdPrice>) -> Effect {
        let now = self.now;
        let Some((_, market)) = self.mirrored_market(ticker) else { return PASSING };
        let event = market.event;
        if market.result == Some(result) {
            if let Some(event) = self.events.get_mut(&event).filter(|event| event.expiration_value.is_none()) {
                event.expiration_value = value;
            }
            return PASSING;
        }
        market.result = Some(result);
        market.updated = now;
        // A result that comes after the payment replaces the one that was paid by.
        if let Some(mirrored) = &mut market.mirrored {
            mirrored.paid = false;
        }
        let name = market.name.ticker.clone();
        if let Some(event) = self.events.get_mut(&event) {
            event.expiration_value = value.or(event.expiration_value);
            if event.close > now {
                event.close = now;
            }
        }
        self.close_event(event);
        self.tell_life(name, LifecycleEvent::Determined { result, at: now });
        self.follow_markets(event);
        LASTING
    }

    pub(super) fn mirror_payment(&mut self, ticker: &str) -> Effect {
        let now = self.now;
        let Some((number, market)) = self.mirrored_market(ticker) else { return PASSING };
        let (event, name) = (market.event, market.name.ticker.clone());
        let Some(result) = market.result else { return PASSING };
        let Some(mirrored) = market.mirrored.as_mut().filter(|mirrored| !mirrored.paid) else { return PASSING };
        mirrored.paid = true;
        market.updated = now;
        self.pay(number, result);
        self.tell_life(name, LifecycleEvent::Settled { at: now });
        self.follow_markets(event);
        LASTING
    }

    /// An event is as far as the last of its markets.
    fn follow_markets(&mut self, number: u32) {
        let now = self.now;
        let Some(event) = self.events.get_mut(&number) else { return };
        let markets: Vec<&Market> = event.markets.clone().filter_map(|place| self.markets.get(&place)).collect();
        let all = |is: fn(&&Market) -> bool| markets.iter().all(is);
        if all(|market| market.mirrored.as_ref().is_some_and(|mirrored| mirrored.paid)) {
            event.stage = Stage::Finalized;
            event.settled_at = Some(now);
        } else if all(|market| market.result.is_some()) {
            event.stage = Stage::Determined;
            event.settled_at = None;
        }
    }
}
