//! Minute candles of a market: quotes and trades, only of the minutes in which something happened.

use rec_domain::{Price, Quantity, Timestamp};

/// Minutes that a market keeps; hourly markets live for sixty.
const MINUTES_KEPT: usize = 64;

/// A price in ten-thousandths of a dollar, in two bytes: thousands of past markets have sixty candles of a dozen each.
/// A contract is worth between nothing and a dollar, whatever is said of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Small(u16);

impl Small {
    fn of(price: Price) -> Self {
        let within = price.clamp(Price::ZERO, Price::ONE);
        Self(u16::try_from(within.units()).unwrap_or_default())
    }

    fn price(self) -> Price {
        Price::from_units(i64::from(self.0))
    }
}

/// First, lowest, highest and last price of a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    open: Small,
    low: Small,
    high: Small,
    close: Small,
}

impl Span {
    fn of(price: Price) -> Self {
        let price = Small::of(price);
        Self { open: price, low: price, high: price, close: price }
    }

    /// The first.
    #[must_use]
    pub fn open(&self) -> Price {
        self.open.price()
    }

    /// The lowest.
    #[must_use]
    pub fn low(&self) -> Price {
        self.low.price()
    }

    /// The highest.
    #[must_use]
    pub fn high(&self) -> Price {
        self.high.price()
    }

    /// The last.
    #[must_use]
    pub fn close(&self) -> Price {
        self.close.price()
    }

    fn take(&mut self, price: Price) {
        self.append(&Self::of(price));
    }

    fn append(&mut self, later: &Self) {
        self.low = self.low.min(later.low);
        self.high = self.high.max(later.high);
        self.close = later.close;
    }
}

/// What happened in a market in a minute, or in several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candle {
    /// The end of the minute, in seconds; trades at this instant belong to the next.
    pub end: i64,
    /// The YES bid; zero where nobody bids.
    pub bid: Span,
    /// The YES ask; one dollar where nobody offers.
    pub ask: Span,
    /// YES prices of trades.
    pub price: Option<Span>,
    /// The last price before, zero before the first trade.
    pub previous: Price,
    /// Contracts traded.
    pub volume: Quantity,
    /// Price times contracts, for the mean: in 1e-6 dollars.
    pub traded_micros: i64,
    /// Contracts held open at the end.
    pub open_interest: Quantity,
}

impl Candle {
    /// The mean price of what traded, weighted with contracts.
    #[must_use]
    pub fn mean(&self) -> Option<Price> {
        // Micro-dollars by hundredths of contracts are units of 1e-4 dollars.
        let contracts = self.volume.units();
        (contracts > 0).then(|| Price::from_units((self.traded_micros + contracts / 2).div_euclid(contracts)))
    }
}

/// What the market showed last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) bid: Price,
    pub(crate) ask: Price,
    pub(crate) last: Price,
    pub(crate) open_interest: Quantity,
}

/// The minutes of a market, the oldest first.
#[derive(Debug, Clone, Default)]
pub struct Candles(std::collections::VecDeque<Candle>);

impl Candles {
    /// The candle of `at`'s minute; a new one begins where the last one ended.
    fn current(&mut self, at: Timestamp, shown: Shown) -> &mut Candle {
        let end = minute_end(at);
        if self.0.back().is_none_or(|candle| candle.end != end) {
            let before = self.0.back();
            let (bid, ask) = before.map_or((shown.bid, shown.ask), |candle| (candle.bid.close(), candle.ask.close()));
            if self.0.len() == MINUTES_KEPT {
                self.0.pop_front();
            }
            self.0.push_back(Candle {
                end,
                bid: Span::of(bid),
                ask: Span::of(ask),
                price: None,
                previous: shown.last,
                volume: Quantity::ZERO,
                traded_micros: 0,
                open_interest: shown.open_interest,
            });
        }
        let last = self.0.len() - 1;
        &mut self.0[last]
    }

    /// Takes the quotes as they are shown at `at`.
    pub(crate) fn quote(&mut self, at: Timestamp, shown: Shown) {
        let candle = self.current(at, shown);
        candle.bid.take(shown.bid);
        candle.ask.take(shown.ask);
        candle.open_interest = shown.open_interest;
    }

    /// Takes a trade; `before` is what was shown when it came.
    pub(crate) fn trade(&mut self, at: Timestamp, before: Shown, price: Price, count: Quantity) {
        let candle = self.current(at, before);
        match &mut candle.price {
            Some(span) => span.take(price),
            None => candle.price = Some(Span::of(price)),
        }
        candle.volume += count;
        candle.traded_micros += (price * count).micros();
    }

