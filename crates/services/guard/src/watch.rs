//! The loop: datagrams and time into the machine, trips and alarms out of it.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use rec_api::guard::{GuardMessage, Remembered, socket_path};
use rec_runtime::{ServiceContext, Turning, health::EVERY_SECOND};
use tokio::{sync::mpsc, time::MissedTickBehavior};
use tracing::{error, info, warn};

use crate::{
    decision::{Guard, GuardInput, GuardLimits, GuardOutput},
    exchange::Trip,
    lock::Lock,
    socket::Socket,
};

const HEARTBEAT: &str = "heartbeat of trade-manager";
const LOOP: &str = "loop";

/// Outcomes that may wait; there are a few groups, one attempt each.
const QUEUE: usize = 64;

/// Guards until shutdown, a message to quit, or some minutes after tripping.
pub(crate) async fn watch(ctx: &ServiceContext, limits: GuardLimits, trip: impl Trip) -> anyhow::Result<()> {
    let Some(_lock) = Lock::take(&ctx.state_dir).context("the guard's lock cannot be taken")? else {
        bail!("a guard runs for {} already; it guards the next desk too", ctx.state_dir.display());
    };
    let socket = Socket::bind(&socket_path(&ctx.state_dir))?;
    ctx.health.check(HEARTBEAT, EVERY_SECOND);
    ctx.health.beat(LOOP);
    let started = Instant::now();
    let mut guard = Guard::new(limits, remembered(ctx));
    let mut kept = guard.known().clone();
    let (outcomes, mut attempted) = mpsc::channel(QUEUE);
    let mut ticks = tokio::time::interval(Duration::from_millis(500));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let turning = Turning::new("guard");
    loop {
        turning.turn();
        let input = tokio::select! {
            () = ctx.shutdown.cancelled() => return Ok(()),
            _ = ticks.tick() => {
                ctx.health.beat(LOOP);
                GuardInput::Tick
            }
            Some(outcome) = attempted.recv() => outcome,
            received = socket.recv() => match received.context("the guard's socket broke")? {
                (GuardMessage::Heartbeat(heartbeat), _) => {
                    ctx.health.beat_with(HEARTBEAT, format!("epoch {}", heartbeat.epoch));
                    GuardInput::Heartbeat(heartbeat)
                }
                (GuardMessage::Goodbye { epoch }, _) => {
                    info!(epoch, "the desk ended in order");
                    GuardInput::Goodbye { epoch }
                }
                (GuardMessage::Trip { reason }, _) => GuardInput::Trip { reason },
                (GuardMessage::Health, sender) => {
                    socket.answer(&ctx.health.snapshot(), &sender);
                    continue;
                }
                (GuardMessage::Groups, sender) => {
                    socket.answer(&guard.words(), &sender);
                    continue;
                }
                (GuardMessage::Quit, _) => {
                    info!("told to quit");
                    ctx.shutdown.cancel();
                    return Ok(());
                }
            },
        };
        let was_watching = guard.is_watching();
        for output in guard.step(started.elapsed(), input) {
            match output {
                GuardOutput::Alarm(alarm) => error!("{alarm}"),
                GuardOutput::Trip(group) => {
                    let (trip, outcomes) = (trip.clone(), outcomes.clone());
                    tokio::spawn(async move {
                        let outcome = trip.trip(&group).await;
                        if let Err(error) = &outcome {
                            warn!(group = %group.group, %error, "trip");
                        }
                        let _ended = outcomes.send(GuardInput::Attempted { group, outcome }).await;
                    });
                }
                GuardOutput::Quit => {
                    ctx.shutdown.cancel();
                    return Ok(());
                }
            }
        }
        // After what was to be done: a disk that stands still must not keep the guard from tripping.
        if *guard.known() != kept {
            kept = guard.known().clone();
            if let Err(error) = kept.store(&ctx.state_dir) {
                warn!(%error, "the order groups cannot be remembered for an emergency");
            }
        }
        if guard.is_watching() != was_watching {
            info!(watching = guard.is_watching(), "guard");
        }
    }
}

