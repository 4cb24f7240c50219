//! What the `lifecycle` machine is told and what it wants done.

use std::collections::BTreeSet;

use rec_domain::{
    MarketTicker, TimeSpan, UsdPrice,
    market::{Market, MarketLifecycle},
};
use serde::{Deserialize, Serialize};

/// Limits, in market time (the shell has scaled those that also cover transport).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Config {
    /// Markets are fetched this often.
    pub fetch_every: TimeSpan,
    /// And this often within `near` of an opening or a close, and while no open market is known.
    pub fetch_every_near: TimeSpan,
    /// See `fetch_every_near`.
    pub near: TimeSpan,
    /// Two fetches are at least this far apart, whatever the exchange announces.
    pub fetch_gap: TimeSpan,
    /// A fetch must be answered within this.
    pub fetch_within: TimeSpan,
    /// How far the exchange's lists lag behind its announcements: for this long an announcement prevails.
    pub list_lag: TimeSpan,
    /// All markets are published at least this often.
    pub publish_every: TimeSpan,
    /// Markets are published from this long before they open.
    pub about_to_open: TimeSpan,
    /// Closed markets are published for this long.
    pub closed_for: TimeSpan,
    /// Closed markets are forgotten after this; until then their announcements are passed on.
    pub forget_after: TimeSpan,
    /// Books of the next event are wanted from this long before the roll-over.
    pub next_event_lead: TimeSpan,
    /// Books of one event: the nearest strikes. Markets that were wanted once stay wanted, up to twice as many.
    pub books_most: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            fetch_every: TimeSpan::from_seconds(15),
            fetch_every_near: TimeSpan::from_seconds(3),
            near: TimeSpan::from_seconds(30),
            fetch_gap: TimeSpan::from_seconds(2),
            fetch_within: TimeSpan::from_seconds(10),
            list_lag: TimeSpan::from_seconds(15),
            publish_every: TimeSpan::from_seconds(5),
            about_to_open: TimeSpan::from_minutes(10),
            closed_for: TimeSpan::from_seconds(5),
            forget_after: TimeSpan::from_minutes(10),
            next_event_lead: TimeSpan::from_seconds(60),
            books_most: 60,
        }
    }
}

/// What the machine is told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "input", content = "body", rename_all = "snake_case")]
pub enum Input {
    /// All markets of the series' open and unopened events: every page.
    Fetched(Vec<Market>),
    /// They could not be had, or not all of them.
    FetchFailed,
    /// The exchange announced a change.
    Lifecycle(MarketLifecycle),
    /// The price of the underlying, for the nearest strikes. Without one the markets with the most volume are taken.
    Underlying(UsdPrice),
    /// Time has passed.
    Wake,
}

/// What the machine wants done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "output", content = "body", rename_all = "snake_case")]
pub enum Output {
    /// Fetch all markets of the series' open and unopened events.
    Fetch,
    /// Publish every market that is open, about to open or just closed, with its status by time.
    Publish(Vec<Market>),
    /// The markets whose books are wanted from now on; for the book machine.
    Wanted(BTreeSet<MarketTicker>),
    /// Publish a change of a known market.
    Lifecycle(MarketLifecycle),
}
