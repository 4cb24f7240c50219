//! Prices of the configured spot venue, and candles.

use std::sync::Arc;

use anyhow::bail;
use rec_config::SpotVenue;
use rec_domain::{Clock, Timestamp};
use rec_engine::feed::{Candle, Input};
use rec_runtime::ServiceContext;
use rec_spot::{Feed, FeedConfig, Protocol, SpotClient, SpotEvent};
use tokio::sync::mpsc;
use tracing::{info, warn};

use crate::effects::SPOT;

/// How one speaks with a venue.
pub(crate) const fn protocol(venue: SpotVenue) -> Protocol {
    match venue {
        SpotVenue::Coinbase => Protocol::Coinbase,
        SpotVenue::Kraken => Protocol::Kraken,
        SpotVenue::Bitstamp => Protocol::Bitstamp,
    }
}

/// Feeds the machine with the venue's prices until it ends.
pub(crate) async fn watch(ctx: &ServiceContext, product: String, inputs: mpsc::Sender<Input>) -> anyhow::Result<()> {
    let clock: Arc<dyn Clock> = ctx.clocks.market.clone();
    let spot = &ctx.config.spot;
    let usual = FeedConfig::of(protocol(spot.venue), spot.ws_url.clone(), product);
    let config = FeedConfig { tap: ctx.tap("spot"), ..usual };
    let mut feed = Feed::open(config, clock, &ctx.shutdown);
    while let Some(event) = feed.events.recv().await {
        match event {
            SpotEvent::Connected { .. } => info!(venue = %spot.venue, "spot feed connected"),
            SpotEvent::Disconnected { reason, .. } => ctx.health.fail(SPOT, reason.to_string()),
            SpotEvent::Price(price) => {
                let input = Input::Spot { price: price.value, observed_at: price.observed_at };
                if inputs.send(input).await.is_err() {
                    return Ok(());
                }
            }
        }
    }
    ended(ctx)
}

/// The candles from `from` to `to` as the machine's input.
pub(crate) async fn candles(client: &SpotClient, product: &str, from: Timestamp, to: Timestamp) -> Input {
    match client.minute_candles(product, from, to).await {
        Ok(candles) => {
            Input::Candles(candles.iter().map(|row| Candle { start: row.start, close: row.close }).collect())
        }
        Err(error) => {
            warn!(%error, "no candles for momentum");
            Input::CandlesFailed
        }
    }
}

fn ended(ctx: &ServiceContext) -> anyhow::Result<()> {
    if !ctx.shutdown.is_cancelled() {
        bail!("the spot feed's task ended");
    }
    Ok(())
}
