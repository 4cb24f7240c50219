//! The lists: markets as they come, results and payments until nothing is open, and whether trading pauses.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use rec_domain::{Clock as _, EventTicker, ExchangeIndex, MarketTicker, SeriesTicker, TimeSpan, Timestamp};
use rec_kalshi::{
    rest::{Client, EventsQuery, MarketFilter, RestError},
    rows::{EventRow, SeriesRow},
};
use rec_twin::{
    core::Mirrored,
    server::{MarketClock, MirrorFeed},
};
use tokio::{
    sync::{Notify, watch},
    time::sleep,
};
use tracing::{debug, info, warn};

use super::shown;

/// Between two readings of all lists, and between two while a result or a payment is awaited.
const EVERY: Duration = Duration::from_secs(10);
const SOON: Duration = Duration::from_secs(2);
/// Readings of what is open for each one of what is listed ahead, which on the exchange is a whole day and changes once.
const OPEN_READINGS: u32 = 30;
/// From a close until its payment is no longer asked for.
const GIVEN_UP_AFTER: TimeSpan = TimeSpan::from_minutes(2 * 24 * 60);
const CRYPTO_SHARD: ExchangeIndex = ExchangeIndex::new(2);

/// Reads the lists of the mirrored exchange.
pub(super) struct Listing {
    client: Client,
    series: Vec<SeriesTicker>,
    feed: MirrorFeed,
    clock: MarketClock,
    wanted: watch::Sender<BTreeSet<MarketTicker>>,
    /// Markets that were listed and have not closed, with their opening and close.
    listed: BTreeMap<MarketTicker, (Timestamp, Timestamp)>,
    /// Markets that were named in the log as left out.
    named: BTreeSet<String>,
    /// Events whose payment is awaited and that the exchange did not give when they were last asked for.
    missing: BTreeSet<String>,
}

impl Listing {
    pub(super) fn new(
        client: Client,
        series: Vec<SeriesTicker>,
        feed: MirrorFeed,
        clock: MarketClock,
        wanted: watch::Sender<BTreeSet<MarketTicker>>,
    ) -> Self {
        Self {
            client,
            series,
            feed,
            clock,
            wanted,
            listed: BTreeMap::new(),
            named: BTreeSet::new(),
            missing: BTreeSet::new(),
        }
    }

    /// Reads until it is dropped; sooner when there is news.
    pub(super) async fn run(mut self, news: &Notify) {
        let mut readings: u32 = 0;
        let mut failing = false;
        loop {
            let read = self.read(readings.is_multiple_of(OPEN_READINGS)).await;
            let was_failing = std::mem::replace(&mut failing, read.is_err());
            match read {
                Ok(()) => {
                    readings += 1;
                    if was_failing {
                        info!("the lists of the mirrored exchange are read again");
                    }
                }
                Err(error) if !was_failing => warn!(%error, "the lists of the mirrored exchange cannot be read"),
                Err(error) => debug!(%error, "the lists of the mirrored exchange still cannot be read"),
            }
            let awaits = self.awaited().any(|(event, _)| !self.missing.contains(&event));
            let next = if failing || awaits { SOON } else { EVERY };
            tokio::select! {
                () = sleep(next) => {}
                () = news.notified() => {
                    readings = 0;
                    sleep(SOON / 4).await;
                }
            }
        }
    }

    /// Events that have closed and were not paid.
    fn awaited(&self) -> impl Iterator<Item = (String, SeriesTicker)> {
        let now = self.clock.now();
        let unpaid = self
            .feed
            .unpaid_events()
            .into_iter()
            .filter(move |event| event.close <= now && now < event.close + GIVEN_UP_AFTER);
        unpaid.map(|event| (event.ticker, SeriesTicker::new(event.series.ticker())))
    }

    /// Reads what is open and what awaits its payment, and what is listed ahead where `ahead` holds.
    async fn read(&mut self, ahead: bool) -> Result<(), RestError> {
        let active = self.client.exchange_status().await?.trades(CRYPTO_SHARD);
        self.feed.show(&[Mirrored::Trading { active }]);
        for ticker in self.series.clone() {
            let series = self.client.series(&ticker).await?;
            for status in [Some(MarketFilter::Open), ahead.then_some(MarketFilter::Unopened)].into_iter().flatten() {
                let query = EventsQuery {
                    series: Some(ticker.clone()),
                    status: Some(status),
                    with_markets: true,
                    ..EventsQuery::default()
                };
                for event in self.client.events(&query).all().await? {
                    self.show(&event, &series);
                }
            }
        }
        self.want();
        // One that the exchange does not give any more keeps neither the others nor what is open from being shown.
        let awaited: Vec<_> = self.awaited().collect();
        self.missing.retain(|event| awaited.iter().any(|(known, _)| known == event));
        for (event, series) in awaited {
            match self.read_awaited(event.clone(), &series).await {
                Ok(()) => drop(self.missing.remove(&event)),
                Err(error) if error.is_transient() => return Err(error),
                Err(error) => {
                    if self.missing.insert(event.clone()) {
                        warn!(event, %error, "an event whose payment is awaited cannot be read");
                    }
                }
            }
        }
        Ok(())
    }

    async fn read_awaited(&mut self, event: String, series: &SeriesTicker) -> Result<(), RestError> {
        let series = self.client.series(series).await?;
        let event = self.client.event(&EventTicker::new(event)).await?;
        self.show(&event, &series);
        Ok(())
    }

    /// Says which books are followed.
    fn want(&mut self) {
        let now = self.clock.now();
        self.listed.retain(|_, (_, close)| now < *close);
        // What opens before the next reading is wanted already.
        let soon = now + self.clock.market_span(2 * EVERY);
        let open = self.listed.iter().filter(|(_, (open, _))| *open <= soon);
        let wanted: BTreeSet<MarketTicker> = open.map(|(ticker, _)| ticker.clone()).collect();
        debug!(followed = wanted.len(), "the lists of the mirrored exchange were read");
        self.wanted.send_if_modified(|followed| {
            let changed = *followed != wanted;
            if changed {
                info!(markets = wanted.len(), "books are mirrored");
                *followed = wanted;
            }
            changed
        });
    }

    /// Shows an event's markets.
    fn show(&mut self, event: &EventRow, series: &SeriesRow) {
        let (markets, left_out) = shown::markets(event, series);
        for market in left_out {
            if self.named.insert(market.clone()) {
                warn!(market, "left out of the mirror");
            }
        }
        let times = markets.iter().map(|listed| &listed.market);
        self.listed.extend(times.map(|market| (market.ticker.clone(), (market.open_time, market.close_time))));
        let changes: Vec<Mirrored> = markets.into_iter().map(|market| Mirrored::Market(Box::new(market))).collect();
        self.feed.show(&changes);
    }
}
