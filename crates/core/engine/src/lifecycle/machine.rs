//! The machine itself.

use std::collections::{BTreeMap, BTreeSet};

use rec_domain::{
    MarketTicker, Timestamp, UsdPrice,
    market::{LifecycleChange, Market, MarketLifecycle, MarketStatus},
};
use serde::{Deserialize, Serialize};

use super::{
    Config, Input, Output,
    selection::{is_alive, wanted},
};
use crate::Machine;

/// Knows the markets.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LifecycleMachine {
    config: Config,
    markets: BTreeMap<MarketTicker, Market>,
    /// Announcements that the lists may not show yet, with the instant until which they prevail.
    announced: Vec<(MarketLifecycle, Timestamp)>,
    underlying: Option<UsdPrice>,
    wanted: BTreeSet<MarketTicker>,
    published: Vec<Market>,
    next_publish_at: Timestamp,
    /// When the fetch under way was asked for.
    fetching_since: Option<Timestamp>,
    fetched_at: Option<Timestamp>,
    next_fetch_at: Timestamp,
    looked_at: Timestamp,
    /// The next instant at which a market's time changes something; `None` when that is not known to be up to date.
    #[serde(skip)]
    boundary: Option<Option<Timestamp>>,
}

impl LifecycleMachine {
    /// Without a market.
    #[must_use]
    pub fn new(config: Config) -> Self {
        let start = Timestamp::default();
        Self {
            config,
            markets: BTreeMap::new(),
            announced: Vec::new(),
            underlying: None,
            wanted: BTreeSet::new(),
            published: Vec::new(),
            next_publish_at: start,
            fetching_since: None,
            fetched_at: None,
            next_fetch_at: start,
            looked_at: start,
            boundary: None,
        }
    }

    /// When the markets were last fetched.
    #[must_use]
    pub const fn fetched_at(&self) -> Option<Timestamp> {
        self.fetched_at
    }

    /// The markets whose books are wanted.
    #[must_use]
    pub const fn wanted(&self) -> &BTreeSet<MarketTicker> {
        &self.wanted
    }

    fn take_list(&mut self, now: Timestamp, markets: Vec<Market>) {
        self.fetching_since = None;
        self.fetched_at = Some(now);
        self.boundary = None;
        // What a list does not show any more is kept until its close: lists lag, and leave out what has closed.
        self.markets.extend(markets.into_iter().map(|market| (market.ticker.clone(), market)));
        let forget_after = self.config.forget_after;
        self.markets.retain(|_ticker, market| now < market.close_time + forget_after);
        self.announced.retain(|(_change, until)| now < *until);
        for (change, _until) in self.announced.clone() {
            self.apply(&change);
        }
        self.next_fetch_at = now + self.fetch_pause(now);
    }

    fn fetch_pause(&self, now: Timestamp) -> rec_domain::TimeSpan {
        let near = |at: Timestamp| at - self.config.near <= now && now <= at + self.config.near;
        let mut markets = self.markets.values();
        let is_open = |market: &Market| market.open_time <= now && now < market.close_time;
        if markets.clone().any(|market| near(market.open_time) || near(market.close_time)) || !markets.any(is_open) {
            self.config.fetch_every_near
        } else {
            self.config.fetch_every
        }
    }

    fn take_announcement(&mut self, now: Timestamp, change: MarketLifecycle, out: &mut Vec<Output>) {
        // Only a list tells a new market, and what "other" means (a strike that was set, for one).
        if matches!(change.change, LifecycleChange::Created | LifecycleChange::Other(_)) {
            let last = self.fetched_at.unwrap_or_default();
            self.next_fetch_at = self.next_fetch_at.min((last + self.config.fetch_gap).max(now));
        }
        if self.apply(&change) {
            // Bounded by the markets and kinds of change: a newer word on the same replaces the older.
            self.announced.retain(|(known, until)| {
                let same_kind = std::mem::discriminant(&known.change) == std::mem::discriminant(&change.change);
                now < *until && !(known.ticker == change.ticker && same_kind)
            });
            self.announced.push((change.clone(), now + self.config.list_lag));
            out.push(Output::Lifecycle(change));
        }
    }