/// What the guard before this one knew. Without it the guard works all the same once a desk is heard.
fn remembered(ctx: &ServiceContext) -> Remembered {
    match Remembered::load(&ctx.state_dir) {
        Ok(known) => known.unwrap_or_default(),
        Err(error) => {
            warn!(%error, "what was remembered for an emergency cannot be read");
            Remembered::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{path::Path, sync::Mutex};

    use rec_api::guard::{EntryGroup, GuardLink, Heartbeat, ask_health};
    use rec_domain::{ExchangeIndex, OrderGroupId, Service, Timestamp};
    use rec_runtime::{
        BoxFuture, DatabaseAccess, Running,
        compose::{Ended, SHUTDOWN_DEADLINE},
        testing,
    };

    use super::*;

    static TRIPPED: Mutex<Vec<EntryGroup>> = Mutex::new(Vec::new());

    #[derive(Clone)]
    struct Recorder;

    impl Trip for Recorder {
        async fn trip(&self, group: &EntryGroup) -> Result<(), String> {
            TRIPPED.lock().expect("no panic").push(group.clone());
            Ok(())
        }
    }

    /// The guard with a tenth of a second of patience.
    fn hasty(ctx: ServiceContext) -> BoxFuture<anyhow::Result<()>> {
        let limits = GuardLimits { silence: Duration::from_millis(100), ..GuardLimits::default() };
        Box::pin(async move { watch(&ctx, limits, Recorder).await })
    }

    fn patient(ctx: ServiceContext) -> BoxFuture<anyhow::Result<()>> {
        Box::pin(async move { watch(&ctx, GuardLimits::default(), Recorder).await })
    }

    async fn start(folder: &Path, run: rec_runtime::ServiceMain) -> Running {
        let config = testing::configuration(folder, &[]);
        testing::start(&[(Service::Guard, run)], config, DatabaseAccess::none()).await
    }

    /// Sends until somebody listens.
    async fn send(link: &GuardLink, message: &GuardMessage) {
        let deadline = Instant::now() + Duration::from_secs(10);
        while let Err(error) = link.send(message) {
            assert!(Instant::now() < deadline, "{error}");
            tokio::task::yield_now().await;
        }
    }

    fn heartbeat() -> GuardMessage {
        let groups = vec![EntryGroup { exchange_index: ExchangeIndex::new(0), group: OrderGroupId::new("entry") }];
        GuardMessage::Heartbeat(Heartbeat { epoch: 1, groups, desk: None, at: Timestamp::from_seconds(0) })
    }

    #[tokio::test]
    async fn the_entry_group_is_tripped_when_the_heartbeat_stops_and_told_to_quit_it_ends() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut running = start(folder.path(), hasty).await;
        let link = GuardLink::new(socket_path(folder.path())).expect("a socket");
        send(&link, &heartbeat()).await;
        assert!(crate::is_running(folder.path()).expect("readable"));
        let deadline = Instant::now() + Duration::from_secs(10);
        while TRIPPED.lock().expect("no panic").is_empty() {
            assert!(Instant::now() < deadline, "not tripped");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(TRIPPED.lock().expect("no panic")[0].group.as_str(), "entry");
        let known = Remembered::load(folder.path()).expect("readable").expect("kept");
        assert_eq!((known.epoch, known.groups.len()), (1, 1));
        send(&link, &GuardMessage::Quit).await;
        assert!(matches!(running.ended().await, Ended::Finished(Service::Guard)));
        assert!(!crate::is_running(folder.path()).expect("readable"));
    }

    #[tokio::test]
    async fn it_says_how_it_is_and_a_second_guard_leaves() {
        let folder = tempfile::tempdir().expect("a folder");
        let running = start(folder.path(), patient).await;
        let link = GuardLink::new(socket_path(folder.path())).expect("a socket");
        send(&link, &heartbeat()).await;
        let health = ask_health(&socket_path(folder.path()), Duration::from_secs(5)).await.expect("answers");
        assert!(health.healthy, "{health:?}");
        let mut second = start(folder.path(), patient).await;
        let Ended::Failed(error) = second.ended().await else { unreachable!("the lock is held") };
        assert!(format!("{error:#}").contains("already"), "{error:#}");
        running.shutdown(SHUTDOWN_DEADLINE).await.expect("in order");
    }
}
