//! What the world tells: everything that a connected session may be told, in the order in which it happened.

use std::sync::Arc;

use rec_domain::{BookSide, Price, PriceGrid, Quantity, Timestamp, UsdPrice};

use crate::core::{
    Verdict,
    account::{Fill, Order, Position},
    market::Strike,
    series::{Asset, Series},
};

/// The exchange's channels, and the spot venue's feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    /// Order books: a snapshot, then changes.
    OrderbookDelta,
    /// Best prices, last price and volume.
    Ticker,
    /// Public trades.
    Trade,
    /// Fills of the account.
    Fill,
    /// Orders of the account.
    UserOrders,
    /// Positions of the account.
    MarketPositions,
    /// Order groups of the account.
    OrderGroupUpdates,
    /// Listing, determination, settlement.
    MarketLifecycle,
    /// The index, once a second.
    IndexValue,
    /// The index, five times a second.
    IndexValueSteady,
    /// The feed of the Coinbase-protocol spot venue: not a channel of the exchange.
    Spot,
    /// The feed of the Kraken-protocol spot venue: not a channel of the exchange.
    Kraken,
    /// The feed of the Bitstamp-protocol spot venue: not a channel of the exchange.
    Bitstamp,
}

impl Channel {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::OrderbookDelta,
        Self::Ticker,
        Self::Trade,
        Self::Fill,
        Self::UserOrders,
        Self::MarketPositions,
        Self::OrderGroupUpdates,
        Self::MarketLifecycle,
        Self::IndexValue,
        Self::IndexValueSteady,
        Self::Spot,
        Self::Kraken,
        Self::Bitstamp,
    ];

    /// The name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OrderbookDelta => "orderbook_delta",
            Self::Ticker => "ticker",
            Self::Trade => "trade",
            Self::Fill => "fill",
            Self::UserOrders => "user_orders",
            Self::MarketPositions => "market_positions",
            Self::OrderGroupUpdates => "order_group_updates",
            Self::MarketLifecycle => "market_lifecycle_v2",
            Self::IndexValue => "cfbenchmarks_value",
            Self::IndexValueSteady => "cfbenchmarks_value_5hz",
            Self::Spot => "spot",
            Self::Kraken => "kraken",
            Self::Bitstamp => "bitstamp",
        }
    }

    /// The exchange's channel of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.name() == name && !channel.is_of_a_spot_venue())
    }

    /// Whether it belongs to a spot venue, not to the exchange.
    #[must_use]
    pub const fn is_of_a_spot_venue(self) -> bool {
        matches!(self, Self::Spot | Self::Kraken | Self::Bitstamp)
    }

    /// Whether it tells of an index.
    #[must_use]
    pub const fn is_of_an_index(self) -> bool {
        matches!(self, Self::IndexValue | Self::IndexValueSteady)
    }

    /// Whether its frames are numbered.
    #[must_use]
    pub const fn is_numbered(self) -> bool {
        matches!(
            self,
            Self::OrderbookDelta
                | Self::Trade
                | Self::MarketLifecycle
                | Self::OrderGroupUpdates
                | Self::IndexValue
                | Self::IndexValueSteady
        )
    }
}

/// The names of a market.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarketName {
    /// Its ticker.
    pub ticker: Arc<str>,
    /// Its UUID.
    pub uuid: Arc<str>,
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// A level of a book changed.
    Book(BookChange),
    /// A market's book became known, as it stands now.
    Snapshot(u32),
    /// A market's summary changed.
    Ticker(TickerView),
    /// A trade.
    Trade(TradePrint),
    /// The account traded.
    Fill(FillView),
    /// An order of the account changed.
    Order(Box<Order>),
    /// A position of the account changed.
    Position(Box<Position>),
    /// Cash of the account moved by itself. No channel tells it.
    Cash,
    /// An order group changed.
    Group(GroupChange),
    /// A market was listed, determined or settled.
    Lifecycle(LifecycleChange),
    /// An event was listed.
    Event(EventListed),
    /// The index, once a second.
    Index(IndexPrint),
    /// The index, five times a second.
    Steady(SteadyPrint),
    /// A spot venue traded.
    Spot(SpotTick),
}

/// A change of one level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookChange {
    /// The market.
    pub market: MarketName,
    /// Side of the YES book.
    pub side: BookSide,
    /// YES price.
    pub price: Price,
    /// Contracts added.
    pub delta: Quantity,
    /// Set when the account's own order changed the level.
    pub cause: Option<OwnOrder>,
    /// When.
    pub at: Timestamp,
}

/// The account's order that changed a level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnOrder {
    /// The client's identity of it, if it has one.
    pub client_order_id: Option<String>,
    /// Its subaccount.
    pub subaccount: u32,
}

