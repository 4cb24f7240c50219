//! What the stream says.

use rec_domain::{
    BookSide, ClientOrderId, EventTicker, ExchangeIndex, MarketTicker, OrderGroupId, Price, Quantity, SeriesTicker,
    Side, Timestamp, UsdPrice,
    book::Top,
    fee::FeeKind,
    index::IndexPrint,
    market::{Collateral, LifecycleChange, MarketLifecycle, StrikeRule},
    report::{FillReport, GroupReport, OrderReport},
};

use crate::rows::{PositionRow, PriceLevels};

/// One frame of the stream.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    /// The subscription that it belongs to.
    pub sid: Option<u64>,
    /// Its number within the subscription, which all markets and also `ok` and snapshot frames share. Tickers, fills,
    /// orders and positions have none.
    pub seq: Option<u64>,
    /// The command that it answers.
    pub id: Option<u64>,
    /// When the exchange sent it, where it says so.
    pub sent_at: Option<Timestamp>,
    /// What it says.
    pub kind: FrameKind,
}

/// What a frame says.
#[derive(Debug, Clone, PartialEq)]
pub enum FrameKind {
    /// A channel was subscribed to; the frame's `sid` names the subscription.
    Subscribed {
        /// The channel.
        channel: String,
    },
    /// A command was done.
    Ok {
        /// The markets that the subscription now has.
        markets: Vec<MarketTicker>,
        /// The subscriptions there are, where they were asked for.
        subscriptions: Vec<Subscription>,
    },
    /// A subscription ended.
    Unsubscribed,
    /// A command was refused, or a subscription broke.
    Error(ErrorFrame),
    /// The whole book of a market.
    BookSnapshot(BookSnapshot),
    /// A change of one level.
    BookDelta(BookDelta),
    /// A market's top and volume.
    Ticker(TickerUpdate),
    /// A trade of anybody.
    Trade(PublicTrade),
    /// A fill of ours.
    Fill(FillReport),
    /// An order of ours.
    UserOrder(OrderReport),
    /// Something happened to an order group of ours.
    OrderGroupUpdate(OrderGroupUpdate),
    /// Something happened in a market's life.
    Lifecycle(LifecycleUpdate),
    /// The settlement index, once a second.
    IndexValue(IndexValue),
    /// The settlement index, five times a second.
    IndexValue5Hz(IndexTick),
    /// A position of ours.
    MarketPosition(PositionRow),
    /// An event was listed.
    EventLifecycle(EventLifecycle),
    /// An event's fee changed.
    EventFeeUpdate(EventFeeUpdate),
    /// A kind that this version does not know.
    Unknown {
        /// The exchange's word for it.
        kind: String,
    },
    /// A frame that cannot be read. Whatever it would have changed is no longer known.
    Malformed {
        /// The exchange's word for its kind, where that much could be read.
        kind: String,
        /// What is wrong with it.
        reason: String,
    },
}

/// A subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// Its channel.
    pub channel: String,
    /// Its number.
    pub sid: u64,
}

/// A command was refused, or a subscription broke.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorFrame {
    /// The exchange's number.
    pub code: i64,
    /// The exchange's text.
    pub message: String,
    /// The market that it is about.
    pub market: Option<MarketTicker>,
}

impl ErrorFrame {
    /// Whether the subscription is gone and has to be made anew: a broken channel (10) or an overflow (25).
    #[must_use]
    pub const fn ends_subscription(&self) -> bool {
        matches!(self.code, 10 | 25)
    }
}

/// The whole book of a market.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookSnapshot {
    /// The market.
    pub ticker: MarketTicker,
    /// Its levels in YES prices.
    pub levels: PriceLevels,
}

/// A change of one level of a book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookDelta {
    /// The market.
    pub ticker: MarketTicker,
    /// The side of the YES book.
    pub side: BookSide,
    /// The level's YES price.
    pub price: Price,
    /// What the level gained, or lost below zero.
    pub delta: Quantity,
    /// The order of ours that caused it.
    pub client_order_id: Option<ClientOrderId>,
    /// When, by the exchange's clock.
    pub at: Option<Timestamp>,
}

/// A market's top and volume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TickerUpdate {
    /// The market.
    pub ticker: MarketTicker,
    /// Best bid and ask.
    pub top: Top,
    /// Price of the last trade; `None` where there was none.
    pub last_price: Option<Price>,
    /// Contracts traded so far.
    pub volume: Option<Quantity>,
    /// When, by the exchange's clock.
    pub at: Option<Timestamp>,
}

