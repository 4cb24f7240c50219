//! A desk that runs its own Postgres starts it again when it was killed, and goes on.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use rec_e2e::{processes, twin_journal::times_accepted};
use reqwest::{Method, StatusCode};
use rustix::process::{Pid, Signal, kill_process};

use crate::support::{Desk, Place, web};

/// Services that cannot be healthy without the database.
const NEED_IT: [&str; 5] = ["trade-manager", "trade-executor", "main-app", "db-poller", "kalshi-account-sync"];

#[tokio::test]
async fn a_desk_whose_postgres_is_killed_starts_it_again_and_its_books_agree() {
    let Some(place) = Place::for_a_desk().await else { return };
    let mut desk = place.start(&["demo", "--seed", "3", "--for", "75s", "--json"]);
    let _link = desk.link().await;
    let first = killed(&place, false);
    until_another_serves(&place, &mut desk, first).await;
    until_said(&place, Some(0), &["running, started again"]).await;
    // Some trading between two deaths.
    tokio::time::sleep(Duration::from_secs(10)).await;
    let second = killed(&place, true);
    until_another_serves(&place, &mut desk, second).await;
    until_said(&place, Some(0), &["running, started again 2 times"]).await;
    let of_desk = processes::of_folder(place.folder());
    let servers = of_desk.iter().filter(|(_, arguments)| arguments.contains("postgres -D")).count();
    assert_eq!(servers, 1, "never two: {of_desk:?}");

    let (ended, summary) = desk.summary(Duration::from_secs(150)).await;
    assert_eq!(summary["ledger_agrees"], true, "{summary:#}");
    assert_eq!(summary["all_healthy"], true, "{summary:#}");
    assert!(summary["fills"].as_u64().is_some_and(|fills| fills > 0), "{summary:#}");
    assert_eq!(ended.code(), Some(0), "{summary:#}");
    let orders = times_accepted(place.state());
    let twice: Vec<_> = orders.iter().filter(|(_, times)| **times != 1).collect();
    assert!(twice.is_empty(), "sent more than once: {twice:?}");
    let log = std::fs::read_dir(place.state().join("log")).expect("there are logs").flatten();
    let text: String = log.filter_map(|file| std::fs::read_to_string(file.path()).ok()).collect();
    assert!(text.contains("the private Postgres was started again"), "the log says it");
}

/// What it is told while it cannot start: the broken file stands aside, so that each attempt fails.
#[tokio::test]
async fn a_postgres_that_does_not_start_is_tried_again_with_pauses_and_this_is_said() {
    let Some(place) = Place::for_a_desk().await else { return };
    let mut desk = place.start(&["demo"]);
    let _link = desk.link().await;
    until_healthy(&place, &mut desk).await;
    let (control, aside) =
        (place.state().join("postgres/global/pg_control"), place.state().join("postgres/pg_control.aside"));
    std::fs::rename(&control, &aside).expect("it is there");
    let killed_one = killed(&place, true);

    let stopped = Instant::now();
    for service in NEED_IT {
        let url = format!("http://127.0.0.1:{}/health", place.port(service).await);
        while is_healthy(&url, &mut desk).await {
            assert!(stopped.elapsed() < Duration::from_millis(5_500), "{service} is still healthy");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    until_said(&place, Some(1), &["is started again, attempt", "the last attempt failed: Postgres ended"]).await;
    std::fs::rename(&aside, &control).expect("it is there");
    until_another_serves(&place, &mut desk, killed_one).await;
    until_said(&place, Some(0), &["running, started again"]).await;
    desk.signal(Signal::INT);
    assert_eq!(desk.end(Duration::from_secs(20)).await.code(), Some(0), "{}", desk.complained());
}

/// Kills the server, with its children or so that they find out by themselves.
fn killed(place: &Place, with_children: bool) -> Pid {
    let (server, _) = processes::postmaster(place.state()).expect("it runs");
    let children = if with_children { children(server) } else { Vec::new() };
    assert!(!with_children || !children.is_empty(), "a server has children");
    for process in [server].into_iter().chain(children) {
        let _gone_with_its_parent = kill_process(process, Signal::KILL);
    }
    server
}

/// The processes whose parent is `parent`.
pub(crate) fn children(parent: Pid) -> Vec<Pid> {
    let listed = Command::new("ps").args(["-axo", "pid=,ppid="]).output().expect("ps runs");
    let text = String::from_utf8_lossy(&listed.stdout).into_owned();
    let rows = text.lines().filter_map(|line| {
        let (pid, of) = line.trim().split_once(char::is_whitespace)?;
        Some((Pid::from_raw(pid.parse().ok()?)?, Pid::from_raw(of.trim().parse().ok()?)?))
    });
    rows.filter(|(_, of)| *of == parent).map(|(pid, _)| pid).collect()
}

async fn until_another_serves(place: &Place, desk: &mut Desk, killed: Pid) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while processes::postmaster(place.state()).is_none_or(|(server, _)| server == killed) {
        assert!(desk.runs() && Instant::now() < deadline, "it is not started again: {}", desk.complained());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Waits until `rec status` ends with `code` and says all of `words`.
async fn until_said(place: &Place, code: Option<i32>, words: &[&str]) {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let status = place.run(&["status"]).await;
        if status.code == code && words.iter().all(|word| status.out.contains(word)) {
            return;
        }
        assert!(Instant::now() < deadline, "{words:?}: {status:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn until_healthy(place: &Place, desk: &mut Desk) {
    for service in NEED_IT {
        let url = format!("http://127.0.0.1:{}/health", place.port(service).await);
        let deadline = Instant::now() + Duration::from_secs(30);
        while !is_healthy(&url, desk).await {
            assert!(Instant::now() < deadline, "{service} stays unhealthy: {}", web::get(&url, "").await.text);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// A service that ended has not stayed healthy, but it must say so rather than end.
async fn is_healthy(url: &str, desk: &mut Desk) -> bool {
    let answer = web::try_ask(Method::GET, url, "").await;
    assert!(answer.is_some() && desk.runs(), "{url} ended: {}{}", desk.said(), desk.complained());
    answer.is_some_and(|answer| answer.status == StatusCode::OK)
}