/// A market's summary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TickerView {
    /// The market.
    pub market: MarketName,
    /// Highest bid.
    pub bid: Option<(Price, Quantity)>,
    /// Lowest ask.
    pub ask: Option<(Price, Quantity)>,
    /// Last YES price, zero before the first trade.
    pub last: Price,
    /// Contracts of the last trade.
    pub last_size: Quantity,
    /// Contracts traded.
    pub volume: Quantity,
    /// Contracts held open.
    pub open_interest: Quantity,
    /// When.
    pub at: Timestamp,
}

/// A public trade.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TradePrint {
    /// Its identity.
    pub trade_id: String,
    /// The market.
    pub market: MarketName,
    /// YES price.
    pub price: Price,
    /// Contracts.
    pub count: Quantity,
    /// The taker's side of the book.
    pub taker_side: BookSide,
    /// When.
    pub at: Timestamp,
}

/// A fill of the account with what the channel adds to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FillView {
    /// The fill.
    pub fill: Fill,
    /// The client's identity of the order.
    pub client_order_id: Option<String>,
    /// The position after it, negative for NO.
    pub position: Quantity,
}

/// What happened to an order group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupChange {
    /// Its identity.
    pub order_group_id: String,
    /// The subaccount that it is bound to.
    pub subaccount: u32,
    /// `created`, `triggered`, `reset`, `deleted` or `limit_updated`.
    pub event: &'static str,
    /// The limit, where the event states it.
    pub limit: Option<Quantity>,
    /// When.
    pub at: Timestamp,
}

/// What happened to a market.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LifecycleChange {
    /// The market.
    pub ticker: Arc<str>,
    /// What happened.
    pub event: LifecycleEvent,
}

/// A step in a market's life that is announced; opening and closing by time are not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LifecycleEvent {
    /// It was listed.
    Created {
        /// Its event.
        event_ticker: Arc<str>,
        /// Its series.
        series: Series,
        /// What it asks.
        strike: Strike,
        /// First instant at which it takes orders.
        open: Timestamp,
        /// First instant at which it takes no more.
        close: Timestamp,
    },
    /// Its strike is known now.
    StrikeKnown {
        /// What it asks.
        strike: Strike,
    },
    /// It closes at another instant than was said.
    CloseDateUpdated {
        /// First instant at which it takes no more.
        close: Timestamp,
    },
    /// Its trading was suspended.
    Suspended,
    /// Its trading resumed.
    Resumed,
    /// It takes orders at other prices.
    GridUpdated {
        /// The prices.
        grid: PriceGrid,
    },
    /// Its result is known.
    Determined {
        /// What it pays.
        result: Verdict,
        /// When.
        at: Timestamp,
    },
    /// It was paid.
    Settled {
        /// When.
        at: Timestamp,
    },
}

/// An event was listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventListed {
    /// Its ticker.
    pub ticker: Arc<str>,
    /// Its series.
    pub series: Series,
    /// When it closes.
    pub close: Timestamp,
}

/// A print of an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IndexPrint {
    /// Whose index.
    pub asset: Asset,
    /// The whole second that it is stamped with.
    pub stamped: Timestamp,
    /// The index, in cents.
    pub value: UsdPrice,
    /// When the exchange passes it on.
    pub received: Timestamp,
}

/// One of five prints of an index in a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SteadyPrint {
    /// Whose index.
    pub asset: Asset,
    /// The fifth of a second that it is stamped with.
    pub stamped: Timestamp,
    /// The index, in cents.
    pub value: UsdPrice,
    /// When the exchange passes it on.
    pub received: Timestamp,
}

/// A spot venue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Venue {
    /// Coinbase Exchange.
    Coinbase,
    /// Kraken, version 2 of its protocol.
    Kraken,
    /// Bitstamp.
    Bitstamp,
}

impl Venue {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Coinbase, Self::Kraken, Self::Bitstamp];

    /// The channel of its feed.
    #[must_use]
    pub const fn channel(self) -> Channel {
        match self {
            Self::Coinbase => Channel::Spot,
            Self::Kraken => Channel::Kraken,
            Self::Bitstamp => Channel::Bitstamp,
        }
    }
}

/// A trade of a spot venue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpotTick {
    /// Where.
    pub venue: Venue,
    /// Contiguous number.
    pub trade_id: u64,
    /// Its number among all events of the venue, with gaps.
    pub sequence: u64,
    /// Price.
    pub price: UsdPrice,
    /// Size in 1e-8 of the base currency.
    pub size: i64,
    /// Whether the taker bought.
    pub taker_bought: bool,
    /// When.
    pub at: Timestamp,
}
