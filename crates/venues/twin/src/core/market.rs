//! Events and their markets.

use std::{borrow::Cow, sync::Arc};

use rec_domain::{Price, PriceGrid, Quantity, Side, TimeSpan, Timestamp, UsdPrice, market::Collateral};

use crate::core::{
    Verdict,
    book::OrderBook,
    candles::{Candles, Shown},
    fair::Valuation,
    mirror::MirroredMarket,
    output::{MarketName, TickerView},
    series::Series,
};

/// Where an event is in its life. Opening is not a state: it happens by time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Listed: opens and trades by time.
    Listed,
    /// Closed, result not known.
    Closed,
    /// Result known, not paid.
    Determined,
    /// Result known and doubted: not paid until it is amended.
    Disputed,
    /// Result replaced, not paid by it yet.
    Amended,
    /// Paid.
    Finalized,
}

/// One close with its strikes.
#[derive(Debug, Clone)]
pub struct Event {
    /// Its number in the world, in the order of listing.
    pub number: u32,
    /// Its series.
    pub series: Series,
    /// Its ticker.
    pub ticker: Arc<str>,
    /// When it was listed.
    pub created: Timestamp,
    /// First instant at which it takes orders.
    pub open: Timestamp,
    /// First instant at which it takes no more, and the instant that it settles on.
    pub close: Timestamp,
    /// Where it is in its life.
    pub stage: Stage,
    /// Numbers of its markets, in ascending strike.
    pub markets: std::ops::Range<u32>,
    /// What it settles on, once determined.
    pub expiration_value: Option<UsdPrice>,
    /// When it was paid.
    pub settled_at: Option<Timestamp>,
    /// How much later than usual its result comes.
    pub result_late_by: TimeSpan,
    /// How it holds collateral, where that is not its series' way.
    pub collateral: Option<Collateral>,
}

impl Event {
    /// Whether it takes orders at `now`.
    #[must_use]
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.stage == Stage::Listed && self.open <= now && now < self.close
    }

    /// The exchange's status word.
    #[must_use]
    pub fn status(&self, now: Timestamp) -> &'static str {
        match self.stage {
            Stage::Listed if now < self.open => "initialized",
            Stage::Listed => "active",
            Stage::Closed => "closed",
            Stage::Determined => "determined",
            Stage::Disputed => "disputed",
            Stage::Amended => "amended",
            Stage::Finalized => "finalized",
        }
    }

    /// The word that the `status` filter of the lists uses for this state.
    #[must_use]
    pub fn filter_word(&self, now: Timestamp) -> &'static str {
        match self.stage {
            Stage::Listed if now < self.open => "unopened",
            Stage::Listed => "open",
            Stage::Closed | Stage::Determined | Stage::Disputed | Stage::Amended => "closed",
            Stage::Finalized => "settled",
        }
    }

    /// Time until the close.
    #[must_use]
    pub fn time_to_close(&self, now: Timestamp) -> TimeSpan {
        self.close.since(now)
    }
}

/// What a market asks of the settlement value. Strikes are whole cents, and so is the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strike {
    /// Strictly above this wins: the nominal strike less one cent.
    Above(UsdPrice),
    /// At this or above wins. `None` until the quarter of an hour before has closed.
    AtLeast(Option<UsdPrice>),
    /// From the first to the second wins, both included.
    Between(UsdPrice, UsdPrice),
    /// Strictly below this wins.
    Below(UsdPrice),
}

impl Strike {
    /// What wins at `value`; `None` while the strike is not known.
    #[must_use]
    pub fn result(self, value: UsdPrice) -> Option<Verdict> {
        let wins = match self {
            Self::Above(floor) => value > floor,
            Self::AtLeast(floor) => value >= floor?,
            Self::Between(floor, cap) => floor <= value && value <= cap,
            Self::Below(cap) => value < cap,
        };
        Some(if wins { Verdict::Yes } else { Verdict::No })
    }

