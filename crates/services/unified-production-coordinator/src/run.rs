//! Start, feed and health.

use std::{sync::Arc, time::Duration};

use anyhow::Context as _;
use rec_domain::{Timestamp, bus_event::BusEvent, strike_table::StrikeTable};
use rec_engine::{
    Driver,
    odds::{Config, Input, OddsMachine, Output},
};
use rec_runtime::{BoxFuture, HealthBoard, ServiceContext, axum::Router, drive, metric, serve_http};
use tokio::sync::mpsc;
use tracing::info;

use crate::fingerprints;

/// Name of the health check on tables with chances.
const TABLE: &str = "strike table";
const QUEUE: usize = 256;

/// However fast market time runs, tables are at least this far apart in wall time, and made at least every so often.
const LEAST_GAP: Duration = Duration::from_millis(50);
const PRICE_GAP: Duration = Duration::from_millis(10);
const EVERY: Duration = Duration::from_millis(250);

/// Entry point of the service.
#[must_use]
pub fn run(ctx: ServiceContext) -> BoxFuture<anyhow::Result<()>> {
    Box::pin(async move {
        ctx.health.check(TABLE, Duration::from_secs(4));
        tokio::try_join!(work(&ctx), serve_http(&ctx, Router::new()))?;
        Ok(())
    })
}

async fn work(ctx: &ServiceContext) -> anyhow::Result<()> {
    let folder = ctx.config.model.fingerprint_dir.clone();
    let reading = tokio::task::spawn_blocking(move || fingerprints::read(&folder));
    let model = reading.await.context("the model's reader ended early")??;
    info!(symbol = model.symbol(), buckets = model.buckets().count(), "model read");

    let (inputs, received) = mpsc::channel(QUEUE);
    let driver = Driver::new(OddsMachine::new(config(ctx), Arc::new(model)), ctx.journal::<OddsMachine>(), QUEUE);
    let publisher = ctx.clone();
    let effects = move |now: Timestamp, outputs: Vec<Output>| {
        for output in outputs {
            let table = match output {
                Output::Strikes(table) => table,
                Output::Rows(rows) => {
                    publisher.publish(BusEvent::Rows(rows));
                    continue;
                }
            };
            report(&publisher.health, &table);
            if let Some(newest) = table.rows.iter().filter_map(|row| row.book_at).max() {
                metric::record_book_age(publisher.clocks.in_wall(now.since(newest)));
            }
            publisher.publish(BusEvent::Strikes(table));
        }
        Ok(())
    };
    tokio::select! {
        ended = drive(driver, received, ctx.clocks.clone(), ctx.shutdown.clone(), effects) => ended.map(|_driver| ()),
        () = feed(ctx, inputs) => Ok(()),
    }
}

/// A table without a single chance is published, so that people see why, but it is not this service's work done.
fn report(health: &HealthBoard, table: &StrikeTable) {
    if table.rows.iter().any(|row| row.yes.is_some()) {
        health.beat(TABLE);
    } else {
        let why = table.rows.iter().find_map(|row| row.why_not.clone());
        health.fail(TABLE, why.unwrap_or_else(|| "no strike can be shown: there is no price".to_owned()));
    }
}

async fn feed(ctx: &ServiceContext, inputs: mpsc::Sender<Input>) {
    let mut events = ctx.subscribe();
    loop {
        let delivery = events.recv().await;
        let input = match &*delivery.event {
            BusEvent::Spot(spot) => Input::Spot(spot.clone()),
            BusEvent::Index(print) => Input::Index(*print),
            BusEvent::Momentum(reading) => Input::Momentum(reading.clone()),
            BusEvent::Markets(markets) => Input::Markets(markets.clone()),
            BusEvent::Books(tops) => Input::Books(tops.clone()),
            _ => continue,
        };
        if inputs.send(input).await.is_err() {
            return;
        }
    }
}

fn config(ctx: &ServiceContext) -> Config {
    let (clocks, freshness, usual) = (&ctx.clocks, &ctx.config.freshness, Config::default());
    Config {
        least_gap: usual.least_gap.at_least(clocks.in_market(LEAST_GAP)),
        price_gap: usual.price_gap.at_least(clocks.in_market(PRICE_GAP)),
        every: usual.every.at_least(clocks.in_market(EVERY)),
        spot_limit: clocks.limit(freshness.price),
        index_limit: clocks.limit(freshness.index),
        momentum_limit: clocks.limit(usual.momentum_limit),
        book_limit: clocks.limit(freshness.book),
        strikes: usual.strikes,
    }
}
