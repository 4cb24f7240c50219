//! The rows of `docs/HEALTH.md` that take a whole desk: its database goes away, its heartbeats stop. The other rows
//! are held by the services' own tests, which the page names.

use std::time::{Duration, Instant};

use rec_api::guard::{ask_health, socket_path};
use reqwest::{Method, StatusCode};
use rustix::process::{Signal, kill_process};
use tokio::net::UnixDatagram;

use crate::support::{Place, processes, web};

/// Wall time within which a stop is noticed.
const NOTICE: Duration = Duration::from_secs(5);

/// What a loaded machine may add before it asks and answers.
const SLACK: Duration = Duration::from_millis(500);

#[tokio::test]
async fn the_guard_notices_a_desk_that_stands_still_and_the_desk_that_its_database_is_gone() {
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

    let mut waiting = Vec::new();
    for service in ["trade-manager", "trade-executor", "main-app", "db-poller", "kalshi-account-sync"] {
        let url = format!("http://127.0.0.1:{}/health", place.port(service).await);
        until_healthy(service, &url).await;
        waiting.push((service, url));
    }
    let (server, _) = processes::postmaster(place.state()).expect("it runs");
    // Postgres ends at once: "immediate shutdown".
    kill_process(server, Signal::QUIT).expect("it runs");
    let stopped = Instant::now();
    while !waiting.is_empty() {
        let mut still = Vec::new();
        for (service, url) in waiting {
            // A service that ended has not stayed healthy, but it must say so rather than end.
            let answer = web::try_ask(Method::GET, &url, "").await;
            let answer = answer.unwrap_or_else(|| panic!("{service} ended: {}{}", desk.said(), desk.complained()));
            if answer.status == StatusCode::OK {
                assert!(stopped.elapsed() < NOTICE + SLACK, "{service} is still healthy: {answer:?}");
                still.push((service, url));
            }
        }
        waiting = still;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }

    desk.signal(Signal::INT);
    desk.end(Duration::from_secs(30)).await;
    let mut again = place.start(&["demo", "--resume", "--for", "1s", "--json"]);
    let (_, summary) = again.summary(Duration::from_secs(120)).await;
    assert_eq!(summary["ledger_agrees"], true, "{summary:#}");
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

async fn until_healthy(service: &str, url: &str) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while web::get(url, "").await.status != StatusCode::OK {
        assert!(Instant::now() < deadline, "{service} does not become healthy");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