    /// The chance that YES wins; `None` while the strike is not known.
    #[must_use]
    pub fn chance(self, valuation: &Valuation) -> Option<f64> {
        // A value is whole cents: what is at least a strike is above half a cent less.
        const HALF: f64 = 0.005;
        let above = |dollars: f64| valuation.chance_above(dollars);
        Some(match self {
            Self::Above(floor) => above(floor.as_f64()),
            Self::AtLeast(floor) => above(floor?.as_f64() - HALF),
            Self::Between(floor, cap) => (above(floor.as_f64() - HALF) - above(cap.as_f64() + HALF)).max(0.0),
            Self::Below(cap) => 1.0 - above(cap.as_f64() - HALF),
        })
    }

    /// The exchange's `strike_type`.
    #[must_use]
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Above(_) => "greater",
            Self::AtLeast(_) => "greater_or_equal",
            Self::Between(..) => "between",
            Self::Below(_) => "less",
        }
    }

    /// The exchange's `floor_strike`.
    #[must_use]
    pub const fn floor(self) -> Option<UsdPrice> {
        match self {
            Self::Above(floor) | Self::Between(floor, _) => Some(floor),
            Self::AtLeast(floor) => floor,
            Self::Below(_) => None,
        }
    }

    /// The exchange's `cap_strike`.
    #[must_use]
    pub const fn cap(self) -> Option<UsdPrice> {
        match self {
            Self::Between(_, cap) | Self::Below(cap) => Some(cap),
            Self::Above(_) | Self::AtLeast(_) => None,
        }
    }

    /// The price that the market is about, in dollars: takers look for the market closest to what they think.
    #[must_use]
    pub fn anchor(self) -> Option<f64> {
        match self {
            Self::Above(price) | Self::Below(price) => Some(price.as_f64()),
            Self::AtLeast(floor) => floor.map(UsdPrice::as_f64),
            Self::Between(floor, cap) => Some(0.5 * (floor.as_f64() + cap.as_f64())),
        }
    }
}

/// A cheap offer that someone rests for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CheapOffer {
    /// The side that it sells cheaply.
    pub sells: Side,
    /// Its YES price.
    pub price: Price,
    /// Its order.
    pub number: u64,
}

/// A maker's order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quote {
    /// YES price.
    pub price: Price,
    /// Its order.
    pub number: u64,
    /// What it was placed with.
    pub placed: Quantity,
}

/// What makers have in a market: near and deep, bid and ask.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Quotes {
    /// The best bid.
    pub bid: Option<Quote>,
    /// The best ask.
    pub ask: Option<Quote>,
    /// A larger bid below.
    pub deep_bid: Option<Quote>,
    /// A larger ask above.
    pub deep_ask: Option<Quote>,
}

/// One strike of an event.
#[derive(Debug, Clone)]
pub struct Market {
    /// Its names.
    pub name: MarketName,
    /// Its event's number.
    pub event: u32,
    /// Its series.
    pub series: Series,
    /// The close of its event.
    pub close: Timestamp,
    /// What it asks.
    pub strike: Strike,
    /// What rests.
    pub book: OrderBook,
    /// Contracts traded.
    pub volume: Quantity,
    /// Contracts held open.
    pub open_interest: Quantity,
    /// Last YES price and contracts.
    pub last: Option<(Price, Quantity)>,
    /// What makers have in it.
    pub quotes: Quotes,
    /// A cheap offer, while there is one.
    pub cheap: Option<CheapOffer>,
    /// The result, once determined.
    pub result: Option<Verdict>,
    /// Its minutes.
    pub candles: Candles,
    /// When it last changed.
    pub updated: Timestamp,
    /// Whether its summary changed since it was last told.
    pub dirty: bool,
    /// What is known of it where it is another exchange's.
    pub mirrored: Option<Box<MirroredMarket>>,
}

