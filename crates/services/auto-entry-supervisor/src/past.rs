//! The past readings of momentum, so that a pause after a spike holds over a restart.

use std::time::Duration;

use rec_domain::{TimeSpan, momentum::MomentumReading};
use rec_engine::entry::Input;
use rec_runtime::ServiceContext;
use tokio::sync::mpsc;
use tracing::{info, warn};

/// How far back is looked, in market time: twice the longest cooldown that can be set.
const FAR: TimeSpan = TimeSpan::from_minutes(360);
/// Readings that are read at a time, and how often.
const PAGE: u32 = 8_192;
const MOST_PAGES: u32 = 4;
/// Between two attempts, in wall time.
const RETRY_EVERY: Duration = Duration::from_secs(1);
const CONNECTIONS: u32 = 1;

/// Feeds what the database has. While it is away nothing is fed and so nothing is entered: nobody can say then whether
/// a pause holds.
pub(crate) async fn feed(ctx: &ServiceContext, inputs: &mpsc::Sender<Input>) {
    let readings = loop {
        match read(ctx).await {
            Ok(readings) => break readings,
            Err(error) => warn!(error = format!("{error:#}"), "past momentum cannot be read; entries wait for it"),
        }
        tokio::select! {
            () = ctx.shutdown.cancelled() => return,
            () = tokio::time::sleep(RETRY_EVERY) => {}
        }
    };
    info!(readings = readings.len(), "past momentum");
    for reading in readings {
        if inputs.send(Input::Momentum(reading)).await.is_err() {
            return;
        }
    }
}

async fn read(ctx: &ServiceContext) -> anyhow::Result<Vec<MomentumReading>> {
    let database = ctx.open_database(CONNECTIONS).await?;
    let data = database.market_data();
    let until = ctx.clocks.now();
    let (mut from, mut readings) = (until - FAR, Vec::new());
    for _page in 0..MOST_PAGES {
        let page = data.momentum(from, until, PAGE).await?;
        let more = page.len() == PAGE as usize;
        readings.extend(page);
        match readings.last() {
            Some(last) if more => from = last.at + TimeSpan::from_micros(1),
            _ => break,
        }
    }
    database.close().await;
    Ok(readings)
}
