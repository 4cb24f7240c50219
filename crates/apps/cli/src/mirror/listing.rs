//! The lists: markets as they come, results and payments until nothing is open, and whether trading pauses.

use std::{collections::BTreeSet, time::Duration};

use rec_domain::{Clock as _, EventTicker, ExchangeIndex, MarketTicker, SeriesTicker};
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
const CRYPTO_SHARD: ExchangeIndex = ExchangeIndex::new(2);

/// Reads the lists of the mirrored exchange.
pub(super) struct Listing {
    client: Client,
    series: Vec<SeriesTicker>,
    feed: MirrorFeed,
    clock: MarketClock,
    wanted: watch::Sender<BTreeSet<MarketTicker>>,
    /// Markets that were named in the log as left out.
    named: BTreeSet<String>,
}

impl Listing {
    pub(super) fn new(
        client: Client,
        series: Vec<SeriesTicker>,
        feed: MirrorFeed,
        clock: MarketClock,
        wanted: watch::Sender<BTreeSet<MarketTicker>>,
    ) -> Self {
        Self { client, series, feed, clock, wanted, named: BTreeSet::new() }
    }

    /// Reads until it is dropped; sooner when there is news.
    pub(super) async fn run(mut self, news: &Notify) {
        loop {
            let read = self.read().await;
            let awaits = self.awaited().next().is_some();
            let next = if read.is_err() || awaits { SOON } else { EVERY };
            if let Err(error) = read {
                warn!(%error, "the lists of the mirrored exchange cannot be read");
            }
            tokio::select! {
                () = sleep(next) => {}
                () = news.notified() => sleep(SOON / 4).await,
            }
        }
    }

    /// Events that have closed and were not paid.
    fn awaited(&self) -> impl Iterator<Item = (String, SeriesTicker)> {
        let now = self.clock.now();
        let unpaid = self.feed.unpaid_events().into_iter().filter(move |event| event.close <= now);
        unpaid.map(|event| (event.ticker, SeriesTicker::new(event.series.ticker())))
    }

    async fn read(&mut self) -> Result<(), RestError> {
        let active = self.client.exchange_status().await?.trades(CRYPTO_SHARD);
        self.feed.show(&[Mirrored::Trading { active }]);
        let mut wanted = BTreeSet::new();
        for ticker in self.series.clone() {
            let series = self.client.series(&ticker).await?;
            for status in [MarketFilter::Open, MarketFilter::Unopened] {
                let query = EventsQuery {
                    series: Some(ticker.clone()),
                    status: Some(status),
                    with_markets: true,
                    ..EventsQuery::default()
                };
                for event in self.client.events(&query).all().await? {
                    self.show(&event, &series, &mut wanted);
                }
            }
        }
        for (event, series) in self.awaited().collect::<Vec<_>>() {
            let series = self.client.series(&series).await?;
            let event = self.client.event(&EventTicker::new(event)).await?;
            self.show(&event, &series, &mut wanted);
        }
        debug!(followed = wanted.len(), "the lists of the mirrored exchange were read");
        self.wanted.send_if_modified(|followed| {
            let changed = *followed != wanted;
            if changed {
                info!(markets = wanted.len(), "books are mirrored");
                *followed = wanted;
            }
            changed
        });
        Ok(())
    }

    /// Shows an event's markets, and wants the books of those that are open or open before the next reading.
    fn show(&mut self, event: &EventRow, series: &SeriesRow, wanted: &mut BTreeSet<MarketTicker>) {
        let (markets, left_out) = shown::markets(event, series);
        for market in left_out {
            if self.named.insert(market.clone()) {
                warn!(market, "left out of the mirror");
            }
        }
        let now = self.clock.now();
        let soon = now + self.clock.market_span(2 * EVERY);
        let open = markets.iter().map(|listed| &listed.market);
        let open = open.filter(|market| market.open_time <= soon && now < market.close_time);
        wanted.extend(open.map(|market| market.ticker.clone()));
        let changes: Vec<Mirrored> = markets.into_iter().map(|market| Mirrored::Market(Box::new(market))).collect();
        self.feed.show(&changes);
    }
}
