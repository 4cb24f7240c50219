//! Events and their markets.

use std::sync::Arc;

use rec_domain::{Price, Quantity, Side, TimeSpan, Timestamp, UsdPrice};

use crate::core::{
    book::OrderBook,
    output::{MarketName, TickerView},
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
    /// Paid.
    Finalized,
}

/// One close with its strikes.
#[derive(Debug, Clone)]
pub struct Event {
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
            Stage::Finalized => "finalized",
        }
    }

    /// The word that the `status` filter of the lists uses for this state.
    #[must_use]
    pub fn filter_word(&self, now: Timestamp) -> &'static str {
        match self.stage {
            Stage::Listed if now < self.open => "unopened",
            Stage::Listed => "open",
            Stage::Closed | Stage::Determined => "closed",
            Stage::Finalized => "settled",
        }
    }

    /// Time until the close.
    #[must_use]
    pub fn time_to_close(&self, now: Timestamp) -> TimeSpan {
        self.close.since(now)
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
    /// The close of its event, which finds it.
    pub close: Timestamp,
    /// Strictly above this wins: the nominal strike less one cent.
    pub floor: UsdPrice,
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
    pub result: Option<Side>,
    /// When it last changed.
    pub updated: Timestamp,
    /// Whether its summary changed since it was last told.
    pub dirty: bool,
}

impl Market {
    /// The lowest cent that wins.
    #[must_use]
    pub fn nominal(&self) -> UsdPrice {
        self.floor + UsdPrice::from_cents(1)
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
