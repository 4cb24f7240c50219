//! What the page shows out of the database: what happened before this service started, alerts, and refusals by reason.

use std::time::Duration;

use rec_domain::{bus_event::BusEvent, eastern};
use rec_runtime::ServiceContext;
use rec_store::{Alert, Database, Pages, RefusalCount, StoreError};
use tokio::time::{MissedTickBehavior, interval, timeout};
use tracing::warn;

use crate::{
    app::{App, Shared},
    live::EVENTS_KEPT,
};

/// How often it is read, of wall time.
const READ_EVERY: Duration = Duration::from_secs(2);
/// How long one reading may take, of wall time.
const DEADLINE: Duration = Duration::from_secs(3);
/// Alerts that are read.
const ALERTS: u32 = 30;

/// What was read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Records {
    /// The last alerts, those that are not over first.
    pub alerts: Vec<Alert>,
    /// Requests to open that the desk refused on the present Eastern day, by reason.
    pub refusals: Vec<RefusalCount>,
}

/// Reads until shutdown. The page does without while the database is away, and says how old its records are.
pub(crate) async fn follow(ctx: &ServiceContext, app: &Shared, database: &Database) -> anyhow::Result<()> {
    let (pages, ops) = (database.pages(), database.ops());
    let mut ticks = interval(READ_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut remembered = false;
    loop {
        tokio::select! {
            () = ctx.shutdown.cancelled() => return Ok(()),
            _ = ticks.tick() => {
                let reading = async {
                    if !remembered {
                        remember(app, &pages).await?;
                        remembered = true;
                    }
                    let now = (app.now)().market;
                    let midnight = eastern::instant(eastern::day(now), 0, 0, 0).unwrap_or(now);
                    let alerts = ops.alerts(ALERTS).await?;
                    let refusals = pages.refusal_counts(midnight).await?;
                    Ok::<_, StoreError>(Records { alerts, refusals })
                };
                match timeout(DEADLINE, reading).await {
                    Ok(Ok(records)) => app.hub.record(records, (app.now)()),
                    Ok(Err(failure)) => warn!(%failure, "records not read"),
                    Err(_elapsed) => warn!(deadline = ?DEADLINE, "records not read in time"),
                }
            }
        }
    }
}

/// What happened before this service started.
async fn remember(app: &App, pages: &Pages) -> Result<(), StoreError> {
    let kept = u32::try_from(EVENTS_KEPT).unwrap_or(u32::MAX);
    for event in pages.events(kept).await? {
        app.hub.apply(&BusEvent::Outbox(event), (app.now)());
    }
    Ok(())
}