/// A trade of anybody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicTrade {
    /// The exchange's identity of it.
    pub trade_id: String,
    /// The market.
    pub ticker: MarketTicker,
    /// The YES price.
    pub price: Price,
    /// Contracts.
    pub quantity: Quantity,
    /// The outcome that the order acquired which met the resting one, where stated.
    pub taker: Option<Side>,
    /// When, by the exchange's clock.
    pub at: Option<Timestamp>,
}

/// Something happened to an order group of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderGroupUpdate {
    /// The group.
    pub group: OrderGroupId,
    /// `created`, `triggered`, `reset`, `deleted`, `limit_updated` or something new.
    pub event: String,
    /// The limit, where it is what changed.
    pub limit: Option<Quantity>,
    /// When, by the exchange's clock.
    pub at: Option<Timestamp>,
}

impl OrderGroupUpdate {
    /// For the inbox. The exchange's time, where there is one, makes the same news the same report.
    #[must_use]
    pub fn report(&self, received_at: Timestamp) -> GroupReport {
        GroupReport { group: self.group.clone(), event: self.event.clone(), at: self.at.unwrap_or(received_at) }
    }
}

/// Something happened in a market's life. Opening and closing by time are not announced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LifecycleUpdate {
    /// The market.
    pub ticker: MarketTicker,
    /// What happened.
    pub change: LifecycleChange,
    /// Its event, with news of a listing.
    pub event: Option<EventTicker>,
    /// Its shard, where stated.
    pub exchange_index: Option<ExchangeIndex>,
    /// When it opens, with news of a listing.
    pub open_time: Option<Timestamp>,
    /// When it closes, with news of a listing or of another time.
    pub close_time: Option<Timestamp>,
    /// Its strike, with news of a listing or of a strike.
    pub strike: Option<StrikeRule>,
    /// What one YES contract pays, with news of a result.
    pub settlement_value: Option<Price>,
    /// When the result was found or the market paid, by the exchange's clock.
    pub at: Option<Timestamp>,
}

impl LifecycleUpdate {
    /// What the desk's machines take of it.
    #[must_use]
    pub fn lifecycle(&self, received_at: Timestamp) -> MarketLifecycle {
        MarketLifecycle { ticker: self.ticker.clone(), change: self.change.clone(), received_at }
    }
}

/// The settlement index, once a second.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexValue {
    /// The index, as `BRTI`.
    pub index: String,
    /// The second that the print is stamped with.
    pub stamped_at: Timestamp,
    /// The print.
    pub value: UsdPrice,
    /// The mean of the prints of the 60 seconds before this one, this one not included; the window begins with the
    /// subscription.
    pub mean_60s: Option<WindowMean>,
    /// The mean of the quarter's last minute so far. Its window is (T-60, T], so that it is not what markets settle on.
    pub mean_of_quarter_end: Option<WindowMean>,
}

impl IndexValue {
    /// As a print received at `received_at`.
    #[must_use]
    pub const fn print(&self, received_at: Timestamp) -> IndexPrint {
        IndexPrint { stamped_at: self.stamped_at, value: self.value, received_at }
    }
}

/// A mean that the exchange made of index prints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WindowMean {
    /// The mean, cut off to 1e-6 dollars.
    pub value: UsdPrice,
    /// Prints in it.
    pub prints: u32,
}

/// The settlement index, five times a second: a lead, never what markets settle on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexTick {
    /// The index, as `BRTI`.
    pub index: String,
    /// When it was computed.
    pub stamped_at: Timestamp,
    /// The index.
    pub value: UsdPrice,
}

/// An event was listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventLifecycle {
    /// The event.
    pub ticker: EventTicker,
    /// Its series.
    pub series: Option<SeriesTicker>,
    /// How it holds collateral.
    pub collateral: Collateral,
    /// Its shard, where stated.
    pub exchange_index: Option<ExchangeIndex>,
}

/// An event's fee changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventFeeUpdate {
    /// The event.
    pub ticker: EventTicker,
    /// Formula that replaces the series' for this event; `None` goes back to the series'.
    pub kind: Option<FeeKind>,
    /// Multiplier in millionths that replaces the series'; `None` goes back to the series'.
    pub multiplier_micros: Option<i64>,
}