    /// Candles of `minutes` each, whose ends lie from `start` to `end` seconds; minutes in which nothing happened
    /// continue the one before.
    #[must_use]
    pub fn of_width(&self, minutes: i64, start: i64, end: i64) -> Vec<Candle> {
        let width = minutes * 60;
        let mut found: Vec<Candle> = Vec::new();
        for candle in &self.0 {
            let bucket = (candle.end + width - 1).div_euclid(width) * width;
            match found.last_mut() {
                Some(last) if last.end == bucket => {
                    last.bid.append(&candle.bid);
                    last.ask.append(&candle.ask);
                    last.price = match (last.price, candle.price) {
                        (Some(mut span), Some(later)) => {
                            span.append(&later);
                            Some(span)
                        }
                        (span, later) => span.or(later),
                    };
                    last.volume += candle.volume;
                    last.traded_micros += candle.traded_micros;
                    last.open_interest = candle.open_interest;
                }
                last => {
                    let quiet = last.copied();
                    if let Some(quiet) = quiet {
                        let mut missing = quiet.end + width;
                        while missing < bucket {
                            found.push(quiet.continued(missing));
                            missing += width;
                        }
                    }
                    found.push(Candle { end: bucket, ..*candle });
                }
            }
        }
        found.retain(|candle| start <= candle.end && candle.end <= end);
        found
    }

    /// The last candle that ends before `start` seconds.
    #[must_use]
    pub fn latest_before(&self, minutes: i64, start: i64) -> Option<Candle> {
        self.of_width(minutes, i64::MIN, start - 1).pop()
    }

    /// Gives back the memory that it does not need.
    pub(crate) fn trim(&mut self) {
        self.0.shrink_to_fit();
    }
}

impl Candle {
    /// A span without trades after this one.
    pub(crate) fn continued(&self, end: i64) -> Self {
        Self {
            end,
            bid: Span::of(self.bid.close()),
            ask: Span::of(self.ask.close()),
            price: None,
            previous: self.price.map_or(self.previous, |span| span.close()),
            volume: Quantity::ZERO,
            traded_micros: 0,
            open_interest: self.open_interest,
        }
    }
}

fn minute_end(at: Timestamp) -> i64 {
    (at.seconds().div_euclid(60) + 1) * 60
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(bid: i64, ask: i64) -> Shown {
        Shown {
            bid: Price::from_cents(bid),
            ask: Price::from_cents(ask),
            last: Price::ZERO,
            open_interest: Quantity::ZERO,
        }
    }

    #[test]
    fn quiet_minutes_continue_and_wider_candles_are_the_sum() {
        let mut candles = Candles::default();
        let at = |second: i64| Timestamp::from_seconds(3_600 + second);
        candles.quote(at(5), shown(40, 42));
        candles.trade(at(7), shown(40, 42), Price::from_cents(42), Quantity::from_contracts(3));
        candles.trade(at(8), shown(40, 42), Price::from_cents(40), Quantity::from_contracts(1));
        candles.quote(at(190), shown(50, 53));
        let minutes = candles.of_width(1, 0, i64::MAX);
        let ends: Vec<i64> = minutes.iter().map(|candle| candle.end - 3_600).collect();
        assert_eq!(ends, [60, 120, 180, 240]);
        assert_eq!(minutes[0].volume, Quantity::from_contracts(4));
        assert_eq!(minutes[0].mean(), Some(Price::from_units(4_150)));
        let price = minutes[0].price.expect("traded");
        assert_eq!(
            (price.open(), price.low(), price.close()),
            (Price::from_cents(42), Price::from_cents(40), price.low())
        );
        assert_eq!((minutes[1].price, minutes[1].previous), (None, Price::from_cents(40)));
        assert_eq!((minutes[3].bid.open(), minutes[3].bid.close()), (Price::from_cents(40), Price::from_cents(50)));
        let hour = candles.of_width(60, 0, i64::MAX);
        assert_eq!(hour.len(), 1);
        assert_eq!((hour[0].end, hour[0].volume), (7_200, Quantity::from_contracts(4)));
        assert_eq!(hour[0].ask.high(), Price::from_cents(53));
        assert_eq!(candles.latest_before(1, 3_600 + 180).map(|candle| candle.end), Some(3_600 + 120));
        assert!(candles.of_width(1, 0, 3_600).is_empty());
    }
}
