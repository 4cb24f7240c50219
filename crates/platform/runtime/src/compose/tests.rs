use std::{path::Path, sync::atomic::AtomicBool, sync::atomic::Ordering};

use axum::Router;
use rec_config::Sources;
use rec_domain::{
    DecisionId,
    command::{DeskCommand, DeskReply, DeskRequest},
    halt::HaltSource,
};

use super::{running::Ended, *};
use crate::{
    BoxFuture, MarketClock,
    clock::{SteppedWall, WallClock as _},
    serve_http,
};

/// A configuration whose files are below `folder` and whose ports are free ones.
fn config(folder: &Path, overrides: &[(&str, &str)]) -> Arc<Config> {
    let mut sources =
        Sources { files: Some(BTreeMap::new()), env: [("HOME".into(), folder.into())].into(), ..Sources::default() };
    for (service, _) in rec_config::Manifest::bundled().iter().filter(|(_, entry)| entry.port.is_some()) {
        sources = sources.with("--port", format!("net.ports.{service}"), "0");
    }
    for (key, value) in overrides {
        sources = sources.with("--option", *key, *value);
    }
    Arc::new(rec_config::load(&sources).expect("a good configuration").config)
}

fn composition(services: &[Hosted], config: Arc<Config>) -> Composition {
    let (clocks, database) = (Clocks::of(&config.clock), DatabaseAccess::none());
    Composition { services: services.to_vec(), config, clocks, database, take_over: false }
}

/// Accepts every request.
fn desk(ctx: ServiceContext) -> BoxFuture<anyhow::Result<()>> {
    Box::pin(async move {
        let mut inbox = ctx.take_desk_inbox().context("trade-manager has the inbox")?;
        ctx.health.beat("requests");
        let work = async {
            loop {
                tokio::select! {
                    () = ctx.shutdown.cancelled() => return anyhow::Ok(()),
                    call = inbox.recv() => if let Some(rec_api::DeskCall::Request { reply, .. }) = call {
                        reply.send(DeskReply::Accepted { intent: None, trade: None });
                    }
                }
            }
        };
        tokio::try_join!(work, serve_http(&ctx, desk::router(Arc::clone(&ctx.desk), ctx.token.clone())))?;
        Ok(())
    })
}

/// Serves, and ends when it is told.
fn idle(ctx: ServiceContext) -> BoxFuture<anyhow::Result<()>> {
    Box::pin(async move { serve_http(&ctx, Router::new()).await })
}

fn fails(_ctx: ServiceContext) -> BoxFuture<anyhow::Result<()>> {
    Box::pin(async move { anyhow::bail!("the feed is gone") })
}

fn panics(_ctx: ServiceContext) -> BoxFuture<anyhow::Result<()>> {
    Box::pin(async move { panic!("a broken invariant") })
}

fn ends_by_itself(ctx: ServiceContext) -> BoxFuture<anyhow::Result<()>> {
    Box::pin(async move {
        ctx.shutdown.cancel();
        Ok(())
    })
}

fn never_ends(_ctx: ServiceContext) -> BoxFuture<anyhow::Result<()>> {
    Box::pin(std::future::pending())
}

fn halt() -> DeskRequest {
    DeskRequest {
        decision: DecisionId::of("test"),
        requester: "operator".to_owned(),
        command: DeskCommand::Halt { source: HaltSource::Operator, reason: "test".to_owned() },
    }
}

#[tokio::test]
async fn peers_reach_each_other_in_one_process_and_in_two() {
    let folder = tempfile::tempdir().expect("a folder");
    let one = composition(&[(Service::TradeManager, desk)], config(folder.path(), &[])).start().await.expect("runs");
    assert!(one.desk.request(halt()).await.is_ok());
    let port = one.address(Service::TradeManager).expect("listens").port().to_string();
    let elsewhere = config(folder.path(), &[("net.ports.trade-manager", &port)]);
    let two = composition(&[(Service::DbPoller, idle)], elsewhere).start().await.expect("runs");
    let accepted = two.desk.request(halt()).await.expect("the same token, by HTTP");
    assert_eq!(accepted, DeskReply::Accepted { intent: None, trade: None });
    two.shutdown(SHUTDOWN_DEADLINE).await.expect("in order");
    one.shutdown(SHUTDOWN_DEADLINE).await.expect("in order");
}

