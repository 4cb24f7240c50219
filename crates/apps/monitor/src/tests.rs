use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use rec_api::DeskCall;
use rec_domain::{
    DeskId, Mode, Money, Timestamp,
    bus_event::{BusEvent, Topic},
    command::{DeskCommand, DeskReply},
    desk_view::{Cursors, DeskView},
    halt::{Halt, HaltSource},
    risk_view::RiskView,
};
use rec_runtime::{
    BoxFuture, Hosted, Running, ServiceContext,
    axum::Router,
    compose::SHUTDOWN_DEADLINE,
    database::ACCOUNT,
    serve_http,
    testing::{self, NOTICE, until},
};
use rec_store::{Ops, Role, Severity, StoredHealth, testing::TestDatabase};

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

/// Whether system-monitor stands still.
static STANDS_STILL: AtomicBool = AtomicBool::new(false);

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
        arming: None,
        settings: ctx.config.automation.clone(),
        caps: ctx.config.risk.caps,
        halts,
        trades: Vec::new(),
        orders: Vec::new(),
        history: Vec::new(),
        cash: BTreeMap::new(),
        exposure: Money::ZERO,
        realised_today: Money::ZERO,
        risk: RiskView::default(),
        reconciliation: None,
        late_results: vec![],
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

/// system-monitor, until it is told to stand still.
fn system_monitor(ctx: ServiceContext) -> BoxFuture<anyhow::Result<()>> {
    Box::pin(async move {
        let told_to_stand_still = async {
            while !STANDS_STILL.load(Ordering::SeqCst) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::select! {
            ended = rec_system_monitor::run(ctx.clone()) => return ended,
            () = told_to_stand_still => {}
        }
        ctx.shutdown.cancelled().await;
        Ok(())
    })
}

async fn start(folder: &Path, test: &TestDatabase) -> Running {
    test.open(Role::Owner).await.identity(Mode::Twin, ACCOUNT).await.expect("marked");
    let services: Vec<Hosted> = Service::ALL
        .iter()
        .map(|service| -> Hosted {
            match service {
                Service::TradeManager => (*service, desk),
                Service::Guard => (*service, guard),
                Service::SystemMonitor => (*service, system_monitor),
                Service::CascadingFailureDetector => (*service, rec_cascading_failure_detector::run),
                _ => (*service, worker),
            }
        })
        .collect();
    let config = testing::configuration(folder, &[("clock.speed", "30")]);
    testing::start(&services, config, testing::database(test)).await
}

/// The halt of the detector that is in force.
async fn halt(running: &Running) -> Option<String> {
    let view = running.desk.view().await.expect("the desk answers");
    view.halts.into_iter().find(|halt| halt.source == HaltSource::Failure).map(|halt| halt.reason)
}

/// The alerts that the database has, the open ones first, by code and subject, and whether they are over.
async fn alerts(ops: &Ops) -> Vec<(String, String, bool)> {
    let alerts = ops.alerts(100).await.expect("readable");
    alerts.into_iter().map(|alert| (alert.code, alert.subject, alert.resolved_at.is_some())).collect()
}

#[tokio::test]
async fn a_failing_service_is_reported_and_kept_and_halts_entries_until_all_are_well_again() {
    let Some(test) = TestDatabase::migrated().await else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let ops = test.open(Role::Service(Service::SystemMonitor)).await.ops();
    let (left, at) = (("feed_stale", "price-watchdog: spot prices"), Timestamp::from_seconds(1));
    ops.raise_alert(Severity::Warning, left.0, left.1, "a run before", at).await.expect("raised");
    let running = start(folder.path(), &test).await;
    let reported = |running: &Running| match running.bus.latest(Topic::Health).as_deref() {
        Some(BusEvent::Health(report)) => Some(report.clone()),
        _ => None,
    };
    until("all are well", async || reported(&running).is_some_and(|report| report.all_healthy())).await;
    assert_eq!(halt(&running).await, None);
    until("the health of all is kept", async || {
        ops.health()
            .await
            .is_ok_and(|kept| kept.len() == Service::ALL.len() && kept.iter().all(|one| one.health.healthy))
    })
    .await;
    let kept = ops.health().await.expect("readable");
    let left = (left.0.to_owned(), left.1.to_owned(), true);
    assert_eq!(alerts(&ops).await, [left], "what a run before left is over, and a start is no alarm");

    FAILING.store(true, Ordering::SeqCst);
    let unwell = |running: &Running| reported(running).is_some_and(|report| !report.all_healthy());
    let noticed = until("it is reported", async || unwell(&running)).await;
    assert!(noticed < NOTICE, "{noticed:?}");
    let stale = |over: bool| ("feed_stale".to_owned(), "price-watchdog: index prints".to_owned(), over);
    until("the alert is kept", async || alerts(&ops).await.contains(&stale(false))).await;
    let told = ops.alerts(1).await.expect("readable").remove(0).message;
    assert!(told.ends_with(rec_system_monitor::AlertCode::FeedStale.what_to_do()), "{told}");
    let of = |kept: Vec<StoredHealth>, service| {
        kept.into_iter().find(|one: &StoredHealth| one.health.service == service).expect("kept")
    };
    let now = ops.health().await.expect("readable");
    assert_eq!(of(now.clone(), Service::DbPoller), of(kept, Service::DbPoller), "what did not change is not written");
    assert!(!of(now, Service::PriceWatchdog).health.healthy);
    until("entries are halted", async || halt(&running).await.is_some()).await;
    let reason = halt(&running).await.expect("halted");
    assert!(reason.starts_with("price-watchdog: index prints"), "{reason}");
    let halted = ("entries_halted".to_owned(), "failure".to_owned(), false);
    until("the halt is an alert", async || alerts(&ops).await.contains(&halted)).await;

    FAILING.store(false, Ordering::SeqCst);
    until("the halt is cleared", async || halt(&running).await.is_none()).await;
    until("both are over", async || alerts(&ops).await.iter().all(|(.., over)| *over)).await;
    assert!(alerts(&ops).await.contains(&stale(true)));

    let detector = Service::CascadingFailureDetector;
    until("the detector is well", async || testing::is_healthy(&running, detector)).await;
    SILENT.store(true, Ordering::SeqCst);
    testing::assert_noticed(&running, detector).await;
    SILENT.store(false, Ordering::SeqCst);
    until("the detector is well again", async || testing::is_healthy(&running, detector)).await;
    STANDS_STILL.store(true, Ordering::SeqCst);
    testing::assert_noticed(&running, detector).await;
    let health = running.health(detector).expect("it runs here");
    let failing: Vec<_> = health.checks.iter().filter(|check| !check.ok).map(|check| check.name.as_str()).collect();
    assert_eq!(failing, ["health reports"], "system-monitor alone stands still");
    running.shutdown(SHUTDOWN_DEADLINE).await.expect("in order");
}
