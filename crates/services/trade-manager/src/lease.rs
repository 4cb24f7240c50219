//! Holding the lease.

use std::time::Duration;

use anyhow::bail;
use rec_api::guard::{GuardLink, GuardMessage, socket_path};
use rec_domain::TimeSpan;
use rec_runtime::{HealthBoard, ServiceContext};
use rec_store::{Database, Lease, StoreError};
use tokio::{sync::watch, time::Instant};
use tracing::{info, warn};

/// How long the lease holds without renewal, by the database's clock.
pub(crate) const TTL: TimeSpan = TimeSpan::from_seconds(10);
/// The same in wall time.
const HOLDS: Duration = Duration::from_secs(10);
const RENEW_EVERY: Duration = Duration::from_secs(1);
/// How long one renewal may take: several fit into the time for which the lease holds, each on another connection.
const RENEWS_WITHIN: Duration = Duration::from_secs(3);
const RETRY_EVERY: Duration = Duration::from_millis(500);

/// Name of the health check.
pub(crate) const CHECK: &str = "lease";

/// Takes the lease; waits while another desk holds it, unless it is to be taken over, or the database is away. `led` is
/// the epoch in which this process led before.
///
/// # Errors
/// When the service is asked to end meanwhile.
pub(crate) async fn acquire(
    ctx: &ServiceContext,
    database: &Database,
    take_over: bool,
    mut led: Option<u32>,
) -> anyhow::Result<Lease> {
    let holder = holder(ctx);
    loop {
        let taken = if take_over {
            Lease::take_over(database, &holder, TTL).await
        } else {
            Lease::acquire(database, &holder, TTL).await
        };
        match taken {
            Ok(lease) => return Ok(lease),
            Err(StoreError::LeaseHeld { holder, remaining_ms }) => {
                let detail = format!("held by {holder} for another {remaining_ms} ms");
                info!(%detail, "waiting for the lease");
                // Whoever leads now has a guard of its own; ours has nothing to trip for the epoch that is over.
                if let Some(epoch) = led.take() {
                    say_goodbye(ctx, epoch);
                }
                ctx.health.fail(CHECK, detail);
            }
            Err(error) => {
                warn!(%error, "the lease cannot be taken");
                ctx.health.fail(CHECK, error.to_string());
            }
        }
        tokio::select! {
            () = ctx.shutdown.cancelled() => bail!("asked to end before it led"),
            () = tokio::time::sleep(RETRY_EVERY) => {}
        }
    }
}

/// There is nothing to guard while the desk is down in order, or another one leads.
pub(crate) fn say_goodbye(ctx: &ServiceContext, epoch: u32) {
    let link = GuardLink::new(socket_path(&ctx.state_dir));
    if let Ok(link) = link
        && let Err(error) = link.send(&GuardMessage::Goodbye { epoch })
    {
        info!(%error, "no guard hears the goodbye");
    }
}

/// One desk per state directory and machine: after a crash the same one need not wait for its own lease to run out.
fn holder(ctx: &ServiceContext) -> String {
    let machine = rustix::system::uname().nodename().to_string_lossy().into_owned();
    format!("{machine}:{}", ctx.state_dir.display())
}

/// Renews the lease until it is lost, and keeps in `held_until` how long it holds for certain: reckoned by this
/// process's own clock, from before each renewal was asked for.
pub(crate) async fn hold(health: &HealthBoard, lease: &Lease, held_until: &watch::Sender<Instant>) -> StoreError {
    let mut renewals = tokio::time::interval(RENEW_EVERY);
    renewals.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        renewals.tick().await;
        let asked = Instant::now();
        match tokio::time::timeout(RENEWS_WITHIN, lease.renew(TTL)).await {
            Ok(Ok(())) => {
                held_until.send_replace(asked + HOLDS);
                health.beat_with(CHECK, format!("epoch {}", lease.epoch()));
            }
            Ok(Err(lost @ StoreError::LeaseLost { .. })) => return lost,
            Ok(Err(error)) => {
                warn!(%error, "the lease is not renewed");
                health.fail(CHECK, error.to_string());
            }
            Err(_elapsed) => {
                warn!("the lease is not renewed in time");
                health.fail(CHECK, "the database does not answer");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rec_domain::{Mode, Service};
    use rec_store::{Role, testing::TestDatabase};

    use super::*;

    #[tokio::test]
    async fn the_lease_holds_for_certain_from_each_renewal_and_no_longer_once_the_database_is_away() {
        let Some((test, _desk)) = TestDatabase::of_mode(Mode::Twin).await else { return };
        let database = test.open(Role::Service(Service::TradeManager)).await;
        let lease = Lease::acquire(&database, "test", TTL).await.expect("free");
        let health = HealthBoard::new(Service::TradeManager);
        let (held_until, mut held) = watch::channel(Instant::now());
        let holding = tokio::spawn({
            let health = health.clone();
            async move { hold(&health, &lease, &held_until).await }
        });
        let renewed = async |held: &mut watch::Receiver<Instant>| {
            tokio::time::timeout(Duration::from_secs(20), held.changed()).await.expect("in time").expect("it holds");
            *held.borrow_and_update()
        };
        let first = renewed(&mut held).await;
        assert!(first > Instant::now() && first <= Instant::now() + HOLDS);
        assert!(renewed(&mut held).await > first);
        database.close().await;
        let unhealthy = async {
            while health.snapshot().healthy {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), unhealthy).await.expect("in time");
        held.mark_unchanged();
        tokio::time::sleep(2 * RENEW_EVERY).await;
        assert!(!held.has_changed().expect("it holds"), "nothing was renewed");
        assert!(!holding.is_finished(), "that it was lost is not known");
        holding.abort();
    }
}
