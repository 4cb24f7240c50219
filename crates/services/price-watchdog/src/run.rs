//! Start, limits and health.

use std::time::Duration;

use anyhow::Context as _;
use rec_domain::TimeSpan;
use rec_engine::{
    Driver,
    feed::{self, FeedMachine},
    momentum::{self, MomentumMachine},
};
use rec_runtime::{BoxFuture, Clocks, ServiceContext, axum::Router, drive, health::EVERY_SECOND, serve_http};
use rec_spot::{RestConfig, SpotClient};
use tokio::sync::mpsc;

use crate::{
    archive::{self, Archive},
    effects::{FeedEffects, INDEX, MOMENTUM, MomentumEffects, SPOT},
    index, spot,
};

/// Inputs that may wait for a machine.
const QUEUE: usize = 1_024;

/// Entry point of the service.
pub fn run(ctx: ServiceContext) -> BoxFuture<anyhow::Result<()>> {
    Box::pin(async move {
        for check in [SPOT, INDEX, MOMENTUM] {
            ctx.health.check(check, EVERY_SECOND);
        }
        tokio::try_join!(work(&ctx), serve_http(&ctx, Router::new()))?;
        Ok(())
    })
}

async fn work(ctx: &ServiceContext) -> anyhow::Result<()> {
    let spot = &ctx.config.spot;
    let product = spot.products.first().context("no product is watched: set spot.products")?.clone();
    let deadline = Duration::from_micros(u64::try_from(spot.request_timeout.micros()).unwrap_or(0));
    let candles = SpotClient::new(RestConfig { deadline, ..RestConfig::new(spot.rest_url.clone()) })?;
    let (archive, kept) = Archive::new();
    let (feed_inputs, feed_received) = mpsc::channel(QUEUE);
    let (momentum_inputs, momentum_received) = mpsc::channel(QUEUE);
    let feed_effects = FeedEffects {
        ctx: ctx.clone(),
        candles,
        product: product.clone(),
        inputs: feed_inputs.clone(),
        momentum: momentum_inputs,
        archive: archive.clone(),
    };
    let momentum_effects = MomentumEffects { ctx: ctx.clone(), archive };
    let feed = Driver::new(FeedMachine::new(feed_config(ctx)), ctx.journal::<FeedMachine>(), QUEUE);
    let momentum = MomentumMachine::new(momentum_config(&ctx.clocks));
    let momentum = Driver::new(momentum, ctx.journal::<MomentumMachine>(), QUEUE);
    tokio::select! {
        ended = drive(feed, feed_received, ctx.clocks.clone(), ctx.shutdown.clone(), feed_effects) => {
            ended.map(|_driver| ())
        }
        ended = drive(momentum, momentum_received, ctx.clocks.clone(), ctx.shutdown.clone(), momentum_effects) => {
            ended.map(|_driver| ())
        }
        ended = spot::watch(ctx, product, feed_inputs.clone()) => ended,
        ended = index::watch(ctx, feed_inputs) => ended,
        never = archive::keep(ctx, kept) => never,
    }
}

/// Limits of wall time in what the machine counts in market time.
fn feed_config(ctx: &ServiceContext) -> feed::Config {
    let usual = feed::Config::default();
    let (clocks, freshness) = (&ctx.clocks, &ctx.config.freshness);
    feed::Config {
        spot_source: spot::protocol(ctx.config.spot.venue).source().to_owned(),
        spot_limit: clocks.limit(freshness.price),
        index_limit: clocks.limit(freshness.index),
        // However fast market time goes, nobody reads more than forty prices in a second.
        publish_spot_every: usual.publish_spot_every.at_least(clocks.in_market(Duration::from_millis(25))),
        future_limit: clocks.limit(usual.future_limit),
        candle_retry: clocks.limit(usual.candle_retry),
        ..usual
    }
}

fn momentum_config(clocks: &Clocks) -> momentum::Config {
    let at_most = clocks.in_market(Duration::from_millis(100));
    momentum::Config { publish_every: TimeSpan::from_seconds(1).at_least(at_most) }
}
