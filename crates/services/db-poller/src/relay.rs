//! The loop: look, publish, mark, wait for a hint or a second.

use std::time::Duration;

use rec_domain::bus_event::BusEvent;
use rec_runtime::{ServiceContext, Turning, health::EVERY_SECOND};
use rec_store::{Database, Hint, Hints, Outbox, StoreError};
use tracing::{debug, warn};

/// The check that holds while the outbox was looked at a moment ago.
pub(crate) const CHECK: &str = "poll of the outbox";

/// How long it waits for a hint, and after a failure, in wall time.
const POLL_EVERY: Duration = Duration::from_secs(1);
/// One for the batch; the listener has a connection of its own.
const CONNECTIONS: u32 = 2;
/// Events taken in one transaction.
const BATCH: u32 = 200;
/// How long one look may take before it counts as failed.
const LONGEST_LOOK: Duration = Duration::from_secs(3);

/// Relays until shutdown. A database that goes away is unhealthy and waited for.
pub(crate) async fn relay(ctx: &ServiceContext) -> anyhow::Result<()> {
    ctx.health.check(CHECK, EVERY_SECOND);
    let database = ctx.open_database(CONNECTIONS).await?;
    let outbox = database.outbox();
    let mut hints = None;
    let turning = Turning::new("relay of the outbox");
    loop {
        turning.turn();
        // The shutdown is looked at between batches: what was published is also marked.
        match tokio::time::timeout(LONGEST_LOOK, publish_all(ctx, &outbox)).await {
            Ok(Ok(published)) => {
                ctx.health.beat(CHECK);
                if published > 0 {
                    debug!(published, "outbox relayed");
                }
            }
            Ok(Err(error)) if error.is_permanent() => return Err(error.into()),
            Ok(Err(error)) => {
                warn!(%error, "the outbox cannot be read");
                ctx.health.fail(CHECK, error.to_string());
            }
            Err(_elapsed) => ctx.health.fail(CHECK, "the database takes more than three seconds"),
        }
        tokio::select! {
            () = ctx.shutdown.cancelled() => break,
            () = hint(&database, &mut hints) => {}
        }
    }
    database.close().await;
    Ok(())
}

/// Publishes what waits, and says how much. One look takes at most a hundred batches, so that it beats in time.
async fn publish_all(ctx: &ServiceContext, outbox: &Outbox) -> Result<usize, StoreError> {
    let mut published = 0;
    for _ in 0..100 {
        let batch = outbox.take_unpublished(BATCH).await?;
        let count = batch.events.len();
        for event in &batch.events {
            ctx.publish(BusEvent::Outbox(event.clone()));
        }
        // After they were published: a crash in between repeats them.
        batch.published().await?;
        published += count;
        ctx.health.beat(CHECK);
        metrics::counter!("rec_outbox_published").increment(count as u64);
        if count < BATCH as usize || ctx.shutdown.is_cancelled() {
            break;
        }
    }
    Ok(published)
}

/// Waits for a hint or a second, whatever becomes of the listener's connection.
async fn hint(database: &Database, hints: &mut Option<Hints>) {
    if hints.is_none() {
        match tokio::time::timeout(POLL_EVERY, database.listen(Hint::Outbox)).await {
            Ok(Ok(listener)) => *hints = Some(listener),
            Ok(Err(error)) => debug!(%error, "no hints: polling"),
            Err(_elapsed) => return,
        }
    }
    match hints {
        Some(listener) => {
            if let Err(error) = listener.wait(POLL_EVERY).await {
                debug!(%error, "no hints: polling");
                *hints = None;
                tokio::time::sleep(POLL_EVERY).await;
            }
        }
        None => tokio::time::sleep(POLL_EVERY).await,
    }
}
