//! The service as it runs: its port, its database, the bus, its health and its end.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use rec_config::Sources;
use rec_domain::{
    Mode, Service, TimeSpan,
    bus_event::BusEvent,
    halt::HaltSource,
    outbox::DeskEvent,
    row::{Commit, Row},
};
use rec_runtime::{Clocks, Composition, DatabaseAccess, Running, compose::SHUTDOWN_DEADLINE, database::ACCOUNT};
use rec_store::{CommitOutcome, Database, Lease, Role, testing::TestDatabase};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::{allow_one_log_in, sample};

async fn start(folder: &Path, test: &TestDatabase) -> Running {
    let mut sources =
        Sources { files: Some(BTreeMap::new()), env: [("HOME".into(), folder.into())].into(), ..Sources::default() };
    for (service, _) in rec_config::Manifest::bundled().iter().filter(|(_, entry)| entry.port.is_some()) {
        sources = sources.with("--port", format!("net.ports.{service}"), "0");
    }
    let sources = sources.with("--state-dir", "state_dir", folder.to_string_lossy());
    let config = Arc::new(rec_config::load(&sources).expect("a good configuration").config);
    let options = test.options();
    let database = DatabaseAccess::with(move |role, connections| {
        let options = options.clone();
        Box::pin(async move { Database::open_with(options, role, connections).await })
    });
    let clocks = Clocks::of(&config.clock);
    let services = vec![(Service::MainApp, crate::run as rec_runtime::ServiceMain)];
    Composition { services, config, clocks, database, take_over: false }.start().await.expect("the service starts")
}

async fn open(address: SocketAddr, path: &str, cookie: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("sent");
    stream
}

async fn get(address: SocketAddr, path: &str, cookie: &str) -> String {
    let mut text = String::new();
    open(address, path, cookie).await.read_to_string(&mut text).await.expect("an answer");
    text
}

async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) -> Duration {
    let started = Instant::now();
    while !holds().await {
        assert!(started.elapsed() < Duration::from_secs(30), "{what}: not in thirty seconds");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    started.elapsed()
}

/// An event that was written, and published, while nobody ran the page.
async fn happened_before(test: &TestDatabase) {
    let database = test.open(Role::Service(Service::TradeManager)).await;
    let lease = Lease::acquire(&database, "test", TimeSpan::from_seconds(60)).await.expect("the lease is free");
    let event = DeskEvent::Halted { source: HaltSource::Operator, reason: "before the start".to_owned() };
    let (at, rows) = (sample::moment().market, vec![Row::Event(event)]);
    let commit = Commit { number: 1, epoch: lease.epoch(), at, inputs: vec!["{}".to_owned()], rows };
    let outcome = database.desk().commit(&commit).await;
    assert!(matches!(outcome, CommitOutcome::Committed), "{outcome:?}");
    let batch = test.open(Role::Service(Service::DbPoller)).await.outbox().take_unpublished(10).await.expect("taken");
    assert_eq!(batch.events.len(), 1);
    batch.published().await.expect("marked");
}

#[tokio::test]
async fn it_serves_the_desk_to_whoever_logs_in_and_is_well_only_while_the_desk_speaks() {
    let Some(test) = TestDatabase::migrated().await else { return };
    let owner = test.open(Role::Owner).await;
    owner.identity(Mode::Twin, ACCOUNT).await.expect("marked");
    happened_before(&test).await;
    let folder = tempfile::tempdir().expect("a folder");
    let running = start(folder.path(), &test).await;
    let address = running.address(Service::MainApp).expect("it has a port");

    until("it answers", async || TcpStream::connect(address).await.is_ok()).await;
    let metrics = get(address, "/metrics", "").await;
    assert!(metrics.starts_with("HTTP/1.1 303"), "strangers get no metrics: {metrics}");
    let health = get(address, "/health", "").await;
    assert!(health.starts_with("HTTP/1.1 503") && health.contains("state of the desk"), "{health}");

    let token = allow_one_log_in(&owner, "operator", Duration::from_secs(60)).await.expect("allowed");
    let path = format!("/login?token={}", token.expose());
    let welcome = get(address, &path, "").await;
    assert!(welcome.starts_with("HTTP/1.1 303"), "{welcome}");
    let cookie = welcome.lines().find_map(|line| line.strip_prefix("set-cookie: ")).expect("a cookie");
    let cookie = cookie.split(';').next().expect("a value").to_owned();
    assert!(cookie.starts_with(&format!("rec_session_{}=", address.port())), "{cookie}");
    assert!(get(address, &path, "").await.starts_with("HTTP/1.1 401"), "the link opens once");
    assert!(get(address, "/", &cookie).await.contains("No word from trade-manager"));
    until("it shows what happened before it started", async || {
        get(address, "/", &cookie).await.contains("halted by operator: before the start")
    })
    .await;
    let ports = get(address, "/api/ports", &cookie).await;
    assert!(ports.contains(&format!("\"main_app\":{}", address.port())), "{ports}");

    let view = sample::live().desk.expect("desk").value;
    let speak = || running.bus.publish(BusEvent::Desk(Box::new(view.clone())));
    let well = async || running.health(Service::MainApp).is_some_and(|health| health.healthy);
    until("it is well", async || {
        speak();
        well().await
    })
    .await;
    assert!(get(address, "/", &cookie).await.contains("$9,966.87"));
    let silent = until("it notices that the desk is silent", async || !well().await).await;
    assert!(silent < Duration::from_secs(5), "{silent:?}");

    let mut stream = open(address, "/api/stream", &cookie).await;
    let mut heard = String::new();
    while !heard.contains("event: health\n") {
        let mut bytes = vec![0; 4_096];
        let count = stream.read(&mut bytes).await.expect("the picture");
        assert!(count > 0, "the stream ended: {heard}");
        heard.push_str(&String::from_utf8_lossy(&bytes[..count]));
    }
    let ended = Instant::now();
    running.shutdown(SHUTDOWN_DEADLINE).await.expect("in order");
    assert!(ended.elapsed() < Duration::from_secs(3), "an open page does not hold the end up: {:?}", ended.elapsed());
}
