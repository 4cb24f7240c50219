//! Start, feed and health.

use std::time::Duration;

use rec_domain::bus_event::BusEvent;
use rec_engine::{
    Driver,
    entry::{Config, EntryMachine, Input, Limits},
};
use rec_runtime::{BoxFuture, ServiceContext, axum::Router, drive, serve_http};
use tokio::sync::mpsc;

use crate::{
    effects::{DECISIONS, EntryEffects},
    past,
    refusals::Refusals,
};

/// Names of the health checks on what is fed.
const TABLES: &str = "strike tables";
const DESK: &str = "desk view";

const QUEUE: usize = 256;

/// Entry point of the service.
#[must_use]
pub fn run(ctx: ServiceContext) -> BoxFuture<anyhow::Result<()>> {
    Box::pin(async move {
        for name in [TABLES, DESK, DECISIONS] {
            ctx.health.check(name, Duration::from_secs(4));
        }
        tokio::try_join!(work(&ctx), serve_http(&ctx, Router::new()))?;
        Ok(())
    })
}

async fn work(ctx: &ServiceContext) -> anyhow::Result<()> {
    let (inputs, received) = mpsc::channel(QUEUE);
    let config = config(ctx);
    let driver = Driver::new(EntryMachine::new(config), ctx.journal::<EntryMachine>(), QUEUE);
    let effects =
        EntryEffects { ctx: ctx.clone(), inputs: inputs.clone(), considered: 0, refusals: Refusals::default() };
    tokio::select! {
        ended = drive(driver, received, ctx.clocks.clone(), ctx.shutdown.clone(), effects) => ended.map(|_driver| ()),
        () = async {
            past::feed(ctx, &inputs).await;
            feed(ctx, &config.limits, inputs).await;
        } => Ok(()),
    }
}

/// An input counts for health once the machine has room for it, and only if it is not old already.
async fn feed(ctx: &ServiceContext, limits: &Limits, inputs: mpsc::Sender<Input>) {
    let mut events = ctx.subscribe();
    loop {
        let delivery = events.recv().await;
        let (input, fed) = match &*delivery.event {
            BusEvent::Strikes(table) => (Input::Strikes(table.clone()), Some((TABLES, table.at, limits.table))),
            BusEvent::Rows(rows) => (Input::Rows(rows.clone()), None),
            BusEvent::Desk(view) => (Input::Desk(view.clone()), Some((DESK, view.at, limits.desk))),
            BusEvent::Momentum(reading) => (Input::Momentum(reading.clone()), None),
            BusEvent::Markets(markets) => (Input::Markets(markets.clone()), None),
            _ => continue,
        };
        if inputs.send(input).await.is_err() {
            return;
        }
        if let Some((name, at, limit)) = fed
            && ctx.clocks.now().since(at) <= limit
        {
            ctx.health.beat(name);
        }
    }
}

fn config(ctx: &ServiceContext) -> Config {
    let (clocks, freshness, usual) = (&ctx.clocks, &ctx.config.freshness, Config::default());
    Config {
        limits: Limits {
            desk: clocks.limit(usual.limits.desk),
            table: clocks.limit(freshness.strike_table),
            spot: clocks.limit(freshness.price),
            index: clocks.limit(freshness.index),
            book: clocks.limit(freshness.book),
            momentum: clocks.limit(usual.limits.momentum),
        },
        reply_timeout: clocks.limit(usual.reply_timeout),
        ..usual
    }
}
