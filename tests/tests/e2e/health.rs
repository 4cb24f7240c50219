//! The rows of `docs/HEALTH.md` that take a whole desk: its heartbeats stop, its exchange falls silent, its lease is
//! taken. Its database goes away in `database`. The other rows are held by the services' own tests, which the page
//! names.

use std::time::{Duration, Instant};

use rec_api::guard::{ask_health, socket_path};
use rec_domain::{Service, TimeSpan};
use rec_store::{Database, Lease, Role, cluster::Address};
use reqwest::{Method, StatusCode};
use rustix::process::Signal;
use tokio::net::UnixDatagram;

use crate::support::{Apart, Place, web};

/// Wall time within which a stop is noticed.
const NOTICE: Duration = Duration::from_secs(5);

/// What a loaded machine may add before it asks and answers.
const SLACK: Duration = Duration::from_millis(500);

#[tokio::test]
async fn the_guard_notices_a_desk_that_stands_still() {
    let Some(place) = Place::for_a_desk().await else { return };
    let mut desk = place.start(&["demo"]);
    let _link = desk.link().await;

    assert!(guard_is_healthy(&place).await);
    desk.signal(Signal::STOP);
    let stopped = Instant::now();
    while guard_is_healthy(&place).await {
        assert!(stopped.elapsed() < NOTICE + SLACK, "the guard is still healthy");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    desk.signal(Signal::CONT);
    let deadline = Instant::now() + Duration::from_secs(30);
    while !guard_is_healthy(&place).await {
        assert!(Instant::now() < deadline && desk.runs(), "the guard hears nothing: {}", desk.complained());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn trade_manager_notices_that_the_exchange_alone_is_silent_and_that_its_lease_alone_was_taken() {
    let Some(mut apart) = Apart::start().await else { return };
    let well = async |apart: &Apart| apart.health(Service::TradeManager).await.healthy;
    apart.until("trade-manager is well", well).await;

    apart.twin.signal(Signal::STOP);
    let took = apart.until("it misses the reports", async |apart| !well(apart).await).await;
    assert!(took < NOTICE + SLACK, "it took {took:?}");
    assert_eq!(failing(&apart).await, ["account reports"]);
    apart.twin.signal(Signal::CONT);
    apart.until("trade-manager is well again", well).await;

    let address = Address::of_running(apart.place.state()).expect("Postgres runs");
    let options = address.connect_options(&apart.config.database.name);
    let owner = Database::open_with(options, Role::Owner, 1).await.expect("it answers");
    let lease = taken(&apart, &owner).await;
    let took = apart.until("it misses its lease", async |apart| !well(apart).await).await;
    assert!(took < NOTICE + SLACK, "it took {took:?}");
    let waits = async |apart: &Apart| {
        let health = apart.health(Service::TradeManager).await;
        health.checks.iter().any(|check| {
            check.name == "lease"
                && !check.ok
                && check.detail.as_ref().is_some_and(|detail| detail.contains("another desk"))
        })
    };
    apart.until("it says who has it", waits).await;
    lease.release().await.expect("given back");
    apart.until("trade-manager leads again", well).await;
    owner.close().await;
}

/// The checks of trade-manager that do not hold.
async fn failing(apart: &Apart) -> Vec<String> {
    let health = apart.health(Service::TradeManager).await;
    health.checks.into_iter().filter(|check| !check.ok).map(|check| check.name).collect()
}

/// Takes the lease from the desk that holds it: first in its own name, as its successor after a crash would, which gives
/// it up at once to another desk.
async fn taken(apart: &Apart, owner: &Database) -> Lease {
    let machine = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let holder = format!("{machine}:{}", apart.config.state_dir.display());
    let ttl = TimeSpan::from_seconds(60);
    let own = Lease::acquire(owner, &holder, ttl).await.expect("a desk takes over from itself");
    own.release().await.expect("given up");
    Lease::acquire(owner, "another desk", ttl).await.expect("it is free")
}

/// Beside a system-monitor in a process of its own, this test is the guard.
#[tokio::test]
async fn system_monitor_notices_that_nobody_answers() {
    let place = Place::for_commands();
    std::fs::create_dir(place.state()).expect("our own folder");
    let guard = UnixDatagram::bind(socket_path(place.state())).expect("a socket");
    let answers = tokio::spawn(async move {
        let health = br#"{"service":"guard","healthy":true,"checks":[{"name":"loop","ok":true,"age_ms":0,"limit_ms":1000,"detail":null}]}"#;
        let mut question = [0; 1_024];
        loop {
            let (_, from) = guard.recv_from(&mut question).await.expect("our own socket");
            let _asked_no_more = guard.send_to(health, from.as_pathname().expect("bound")).await;
        }
    });
    let nowhere = format!("database.host={}", place.folder().display());
    let mut monitor = place.start(&["run", "system-monitor", "--set", &nowhere]);
    let url = format!("http://127.0.0.1:{}/health", place.port("system-monitor").await);
    let is_healthy =
        async || web::try_ask(Method::GET, &url, "").await.is_some_and(|answer| answer.status.is_success());
    let deadline = Instant::now() + Duration::from_secs(30);
    while !is_healthy().await {
        assert!(Instant::now() < deadline && monitor.runs(), "{}", monitor.complained());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    answers.abort();
    let stopped = Instant::now();
    while is_healthy().await {
        assert!(stopped.elapsed() < NOTICE + SLACK, "it is still healthy");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(web::get(&url, "").await.status, StatusCode::SERVICE_UNAVAILABLE);
}

async fn guard_is_healthy(place: &Place) -> bool {
    let health = ask_health(&socket_path(place.state()), Duration::from_secs(2)).await.expect("the guard answers");
    health.healthy
}
