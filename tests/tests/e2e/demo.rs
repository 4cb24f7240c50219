//! One demo from its start to its summary, with what its page answers meanwhile; and one that is interrupted.

use std::time::{Duration, Instant};

use rec_domain::Money;
use rec_e2e::processes;
use reqwest::{Method, StatusCode};
use rustix::process::Signal;

use crate::support::{Place, web};

/// From the end of a demo's time to the end of its process: the last comparison of the books, and the shutdown.
const ENDING: Duration = Duration::from_secs(40);

/// The services that have a port, as `GET /api/ports` names them.
const WITH_PORTS: [&str; 12] = [
    "active_trade_supervisor",
    "auto_entry_supervisor",
    "cascading_failure_detector",
    "db_poller",
    "kalshi_account_sync",
    "kalshi_api_watchdog",
    "main_app",
    "price_watchdog",
    "system_monitor",
    "trade_executor",
    "trade_manager",
    "unified_production_coordinator",
];

/// From any working directory, with a state directory whose path has spaces: see [`Place`].
#[tokio::test]
async fn a_demo_trades_settles_agrees_with_the_exchange_and_leaves_nothing_behind() {
    let Some(place) = Place::for_a_desk().await else { return };
    let mut desk = place.start(&["demo", "--for", "50s", "--seed", "3", "--json"]);
    let link = desk.link().await;
    let page = link.split_once("/login").expect("a link to the log-in").0.to_owned();
    assert_eq!(page, format!("http://127.0.0.1:{}", place.port_base));
    nobody_gets_in_without_a_session(&page).await;
    the_operator_gets_in(&page, &link).await;
    limits_are_shown_and_lowered_but_not_raised(&place).await;

    let (status, summary) = desk.summary(Duration::from_secs(50) + ENDING).await;
    let count = |key: &str| summary[key].as_u64().unwrap_or_else(|| panic!("no {key} in {summary:#}"));
    assert!(count("events_settled") >= 1 && count("fills") >= 1 && count("entries_made") >= 1, "{summary:#}");
    counts_fit(&summary);
    assert_eq!(summary["ledger_agrees"], true, "{summary:#}");
    let health = summary["health"].as_object().expect("by service");
    assert_eq!(health.len(), 13, "{summary:#}");
    assert!(health.values().all(|state| state == "healthy"), "{summary:#}");
    assert_eq!(status.code(), Some(0), "{summary:#}");
    nothing_is_left(&place);
}

#[tokio::test]
async fn an_interrupted_demo_ends_in_order_within_five_seconds() {
    let Some(place) = Place::for_a_desk().await else { return };
    let mut desk = place.start(&["demo"]);
    let link = desk.link().await;
    assert!(web::get(&link, "").await.status.is_redirection());
    let interrupted = Instant::now();
    desk.signal(Signal::INT);
    let status = desk.end(Duration::from_secs(20)).await;
    let took = interrupted.elapsed();
    assert_eq!(status.code(), Some(0), "{}", desk.complained());
    assert!(took < Duration::from_secs(5), "it took {took:?}");
    nothing_is_left(&place);
}

/// What was considered, refused, ordered and traded, and what it brought.
fn counts_fit(summary: &serde_json::Value) {
    let sum = |key: &str| {
        let counts = summary[key].as_object().unwrap_or_else(|| panic!("no {key} in {summary:#}"));
        counts.values().map(|count| count.as_u64().expect("a count")).sum::<u64>()
    };
    let number = |key: &str| summary[key].as_u64().expect("a number");
    let dollars = |key: &str| summary[key].as_str().and_then(|text| text.parse::<Money>().ok()).expect("dollars");
    assert!(number("entries_considered") >= number("entries_made"), "{summary:#}");
    assert!(sum("entries_refused") >= 1 && sum("orders") >= number("entries_made"), "{summary:#}");
    assert!(summary["orders"]["executed"].as_u64() >= Some(1), "{summary:#}");
    assert!(summary["trades"]["settled"].as_u64() >= Some(1) && sum("trades") <= number("entries_made"), "{summary:#}");
    assert!(dollars("fees").is_positive() && !dollars("profit_after_fees").is_zero(), "{summary:#}");
}

async fn nobody_gets_in_without_a_session(page: &str) {
    assert_eq!(web::get(&format!("{page}/health"), "").await.status, StatusCode::OK);
    let front = web::get(page, "").await;
    assert!(front.status.is_redirection() && front.location == "/login", "{front:?}");
    for path in ["/api/ports", "/api/admin/supervisor-status", "/api/state"] {
        let refused = web::get(&format!("{page}{path}"), "").await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{refused:?}");
    }
}

async fn the_operator_gets_in(page: &str, link: &str) {
    let entered = web::get(link, "").await;
    assert!(entered.status.is_redirection() && entered.location == "/", "{entered:?}");
    assert_eq!(web::get(link, "").await.status, StatusCode::UNAUTHORIZED, "the link works once");
    let cookie = entered.cookie;
    let front = web::get(page, &cookie).await;
    assert_eq!(front.status, StatusCode::OK);
    assert!(front.text.contains("<html") && front.text.contains("twin"), "{front:?}");

    let ports = web::get(&format!("{page}/api/ports"), &cookie).await.json();
    let names: Vec<&str> = ports.as_object().expect("by name").keys().map(String::as_str).collect();
    assert_eq!(names, WITH_PORTS);
    for (name, port) in ports.as_object().expect("by name") {
        let health = web::get(&format!("http://127.0.0.1:{port}/health"), "").await;
        assert_eq!(health.status, StatusCode::OK, "{name}: {health:?}");
    }
    for method in [Method::GET, Method::POST] {
        let url = format!("{page}/api/admin/supervisor-status");
        let status = web::try_ask(method, &url, &cookie).await.expect("an answer");
        assert_eq!(status.status, StatusCode::OK, "{status:?}");
        assert_eq!(status.json()["services"].as_array().map(Vec::len), Some(13));
    }
}

async fn limits_are_shown_and_lowered_but_not_raised(place: &Place) {
    let lower = async |cap: &str| place.run(&["risk", "lower", cap, "--reason", "as a test"]).await;
    let lowered = lower("daily_loss=99.00").await;
    assert_eq!(lowered.code, Some(0), "{lowered:?}");
    let raised = lower("daily_loss=99.50").await;
    assert!(raised.code == Some(1) && raised.err.contains("not_tighter"), "{raised:?}");
    let shown = place.run(&["risk", "--json"]).await;
    let risk: serde_json::Value = serde_json::from_str(&shown.out).unwrap_or_else(|_| panic!("{shown:?}"));
    let caps = risk["caps"].as_array().expect("a list");
    let daily_loss = caps.iter().find(|cap| cap["cap"] == "daily_loss").expect("shown");
    assert_eq!((caps.len(), &daily_loss["limit"]["amount"]), (9, &serde_json::json!("99.00")), "{risk:#}");
}

/// No process, no mark of an unclean end, no server's file.
fn nothing_is_left(place: &Place) {
    assert_eq!(processes::of_folder(place.folder()), []);
    for name in ["postgres/postmaster.pid", "running", "guard.sock"] {
        let left = place.state().join(name);
        assert!(!left.exists(), "{} is left", left.display());
    }
}
