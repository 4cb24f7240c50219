//! The loop.

use std::time::{Duration, Instant};

use rec_domain::{Service, bus_event::BusEvent};
use rec_runtime::{ServiceContext, Turning, health::EVERY_SECOND};
use tokio::time::MissedTickBehavior;
use tracing::{debug, info, warn};

use crate::{
    alert::{Change, DeskWord},
    heartbeat::{self, Heartbeat},
    pages::SharedAlerts,
    records::Records,
    round::{ANSWERS, ask_all, ask_desk},
    starting::Starts,
};

/// The check that holds while rounds are made.
pub(crate) const CHECK: &str = "round of questions";

/// Wall time between two rounds.
const EVERY: Duration = Duration::from_secs(1);

/// Asks, publishes, alerts and has changes kept until shutdown.
pub(crate) async fn watch(ctx: &ServiceContext, alerts: &SharedAlerts, mut records: Records) -> anyhow::Result<()> {
    ctx.health.check(CHECK, EVERY_SECOND);
    ctx.health.check(ANSWERS, EVERY_SECOND);
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut starts = Starts::new(Instant::now());
    let mut heartbeat = Heartbeat::of(ctx)?;
    let turning = Turning::new("rounds of questions");
    loop {
        turning.turn();
        tokio::select! {
            () = ctx.shutdown.cancelled() => return Ok(()),
            _ = ticks.tick() => {}
        }
        // A round is bounded by the deadline of its questions. Its beat comes first, so that the report says of this
        // service what is true while it asks.
        ctx.health.beat(CHECK);
        let (report, desk) = tokio::join!(ask_all(ctx), ask_desk(ctx));
        let now = Instant::now();
        let starting: Vec<Service> = report
            .services
            .iter()
            .filter(|health| starts.is_starting(health, now))
            .map(|health| health.service)
            .collect();
        if !starting.is_empty() {
            debug!(?starting, "not yet");
        }
        records.report(&report);
        for change in alerts.lock().take(&report, &starting, desk.as_deref().map(DeskWord::of).as_ref()) {
            match &change {
                Change::Raised(alert) => {
                    warn!(
                        code = alert.code.name(),
                        subject = alert.subject,
                        todo = alert.what_to_do,
                        "{}",
                        alert.message
                    );
                }
                Change::Cleared(alert) => info!(code = alert.code.name(), subject = alert.subject, "well again"),
            }
            records.alert(change);
        }
        if let Some(heartbeat) = &mut heartbeat {
            let healthy = report.services.iter().all(|health| health.healthy);
            // One that was not taken is tried again.
            let alarmed = alerts.lock().is_any_but(&format!("{}: {}", ctx.service, heartbeat::CHECK));
            heartbeat.beat(healthy && !alarmed, now);
        }
        ctx.publish(BusEvent::Health(report));
    }
}
