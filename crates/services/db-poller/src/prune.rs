//! Removes what is only of use for a while, now and then and a little at a time.

use std::time::Duration;

use rec_runtime::ServiceContext;
use rec_store::Retention;
use tracing::{info, warn};

/// How often it looks, in wall time.
const EVERY: Duration = Duration::from_secs(60);
/// Rows or tables of each kind that one look removes at most.
const MOST: u32 = 1_000;
/// It has a connection of its own, so that it does not hold up the relay.
const CONNECTIONS: u32 = 1;

/// Prunes until shutdown. Nothing depends on its being done in time, so a failure is tried again at the next look.
pub(crate) async fn prune(ctx: &ServiceContext) -> anyhow::Result<()> {
    let database = ctx.open_database(CONNECTIONS).await?;
    loop {
        match database.prune(&Retention::USUAL, MOST).await {
            Ok(pruned) => {
                let (sweeps, events, partitions) = (pruned.sweeps, pruned.events, pruned.partitions);
                if sweeps + events + partitions > 0 {
                    info!(sweeps, events, partitions, "removed what is no longer kept");
                }
            }
            Err(error) => warn!(%error, "what is no longer kept was not removed"),
        }
        tokio::select! {
            () = ctx.shutdown.cancelled() => break,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
    database.close().await;
    Ok(())
}
