//! Start, feed and health.

use std::{sync::Arc, time::Duration};

use rec_domain::bus_event::BusEvent;
use rec_engine::{
    Driver,
    exit::{Config, ExitMachine, Input},
};
use rec_runtime::{BoxFuture, ServiceContext, axum::Router, drive, serve_http};
use tokio::sync::mpsc;

use crate::effects::{Alarms, ExitEffects};

/// Names of the health checks on what is fed.
const TABLES: &str = "strike tables";
const DESK: &str = "desk view";

const QUEUE: usize = 256;

/// Entry point of the service.
#[must_use]
pub fn run(ctx: ServiceContext) -> BoxFuture<anyhow::Result<()>> {
    Box::pin(async move {
        for name in [TABLES, DESK] {
            ctx.health.check(name, Duration::from_secs(4));
        }
        tokio::try_join!(work(&ctx), serve_http(&ctx, Router::new()))?;
        Ok(())
    })
}

async fn work(ctx: &ServiceContext) -> anyhow::Result<()> {
    let (inputs, received) = mpsc::channel(QUEUE);
    let (config, alarms) = (config(ctx), Alarms::default());
    let driver = Driver::new(ExitMachine::new(config), ctx.journal::<ExitMachine>(), QUEUE);
    let effects = ExitEffects { desk: Arc::clone(&ctx.desk), inputs: inputs.clone(), alarms: alarms.clone() };
    tokio::select! {
        ended = drive(driver, received, ctx.clocks.clone(), ctx.shutdown.clone(), effects) => ended.map(|_driver| ()),
        () = feed(ctx, &config, &alarms, inputs) => Ok(()),
    }
}

/// An input counts for health once the machine has room for it, and only if it is not old already.
async fn feed(ctx: &ServiceContext, config: &Config, alarms: &Alarms, inputs: mpsc::Sender<Input>) {
    let mut events = ctx.subscribe();
    loop {
        let delivery = events.recv().await;
        let (input, fed) = match &*delivery.event {
            BusEvent::Strikes(table) => (Input::Strikes(table.clone()), Some((TABLES, table.at, config.table_limit))),
            BusEvent::Desk(view) => {
                alarms.keep(|id| view.trades.iter().any(|trade| trade.id == id));
                (Input::Desk(view.clone()), Some((DESK, view.at, config.desk_limit)))
            }
            BusEvent::Momentum(reading) => (Input::Momentum(reading.clone()), None),
            BusEvent::Books(tops) => (Input::Books(tops.clone()), None),
            _ => continue,
        };
        if inputs.send(input).await.is_err() {
            return;
        }
        if let Some((name, at, limit)) = fed
            && ctx.clocks.now().since(at) <= limit
        {
            match alarms.detail() {
                Some(detail) if name == TABLES => ctx.health.beat_with(name, detail),
                _ => ctx.health.beat(name),
            }
        }
    }
}

fn config(ctx: &ServiceContext) -> Config {
    let (clocks, freshness, usual) = (&ctx.clocks, &ctx.config.freshness, Config::default());
    Config {
        desk_limit: clocks.limit(usual.desk_limit),
        table_limit: clocks.limit(freshness.strike_table),
        // One limit for both: the stricter one.
        price_limit: clocks.limit(freshness.price.min(freshness.index)),
        momentum_limit: clocks.limit(usual.momentum_limit),
        book_limit: clocks.limit(freshness.book),
        reply_timeout: clocks.limit(usual.reply_timeout),
        ..usual
    }
}