impl Market {
    /// The prices at which it takes orders.
    #[must_use]
    pub fn grid(&self) -> Cow<'_, PriceGrid> {
        match &self.mirrored {
            Some(mirrored) => Cow::Borrowed(&mirrored.grid),
            None => Cow::Owned(self.series.grid()),
        }
    }

    /// The exchange's status word for it.
    #[must_use]
    pub fn status(&self, event: &Event, now: Timestamp) -> &'static str {
        match &self.mirrored {
            Some(mirrored) if mirrored.paid => "finalized",
            Some(_) if self.result.is_some() => "determined",
            Some(mirrored) if mirrored.suspended && event.is_open(now) => "inactive",
            _ => event.status(now),
        }
    }

    /// Whether its book is known: always, unless it is another exchange's.
    #[must_use]
    pub fn has_known_book(&self) -> bool {
        self.mirrored.as_ref().is_none_or(|mirrored| mirrored.is_known)
    }

    /// What candles take of it.
    pub(crate) fn shown(&self) -> Shown {
        use rec_domain::BookSide::{Ask, Bid};
        Shown {
            bid: self.book.best(Bid).map_or(Price::ZERO, |(price, _)| price),
            ask: self.book.best(Ask).map_or(Price::ONE, |(price, _)| price),
            last: self.last.map_or(Price::ZERO, |(price, _)| price),
            open_interest: self.open_interest,
        }
    }

    /// Its summary.
    #[must_use]
    pub fn ticker_view(&self, at: Timestamp) -> TickerView {
        use rec_domain::BookSide::{Ask, Bid};
        TickerView {
            market: self.name.clone(),
            bid: self.book.best(Bid),
            ask: self.book.best(Ask),
            last: self.last.map_or(Price::ZERO, |(price, _)| price),
            last_size: self.last.map_or(Quantity::ZERO, |(_, size)| size),
            volume: self.volume,
            open_interest: self.open_interest,
            at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn cents(cents: i64) -> UsdPrice {
        UsdPrice::from_cents(cents)
    }

    #[test]
    fn the_edges_of_every_rule() {
        let range = Strike::Between(cents(9_270_000), cents(9_279_999));
        for (strike, value, wins) in [
            (Strike::Above(cents(9_279_999)), 9_279_999, false),
            (Strike::Above(cents(9_279_999)), 9_280_000, true),
            (Strike::Below(cents(7_420_000)), 7_420_000, false),
            (Strike::Below(cents(7_420_000)), 7_419_999, true),
            (range, 9_270_000, true),
            (range, 9_279_999, true),
            (range, 9_269_999, false),
            (range, 9_280_000, false),
            (Strike::AtLeast(Some(cents(8_395_062))), 8_395_062, true),
            (Strike::AtLeast(Some(cents(8_395_062))), 8_395_061, false),
        ] {
            let verdict = if wins { Verdict::Yes } else { Verdict::No };
            assert_eq!(strike.result(cents(value)), Some(verdict), "{strike:?} at {value}");
        }
        assert_eq!(Strike::AtLeast(None).result(cents(1)), None, "a strike that is not known has no result");
    }

    #[test]
    fn the_chances_of_all_ranges_sum_to_one() {
        let valuation =
            Valuation { index: 84_012.0, seconds_to_close: 900.0, volatility: 5e-5, known: 0, known_sum: 0.0 };
        let inside: f64 = (839..842)
            .map(|hundred| Strike::Between(cents(hundred * 10_000), cents(hundred * 10_000 + 9_999)))
            .filter_map(|strike| strike.chance(&valuation))
            .sum();
        let below = Strike::Below(cents(8_390_000)).chance(&valuation).expect("known");
        let above = Strike::Above(cents(8_419_999)).chance(&valuation).expect("known");
        assert!((inside + below + above - 1.0).abs() < 1e-3, "{inside} {below} {above}");
    }
}
