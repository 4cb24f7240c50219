//! The markets of the followed series, by the exchange's lists.

use std::{sync::Arc, time::Duration};

use rec_domain::{Clock, SeriesTicker, market::Market};
use rec_kalshi::{
    Signer,
    rest::{Client, ClientConfig, EventsQuery, MarketFilter, RestError},
};
use rec_runtime::ServiceContext;
use tracing::warn;

/// Reads markets.
#[derive(Debug)]
pub(crate) struct Discovery {
    client: Client,
    series: Vec<SeriesTicker>,
}

impl Discovery {
    /// # Errors
    /// When the exchange's address is none.
    pub(crate) fn new(ctx: &ServiceContext, signer: Arc<Signer>) -> anyhow::Result<Self> {
        let clock: Arc<dyn Clock> = ctx.clocks.market.clone();
        let exchange = &ctx.config.exchange;
        let deadline = Duration::from_micros(u64::try_from(exchange.request_timeout.micros()).unwrap_or(0));
        // The machine asks again by itself.
        let tap = ctx.tap("market-reads");
        let config = ClientConfig { deadline, read_attempts: 1, tap, ..ClientConfig::new(exchange.rest_url.clone()) };
        Ok(Self { client: Client::new(config, Some(signer), clock)?, series: exchange.series.clone() })
    }

    /// All markets of open and unopened events, with what the desk needs of their events and series. A market that
    /// cannot be read is left out and named in the log.
    ///
    /// # Errors
    /// When any list was not read to its end.
    pub(crate) async fn markets(&self) -> Result<Vec<Market>, RestError> {
        let mut markets = Vec::new();
        for ticker in &self.series {
            let series = self.client.series(ticker).await?;
            for status in [MarketFilter::Open, MarketFilter::Unopened] {
                let wanted = EventsQuery {
                    series: Some(ticker.clone()),
                    status: Some(status),
                    with_markets: true,
                    ..EventsQuery::default()
                };
                for event in self.client.events(&wanted).all().await? {
                    for row in &event.unreadable {
                        warn!(row = row.row, reason = row.reason, event = %event.ticker, "a market cannot be read");
                    }
                    for row in &event.markets {
                        match row.join(&event, &series) {
                            Ok(market) => markets.push(market),
                            Err(error) => warn!(%error, "a market is left out"),
                        }
                    }
                }
            }
        }
        Ok(markets)
    }
}
