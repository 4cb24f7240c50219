//! What the `book` machine is told and what it wants done.

use std::collections::BTreeSet;

use rec_domain::{BookSide, MarketTicker, Price, Quantity, TimeSpan, Timestamp, book::BookTop};
use serde::{Deserialize, Serialize};

/// The exchange's number of a subscription on one connection.
pub type SubscriptionId = u64;

/// Levels of one side of a book: YES price and contracts there.
pub type Levels = Vec<(Price, Quantity)>;

/// Limits, in market time (the shell has scaled those that also cover transport).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Config {
    /// Tops that changed are published at most this often.
    pub flush_every: TimeSpan,
    /// All tops are published at least this often, with the instant up to which they are known to be current.
    pub proof_every: TimeSpan,
    /// When the subscription says nothing for this long, a snapshot is asked for as proof of life.
    pub probe_after: TimeSpan,
    /// A question to the exchange must be answered within this.
    pub answer_within: TimeSpan,
    /// Two questions (subscribe, snapshot) are at least this far apart.
    pub repair_gap: TimeSpan,
    /// So many failures within `escalation_window` make the machine ask for a new connection.
    pub failures_allowed: u32,
    /// See `failures_allowed`.
    pub escalation_window: TimeSpan,
    /// Without any frame for this long no book is known and a new connection is wanted.
    pub silence_limit: TimeSpan,
    /// Two wishes for a new connection are at least this far apart.
    pub reconnect_gap: TimeSpan,
    /// When quotes of the ticker channel contradict a book that got no change for this long, the book is fetched anew.
    pub disagreement_limit: TimeSpan,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            flush_every: TimeSpan::from_millis(100),
            proof_every: TimeSpan::from_millis(500),
            probe_after: TimeSpan::from_millis(1_500),
            answer_within: TimeSpan::from_millis(1_500),
            repair_gap: TimeSpan::from_millis(500),
            failures_allowed: 4,
            escalation_window: TimeSpan::from_seconds(30),
            silence_limit: TimeSpan::from_seconds(15),
            reconnect_gap: TimeSpan::from_seconds(10),
            disagreement_limit: TimeSpan::from_seconds(2),
        }
    }
}

/// What the machine is told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "input", content = "body", rename_all = "snake_case")]
pub enum Input {
    /// A connection stands; nothing is subscribed on it.
    Connected,
    /// The connection is gone.
    Disconnected,
    /// The book channel is subscribed.
    Subscribed {
        /// The subscription.
        sid: SubscriptionId,
    },
    /// The exchange ended the subscription or refused the last command on it (its error frames).
    SubscriptionLost,
    /// A whole book, in YES prices on both sides. An empty side has no levels.
    Snapshot {
        /// The subscription.
        sid: SubscriptionId,
        /// The frame's number.
        seq: u64,
        /// The market.
        ticker: MarketTicker,
        /// Who wants YES.
        bids: Levels,
        /// Who offers YES.
        asks: Levels,
        /// The exchange's time, or the time of receipt where the frame has none.
        at: Timestamp,
        /// When the frame came.
        received_at: Timestamp,
    },
    /// A change of one level.
    Delta {
        /// The subscription.
        sid: SubscriptionId,
        /// The frame's number.
        seq: u64,
        /// The market.
        ticker: MarketTicker,
        /// The side of the YES book.
        book_side: BookSide,
        /// The YES price.
        price: Price,
        /// What is added to the level.
        delta: Quantity,
        /// The exchange's time.
        at: Timestamp,
        /// When the frame came.
        received_at: Timestamp,
    },
    /// A frame of the subscription that carries no book but takes a number, such as `ok`.
    Acknowledged {
        /// The subscription.
        sid: SubscriptionId,
        /// The frame's number.
        seq: u64,
    },
    /// Best prices by the ticker channel, in YES prices; `None` where a side is empty.
    Quote {
        /// The market.
        ticker: MarketTicker,
        /// Best bid.
        bid: Option<Price>,
        /// Best ask.
        ask: Option<Price>,
        /// When the frame came.
        received_at: Timestamp,
    },
    /// Any other frame or ping of the connection.
    Heartbeat {
        /// When it came.
        received_at: Timestamp,
    },
    /// The markets whose books are wanted from now on.
    Wanted {
        /// Their tickers.
        tickers: BTreeSet<MarketTicker>,
    },
    /// Time has passed.
    Wake,
}

/// What the machine wants done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "output", content = "body", rename_all = "snake_case")]
pub enum Output {
    /// Subscribe the book channel for these markets; snapshots are expected by themselves.
    Subscribe {
        /// The markets.
        tickers: Vec<MarketTicker>,
    },
    /// Add markets to the subscription.
    AddMarkets {
        /// The subscription.
        sid: SubscriptionId,
        /// The markets.
        tickers: Vec<MarketTicker>,
    },
    /// Take markets out of the subscription.
    DeleteMarkets {
        /// The subscription.
        sid: SubscriptionId,
        /// The markets.
        tickers: Vec<MarketTicker>,
    },
    /// Ask for new snapshots.
    RequestSnapshot {
        /// The subscription.
        sid: SubscriptionId,
        /// The markets.
        tickers: Vec<MarketTicker>,
    },
    /// Drop the connection and make a new one.
    Reconnect {
        /// Why, for people.
        reason: String,
    },
    /// Publish tops of books.
    Publish(Vec<BookTop>),
}