#[tokio::test]
async fn health_is_answered_by_http_and_follows_the_board() {
    let folder = tempfile::tempdir().expect("a folder");
    let services: [Hosted; 2] = [(Service::TradeManager, desk), (Service::DbPoller, idle)];
    let running = composition(&services, config(folder.path(), &[])).start().await.expect("runs");
    let deadline = Duration::from_secs(5);
    let desk = running.peers.health(Service::TradeManager, deadline).await.expect("answers");
    assert!(desk.healthy);
    let idle = running.peers.health(Service::DbPoller, deadline).await.expect("answers although unhealthy");
    assert!(!idle.healthy, "it does nothing");
    assert!(running.peers.health(Service::MainApp, Duration::from_millis(300)).await.is_err(), "it does not run");
    let status = |path: &'static str| {
        let url = format!("http://{}{path}", running.address(Service::DbPoller).expect("listens"));
        async move { reqwest::get(url).await.expect("answers").status().as_u16() }
    };
    assert_eq!(status("/health").await, 503);
    assert_eq!(status("/metrics").await, 200);
    assert_eq!(status("/elsewhere").await, 404);
    running.shutdown(SHUTDOWN_DEADLINE).await.expect("in order");
}

#[tokio::test]
async fn a_service_that_fails_or_breaks_off_is_named() {
    for (run, expected) in [
        (fails as ServiceMain, "price-watchdog failed: the feed is gone"),
        (panics, "price-watchdog failed: it broke off"),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let services: [Hosted; 2] = [(Service::DbPoller, idle), (Service::PriceWatchdog, run)];
        let mut running = composition(&services, config(folder.path(), &[])).start().await.expect("starts");
        let Ended::Failed(error) = running.ended().await else { unreachable!("it fails") };
        assert!(format!("{error:#}").starts_with(expected), "{error:#}");
        running.shutdown(SHUTDOWN_DEADLINE).await.expect("the other one ends in order");
    }
}

#[tokio::test]
async fn a_service_that_was_told_to_end_is_no_failure() {
    let folder = tempfile::tempdir().expect("a folder");
    let services: [Hosted; 1] = [(Service::Guard, ends_by_itself)];
    let mut running = composition(&services, config(folder.path(), &[])).start().await.expect("starts");
    assert!(matches!(running.ended().await, Ended::Finished(Service::Guard)));
}

static READY_FIRST: AtomicBool = AtomicBool::new(false);

#[tokio::test]
async fn they_end_in_reverse_order_and_none_holds_the_end_up() {
    /// Ends while the one that was started before it still runs.
    fn second(ctx: ServiceContext) -> BoxFuture<anyhow::Result<()>> {
        Box::pin(async move {
            ctx.shutdown.cancelled().await;
            ctx.desk.request(halt()).await?;
            READY_FIRST.store(true, Ordering::SeqCst);
            Ok(())
        })
    }
    let folder = tempfile::tempdir().expect("a folder");
    let services: [Hosted; 2] = [(Service::TradeManager, desk), (Service::AutoEntrySupervisor, second)];
    let running = composition(&services, config(folder.path(), &[])).start().await.expect("starts");
    running.shutdown(SHUTDOWN_DEADLINE).await.expect("in order");
    assert!(READY_FIRST.load(Ordering::SeqCst));
    let services: [Hosted; 2] = [(Service::TradeManager, desk), (Service::DbPoller, never_ends)];
    let running = composition(&services, config(folder.path(), &[])).start().await.expect("starts");
    let error = running.shutdown(Duration::from_millis(50)).await.expect_err("one hangs");
    assert_eq!(error.0.iter().map(|(service, _)| *service).next(), Some(Service::DbPoller));
}

#[tokio::test]
async fn a_process_without_trade_manager_follows_a_step_of_the_time_of_day() {
    let folder = tempfile::tempdir().expect("a folder");
    let wall = Arc::new(SteppedWall::default());
    let clocks = Clocks::new(MarketClock::real_time(wall.now()), Arc::<SteppedWall>::clone(&wall));
    let composition = composition(&[(Service::TradeExecutor, idle)], config(folder.path(), &[]));
    let _running = Composition { clocks: clocks.clone(), ..composition }.start().await.expect("it starts");
    wall.0.store(60_000, Ordering::Relaxed);
    let deadline = std::time::Instant::now() + Duration::from_secs(20);
    while wall.now().since(clocks.now()) > rec_domain::TimeSpan::from_millis(250) {
        assert!(std::time::Instant::now() < deadline, "it would sign by a time of a minute ago");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_busy_port_names_service_port_and_remedy_and_nothing_is_started() {
    let folder = tempfile::tempdir().expect("a folder");
    let taken = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
    let port = taken.local_addr().expect("bound").port().to_string();
    let busy = config(folder.path(), &[("net.ports.db-poller", &port)]);
    let error = composition(&[(Service::DbPoller, idle)], busy).start().await.expect_err("taken").to_string();
    for part in ["db-poller", &port, "--port-base", "REC_DB_POLLER_PORT"] {
        assert!(error.contains(part), "{error}");
    }
}