    /// Applies an announcement; `false` when the market is not known.
    fn apply(&mut self, change: &MarketLifecycle) -> bool {
        let Some(market) = self.markets.get_mut(&change.ticker) else { return false };
        self.boundary = None;
        market.take(&change.change);
        true
    }

    fn pursue_fetch(&mut self, now: Timestamp, out: &mut Vec<Output>) {
        if let Some(since) = self.fetching_since {
            if now < since + self.config.fetch_within {
                return;
            }
            self.fetch_failed(now);
        }
        if now >= self.next_fetch_at {
            self.fetching_since = Some(now);
            out.push(Output::Fetch);
        }
    }

    fn fetch_failed(&mut self, now: Timestamp) {
        self.fetching_since = None;
        self.next_fetch_at = now + self.config.fetch_every_near;
    }

    /// The markets to publish, with their status by time.
    pub(super) fn visible(&self, now: Timestamp) -> Vec<Market> {
        let shown = |market: &&Market| {
            market.open_time - self.config.about_to_open <= now && now < market.close_time + self.config.closed_for
        };
        let by_time = |market: &Market| {
            let status = match &market.status {
                alive if is_alive(alive) && now >= market.close_time => MarketStatus::Closed,
                MarketStatus::Initialized if now >= market.open_time => MarketStatus::Active,
                other => other.clone(),
            };
            Market { status, ..market.clone() }
        };
        self.markets.values().filter(shown).map(by_time).collect()
    }

    fn publish(&mut self, now: Timestamp, out: &mut Vec<Output>) {
        self.looked_at = now;
        // What is shown follows from the markets and their times; while neither changed it is what it was.
        let unchanged = self.boundary.is_some_and(|boundary| boundary.is_none_or(|at| now < at));
        if !unchanged {
            self.boundary = Some(self.next_boundary());
        }
        if !unchanged || now >= self.next_publish_at {
            self.publish_visible(now, out);
        }
        let wanted = wanted(now, &self.config, &self.markets, self.underlying, &self.wanted);
        if wanted != self.wanted {
            self.wanted.clone_from(&wanted);
            out.push(Output::Wanted(wanted));
        }
    }

    fn publish_visible(&mut self, now: Timestamp, out: &mut Vec<Output>) {
        let visible = self.visible(now);
        if visible != self.published || now >= self.next_publish_at {
            self.next_publish_at = now + self.config.publish_every;
            self.published.clone_from(&visible);
            // Before the first list nothing is known, not even that there is no market.
            if self.fetched_at.is_some() {
                out.push(Output::Publish(visible));
            }
        }
    }

    /// The next instant at which a market's time changes something.
    fn next_boundary(&self) -> Option<Timestamp> {
        let config = &self.config;
        let boundaries = |market: &Market| {
            [
                market.open_time - config.about_to_open,
                market.open_time - config.next_event_lead,
                market.open_time,
                market.close_time - config.next_event_lead,
                market.close_time,
                market.close_time + config.closed_for,
            ]
        };
        self.markets.values().flat_map(boundaries).filter(|at| *at > self.looked_at).min()
    }
}

impl Machine for LifecycleMachine {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "lifecycle";

    fn wake() -> Input {
        Input::Wake
    }

    fn step(&mut self, now: Timestamp, input: Input) -> Vec<Output> {
        let mut out = Vec::new();
        match input {
            Input::Fetched(markets) => self.take_list(now, markets),
            Input::FetchFailed => self.fetch_failed(now),
            Input::Lifecycle(change) => self.take_announcement(now, change, &mut out),
            Input::Underlying(price) => self.underlying = Some(price),
            Input::Wake => {}
        }
        self.pursue_fetch(now, &mut out);
        self.publish(now, &mut out);
        out
    }

    fn next_wakeup(&self) -> Option<Timestamp> {
        let fetch = self.fetching_since.map_or(self.next_fetch_at, |since| since + self.config.fetch_within);
        let boundary = self.boundary.unwrap_or_else(|| self.next_boundary());
        [Some(fetch), Some(self.next_publish_at), boundary].into_iter().flatten().min()
    }
}
