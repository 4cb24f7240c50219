//! The loop: datagrams and time into the machine, trips and alarms out of it.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use rec_api::guard::{GuardMessage, socket_path};
use rec_runtime::{ServiceContext, health::EVERY_SECOND};
use tokio::{sync::mpsc, time::MissedTickBehavior};
use tracing::{error, info, warn};

use crate::{
    decision::{Guard, GuardInput, GuardLimits, GuardOutput},
    exchange::Exchange,
    lock::Lock,
    socket::Socket,
};

const HEARTBEAT: &str = "heartbeat of trade-manager";
const LOOP: &str = "loop";

/// Outcomes that may wait; there are a few groups, one attempt each.
const QUEUE: usize = 64;

/// Guards until shutdown, a message to quit, or some minutes after tripping.
pub(crate) async fn watch(ctx: &ServiceContext) -> anyhow::Result<()> {
    let Some(_lock) = Lock::take(&ctx.state_dir).context("the guard's lock cannot be taken")? else {
        bail!("a guard runs for {} already; it guards the next desk too", ctx.state_dir.display());
    };
    let exchange = Exchange::open(ctx)?;
    let socket = Socket::bind(&socket_path(&ctx.state_dir))?;
    ctx.health.check(HEARTBEAT, EVERY_SECOND);
    ctx.health.check(LOOP, EVERY_SECOND);
    let started = Instant::now();
    let mut guard = Guard::new(GuardLimits::default());
    let (outcomes, mut attempted) = mpsc::channel(QUEUE);
    let mut ticks = tokio::time::interval(Duration::from_millis(500));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
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
                    let (exchange, outcomes) = (exchange.clone(), outcomes.clone());
                    tokio::spawn(async move {
                        let outcome = exchange.trip(&group).await;
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
        if guard.is_watching() != was_watching {
            info!(watching = guard.is_watching(), "guard");
        }
    }
}
