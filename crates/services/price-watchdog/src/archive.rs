//! What was published, kept in the database.
//!
//! Nothing waits for it: what the database does not take in time is lost, counted and said.

use std::time::Duration;

use rec_domain::{Fresh, UsdPrice, index::IndexPrint, momentum::MomentumReading};
use rec_runtime::ServiceContext;
use rec_store::MarketData;
use tokio::sync::mpsc;
use tracing::warn;

use crate::index;

/// Rows that may wait for the database: some minutes of a fast market.
const QUEUE: usize = 8_192;
/// Rows of one transaction.
const BATCH: usize = 1_024;
/// How often rows are written.
const EVERY: Duration = Duration::from_millis(500);
/// How long until a database that was not there is looked for again.
const RETRY_EVERY: Duration = Duration::from_secs(1);
/// One at a time.
const CONNECTIONS: u32 = 1;

/// A row to be kept.
pub(crate) enum Row {
    Tick(Fresh<UsdPrice>),
    Print(IndexPrint),
    Reading(MomentumReading),
}

/// Takes rows to be kept.
#[derive(Debug, Clone)]
pub(crate) struct Archive(mpsc::Sender<Row>);

impl Archive {
    pub(crate) fn new() -> (Self, mpsc::Receiver<Row>) {
        let (rows, kept) = mpsc::channel(QUEUE);
        (Self(rows), kept)
    }

    pub(crate) fn tick(&self, tick: &Fresh<UsdPrice>) {
        self.keep(Row::Tick(tick.clone()));
    }

    pub(crate) fn print(&self, print: IndexPrint) {
        self.keep(Row::Print(print));
    }

    pub(crate) fn reading(&self, reading: &MomentumReading) {
        self.keep(Row::Reading(reading.clone()));
    }

    fn keep(&self, row: Row) {
        if self.0.try_send(row).is_err() {
            metrics::counter!("rec_market_rows_lost", "service" => "price-watchdog").increment(1);
        }
    }
}

/// Writes rows until everybody who gives some has ended; waits for a database that is away.
pub(crate) async fn keep(ctx: &ServiceContext, mut rows: mpsc::Receiver<Row>) -> anyhow::Result<()> {
    let data = loop {
        match ctx.open_database(CONNECTIONS).await {
            Ok(database) => break database.market_data(),
            Err(error) => warn!(error = format!("{error:#}"), "prices are not kept"),
        }
        tokio::time::sleep(RETRY_EVERY).await;
    };
    let mut batch = Vec::with_capacity(BATCH);
    while rows.recv_many(&mut batch, BATCH).await > 0 {
        let lost = batch.len();
        if let Err(error) = write(&data, batch.drain(..)).await {
            warn!(%error, rows = lost, "prices are not kept");
            metrics::counter!("rec_market_rows_lost", "service" => "price-watchdog")
                .increment(u64::try_from(lost).unwrap_or(u64::MAX));
        }
        tokio::time::sleep(EVERY).await;
    }
    Ok(())
}

async fn write(data: &MarketData, rows: impl Iterator<Item = Row>) -> rec_store::Result<()> {
    let (mut ticks, mut prints, mut readings) = (Vec::new(), Vec::new(), Vec::new());
    for row in rows {
        match row {
            Row::Tick(tick) => ticks.push(tick),
            Row::Print(print) => prints.push(print),
            Row::Reading(reading) => readings.push(reading),
        }
    }
    data.append_ticks(&ticks).await?;
    data.append_index_prints(index::NAME, &prints).await?;
    data.append_momentum(&readings).await
}
