//! The loop.

use std::time::Duration;

use rec_domain::bus_event::BusEvent;
use rec_runtime::{ServiceContext, health::EVERY_SECOND};
use tokio::time::MissedTickBehavior;
use tracing::{info, warn};

use crate::{
    alert::Change,
    pages::SharedAlerts,
    round::{ANSWERS, ask_all},
};

/// The check that holds while rounds are made.
pub(crate) const CHECK: &str = "round of questions";

/// Wall time between two rounds.
const EVERY: Duration = Duration::from_secs(1);

/// Asks, publishes and alerts until shutdown.
pub(crate) async fn watch(ctx: &ServiceContext, alerts: &SharedAlerts) -> anyhow::Result<()> {
    ctx.health.check(CHECK, EVERY_SECOND);
    ctx.health.check(ANSWERS, EVERY_SECOND);
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = ctx.shutdown.cancelled() => return Ok(()),
            _ = ticks.tick() => {}
        }
        // A round is bounded by the deadline of its questions. Its beat comes first, so that the report says of this
        // service what is true while it asks.
        ctx.health.beat(CHECK);
        let report = ask_all(ctx).await;
        for change in alerts.lock().take(&report) {
            match change {
                Change::Raised(alert) => warn!(service = %alert.service, check = alert.check, "{}", alert.message),
                Change::Cleared(alert) => info!(service = %alert.service, check = alert.check, "well again"),
            }
        }
        ctx.publish(BusEvent::Health(report));
    }
}
