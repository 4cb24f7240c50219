//! The machine's inputs (health reports, the halts in force, answers) and its outputs (requests to trade-manager).

use std::{sync::Arc, time::Duration};

use rec_api::DeskApi;
use rec_domain::{Service, Timestamp, bus_event::BusEvent, command::DeskReply, halt::HaltSource};
use rec_engine::{
    Driver,
    failure::{Failure, FailureAnswer, FailureInput, FailureLimits, FailureOutput},
};
use rec_runtime::{ServiceContext, drive, health::EVERY_SECOND};
use tokio::sync::{Semaphore, mpsc};
use tracing::{info, warn};

const REPORTS: &str = "health reports";
const DESK: &str = "halts of the desk";

/// Inputs that may wait for the machine.
const QUEUE: usize = 64;
/// Requests under way; the machine makes one at a time.
const REQUESTS: usize = 2;

/// Wall time in which a failing service is given the benefit of the doubt, beyond the limits of its own checks.
const HALT_AFTER: Duration = Duration::from_secs(2);
/// Wall time for which everything must be well before the halt is cleared.
const RESUME_AFTER: Duration = Duration::from_secs(5);
/// Wall time without a report after which system-monitor counts as failed.
const SILENCE: Duration = Duration::from_secs(4);
/// Wall time between two attempts, and between two looks at the halts in force.
const RETRY: Duration = Duration::from_secs(1);

/// Feeds the machine until shutdown.
pub(crate) async fn detect(ctx: &ServiceContext) -> anyhow::Result<()> {
    ctx.health.check(REPORTS, EVERY_SECOND);
    ctx.health.check(DESK, EVERY_SECOND);
    let clocks = &ctx.clocks;
    let machine = Failure::new(FailureLimits {
        needed: needed(),
        halt_after: clocks.in_market(HALT_AFTER),
        resume_after: clocks.in_market(RESUME_AFTER),
        silence: clocks.in_market(SILENCE),
        retry: clocks.in_market(RETRY),
    });
    let (inputs, received) = mpsc::channel(QUEUE);
    let driver = Driver::new(machine, ctx.journal::<Failure>(), QUEUE);
    let effects = requests(Arc::clone(&ctx.desk), inputs.clone());
    tokio::try_join!(
        async { drive(driver, received, clocks.clone(), ctx.shutdown.clone(), effects).await.map(drop) },
        reports(ctx, inputs.clone()),
        halts(ctx, inputs),
    )?;
    Ok(())
}

/// Everything but this service itself: entries need the pages (somebody must be able to stop them) and the guard too.
fn needed() -> Vec<Service> {
    Service::ALL.iter().copied().filter(|service| *service != Service::CascadingFailureDetector).collect()
}

async fn reports(ctx: &ServiceContext, inputs: mpsc::Sender<FailureInput>) -> anyhow::Result<()> {
    let mut events = ctx.subscribe();
    loop {
        let delivery = tokio::select! {
            () = ctx.shutdown.cancelled() => return Ok(()),
            delivery = events.recv() => delivery,
        };
        if let BusEvent::Health(report) = &*delivery.event {
            ctx.health.beat(REPORTS);
            // A full queue loses a report; the next one comes in a second.
            let _next_comes = inputs.try_send(FailureInput::Report { report: report.clone() });
        }
    }
}

/// Looks at the halts in force, so that the machine sees what its requests came to, also those of a run before.
async fn halts(ctx: &ServiceContext, inputs: mpsc::Sender<FailureInput>) -> anyhow::Result<()> {
    let mut ticks = tokio::time::interval(RETRY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = ctx.shutdown.cancelled() => return Ok(()),
            _ = ticks.tick() => {}
        }
        match ctx.desk.view().await {
            Ok(view) => {
                ctx.health.beat(DESK);
                let halted = view.halts.iter().any(|halt| halt.source == HaltSource::Failure);
                let _next_comes = inputs.try_send(FailureInput::InForce { halted });
            }
            Err(error) => ctx.health.fail(DESK, error.to_string()),
        }
    }
}

/// Carries the machine's requests out, beside the machine.
fn requests(
    desk: Arc<dyn DeskApi>,
    inputs: mpsc::Sender<FailureInput>,
) -> impl FnMut(Timestamp, Vec<FailureOutput>) -> anyhow::Result<()> + Send {
    let places = Arc::new(Semaphore::new(REQUESTS));
    move |_now, outputs| {
        for FailureOutput::Request { request } in outputs {
            // Without a place the machine asks again by itself.
            let Ok(place) = Arc::clone(&places).try_acquire_owned() else { continue };
            let (desk, inputs) = (Arc::clone(&desk), inputs.clone());
            tokio::spawn(async move {
                let _place = place;
                let decision = request.decision;
                info!(%decision, command = ?request.command, "asking trade-manager");
                let answer = match desk.request(request).await {
                    Ok(DeskReply::Accepted { .. }) => FailureAnswer::Accepted,
                    Ok(DeskReply::Refused(refusal)) => {
                        warn!(%decision, %refusal, "refused");
                        FailureAnswer::Refused
                    }
                    Err(error) => {
                        warn!(%decision, %error, "no answer");
                        FailureAnswer::None
                    }
                };
                let _ended = inputs.send(FailureInput::Answer { decision, answer }).await;
            });
        }
        Ok(())
    }
}
