use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use rec_api::DeskCall;
use rec_config::Sources;
use rec_domain::{
    DeskId, Money,
    bus_event::{BusEvent, Topic},
    command::{DeskCommand, DeskReply},
    desk_view::{Cursors, DeskView},
    halt::{Halt, HaltSource},
};
use rec_runtime::{
    BoxFuture, Clocks, Composition, DatabaseAccess, Hosted, Running, ServiceContext, axum::Router,
    compose::SHUTDOWN_DEADLINE, serve_http,
};

use super::*;

#[test]
fn holds_what_the_manifest_says() {
    let held: BTreeSet<Service> = SERVICES.iter().map(|(service, _)| *service).collect();
    let units = rec_config::Manifest::bundled().units();
    let stated = units.into_iter().find(|(unit, _)| *unit == "monitor").expect("the unit exists").1;
    assert_eq!(held, stated.into_iter().collect());
}

/// Whether the watched service is failing.
static FAILING: AtomicBool = AtomicBool::new(false);

/// Whether trade-manager leaves questions for its state unanswered.
static SILENT: AtomicBool = AtomicBool::new(false);

/// A service that works, but one of them only while it is not made to fail.
fn worker(ctx: ServiceContext) -> BoxFuture<anyhow::Result<()>> {
    Box::pin(async move {
        let fails = ctx.service == Service::PriceWatchdog;
        ctx.health.probe("index prints", move || match fails && FAILING.load(Ordering::SeqCst) {
            true => Err("none came".to_owned()),
            false => Ok(()),
        });
        serve_http(&ctx, Router::new()).await
    })
}

/// trade-manager as far as halts go.
fn desk(ctx: ServiceContext) -> BoxFuture<anyhow::Result<()>> {
    Box::pin(async move {
        ctx.health.probe("desk", || Ok(()));
        let mut inbox = ctx.take_desk_inbox().expect("trade-manager has the inbox");
        let mut halts: Vec<Halt> = Vec::new();
        let work = async {
            loop {
                let call = tokio::select! {
                    () = ctx.shutdown.cancelled() => return anyhow::Ok(()),
                    call = inbox.recv() => call,
                };
                match call {
                    Some(DeskCall::Request { request, reply }) => {
                        match request.command {
                            DeskCommand::Halt { source, reason } => {
                                halts.push(Halt { source, reason, since: ctx.clocks.now() });
                            }
                            DeskCommand::Resume { source, .. } => halts.retain(|halt| halt.source != source),
                            other => unreachable!("nobody asks for {other:?}"),
                        }
                        reply.send(DeskReply::Accepted { intent: None, trade: None });
                    }
                    Some(DeskCall::View { .. }) if SILENT.load(Ordering::SeqCst) => {}
                    Some(DeskCall::View { reply }) => reply.send(Box::new(view(&ctx, halts.clone()))),
                    _ => {}
                }
            }
        };
        tokio::try_join!(work, serve_http(&ctx, Router::new()))?;
        Ok(())
    })
}

fn view(ctx: &ServiceContext, halts: Vec<Halt>) -> DeskView {
    DeskView {
        at: ctx.clocks.now(),
        mode: ctx.config.mode,
        desk: DeskId::from_bits(1),
        epoch: 1,
        ready: true,
        armed: true,
        settings: ctx.config.automation.clone(),
        caps: ctx.config.risk.caps,
        halts,
        trades: Vec::new(),
        orders: Vec::new(),
        history: Vec::new(),
        cash: BTreeMap::new(),
        exposure: Money::ZERO,
        realised_today: Money::ZERO,
        reconciliation: None,
        cursors: Cursors::default(),
    }
}

/// The guard as far as its health goes.
fn guard(ctx: ServiceContext) -> BoxFuture<anyhow::Result<()>> {
    Box::pin(async move {
        let path = rec_api::guard::socket_path(&ctx.state_dir);
        let socket = tokio::net::UnixDatagram::bind(path)?;
        ctx.health.probe("guard", || Ok(()));
        let mut bytes = vec![0; rec_api::guard::MOST_BYTES];
        loop {
            let sender = tokio::select! {
                () = ctx.shutdown.cancelled() => return Ok(()),
                received = socket.recv_from(&mut bytes) => received?.1,
            };
            let answer = serde_json::to_vec(&ctx.health.snapshot())?;
            socket.send_to(&answer, sender.as_pathname().expect("bound")).await?;
        }
    })
}

async fn start(folder: &Path) -> Running {
    let mut sources =
        Sources { files: Some(BTreeMap::new()), env: [("HOME".into(), folder.into())].into(), ..Sources::default() };
    for (service, _) in rec_config::Manifest::bundled().iter().filter(|(_, entry)| entry.port.is_some()) {
        sources = sources.with("--port", format!("net.ports.{service}"), "0");
    }
    let sources =
        sources.with("--state-dir", "state_dir", folder.to_string_lossy()).with("--speed", "clock.speed", "30");
    let config = Arc::new(rec_config::load(&sources).expect("a good configuration").config);
    let others = Service::ALL.iter().filter_map(|service| -> Option<Hosted> {
        match service {
            Service::TradeManager => Some((*service, desk)),
            Service::Guard => Some((*service, guard)),
            Service::SystemMonitor | Service::CascadingFailureDetector => None,
            _ => Some((*service, worker)),
        }
    });
    let services: Vec<Hosted> = others.chain(SERVICES.iter().copied()).collect();
    let clocks = Clocks::of(&config.clock);
    let composition = Composition { services, config, clocks, database: DatabaseAccess::none() };
    composition.start().await.expect("the services start")
}

/// The halt of the detector that is in force.
async fn halt(running: &Running) -> Option<String> {
    let view = running.desk.view().await.expect("the desk answers");
    view.halts.into_iter().find(|halt| halt.source == HaltSource::Failure).map(|halt| halt.reason)
}

async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) -> Duration {
    let started = Instant::now();
    while !holds().await {
        assert!(started.elapsed() < Duration::from_secs(30), "{what}: not in thirty seconds");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    started.elapsed()
}

#[tokio::test]
async fn a_failing_service_is_reported_and_halts_entries_until_all_are_well_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let running = start(folder.path()).await;
    let reported = |running: &Running| match running.bus.latest(Topic::Health).as_deref() {
        Some(BusEvent::Health(report)) => Some(report.clone()),
        _ => None,
    };
    until("all are well", async || reported(&running).is_some_and(|report| report.all_healthy())).await;
    assert_eq!(halt(&running).await, None);
    FAILING.store(true, Ordering::SeqCst);
    let unwell = |running: &Running| reported(running).is_some_and(|report| !report.all_healthy());
    let noticed = until("it is reported", async || unwell(&running)).await;
    assert!(noticed < Duration::from_secs(5), "{noticed:?}");
    until("entries are halted", async || halt(&running).await.is_some()).await;
    let reason = halt(&running).await.expect("halted");
    assert!(reason.starts_with("price-watchdog: index prints"), "{reason}");
    FAILING.store(false, Ordering::SeqCst);
    until("the halt is cleared", async || halt(&running).await.is_none()).await;
    let detector = || running.health(Service::CascadingFailureDetector).expect("it runs here");
    until("the detector is well", async || detector().healthy).await;
    SILENT.store(true, Ordering::SeqCst);
    let noticed = until("the detector notices that it sees no halts", async || !detector().healthy).await;
    assert!(noticed < Duration::from_secs(5), "{noticed:?}");
    running.shutdown(SHUTDOWN_DEADLINE).await.expect("in order");
}
