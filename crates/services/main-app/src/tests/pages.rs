//! The page as it is sent, before any script runs.

use axum::http::{Method, StatusCode, header};
use rec_domain::TimeSpan;

use super::support::{desk, desk_with, request};
use crate::{
    live::Live,
    pages, sample,
    view::{Moment, PageView, Panel},
};

/// One element a line and nothing twice in a row, so that a change is read easily.
fn tidy(html: &str) -> String {
    let lines = html.split('\n').map(str::trim).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("\n").replace("><", ">\n<")
}

fn panel(panel: Panel, live: &Live, now: Moment) -> String {
    pages::panels::render(panel, &PageView::of(live, &sample::setting(), now)).expect("rendered")
}

#[tokio::test]
async fn the_page_is_complete_without_scripts() {
    let desk = desk();
    let cookie = desk.log_in().await;
    insta::assert_snapshot!("desk", tidy(&desk.get("/", &cookie).await.text));
}

#[tokio::test]
async fn the_page_of_a_desk_that_said_nothing_says_so() {
    let desk = desk_with(&Live::default(), None);
    let cookie = desk.log_in().await;
    let text = desk.get("/", &cookie).await.text;
    for said in [
        "BTC: no open event",
        "no price",
        "No word from trade-manager",
        "No strike table yet",
        "The switches are not known yet.",
        "No word from the entry supervisor.",
        "Ledger and exchange have not been compared yet",
        "0 of 13 healthy",
    ] {
        assert!(text.contains(said), "{said}");
    }
    assert!(!text.contains("data-action=\"halt\""), "there is nobody to ask");
}

#[tokio::test]
async fn the_system_page_puts_open_alerts_first_and_counts_refusals_by_reason() {
    let desk = desk();
    desk.app.hub.record(sample::live().records.expect("sample").value, sample::moment());
    let cookie = desk.log_in().await;
    let text = desk.get("/system", &cookie).await.text;
    let place = |said: &str| text.find(said).unwrap_or_else(|| panic!("{said}: {text}"));
    assert!(place("1 open") < place("user data stale") && place("user data stale") < place("index prints stale"));
    assert!(place("<code title=\"the entry in docs/OPERATIONS.md\">check_failing</code>") > 0);
    assert!(place("cap: orders per minute <code>orders_per_minute</code>") < place("not enough cash"));
    assert!(text.contains("1,204") && desk.get("/", &cookie).await.text.contains("1 open alert"));
}

#[test]
fn halts_stand_with_their_reason_and_only_the_operators_own_can_be_resumed() {
    insta::assert_snapshot!("halted", tidy(&panel(Panel::Safety, &sample::halted(), sample::moment())));
}

#[test]
fn old_values_are_grey_with_their_age() {
    let now = sample::moment();
    let later = TimeSpan::from_seconds(75);
    let old = Moment { market: now.market + later, wall: now.wall + later, ..now };
    let live = sample::live();
    for part in [Panel::Header, Panel::Strikes, Panel::Trades, Panel::Balance, Panel::Health] {
        let html = panel(part, &live, old);
        assert!(html.contains("stale · 7") && html.contains(" stale"), "{}", part.name());
        assert!(!panel(part, &live, now).contains("stale"), "{}", part.name());
    }
}

#[test]
fn what_others_write_cannot_become_markup() {
    let mut live = sample::halted();
    live.desk.as_mut().expect("desk").value.halts[0].reason = "<script>alert(1)</script>".to_owned();
    let html = panel(Panel::Safety, &live, sample::moment());
    assert!(!html.contains("<script") && html.contains("script"), "{html}");
}

#[tokio::test]
async fn nothing_on_the_page_needs_an_inline_script_or_style() {
    let desk = desk();
    let cookie = desk.log_in().await;
    let paths = ["/", "/login", "/strategy", "/system", "/trades/41/close", "/open?ticker=X&side=no"];
    for path in paths {
        let cookie = if path == "/login" { "" } else { &cookie };
        let text = desk.get(path, cookie).await.text;
        assert!(!text.contains(" style=") && !text.contains("<style") && !text.contains("javascript:"));
        let scripts: Vec<_> = text.match_indices("<script").map(|(at, _)| &text[at..at + 40]).collect();
        assert!(
            scripts.iter().all(|script| script.starts_with("<script type=\"module\" src=\"/static/")),
            "{scripts:?}"
        );
        let handlers = [" onclick=", " onload=", " onerror=", " onsubmit="];
        assert!(handlers.iter().all(|handler| !text.contains(handler)));
    }
}

#[tokio::test]
async fn a_browser_is_told_of_a_problem_on_a_page_and_a_program_as_it_is() {
    let desk = desk();
    let cookie = desk.log_in().await;
    let browser = [("accept", "text/html,application/xhtml+xml,*/*;q=0.8")];
    for (path, status, said) in [
        ("/nothing", StatusCode::NOT_FOUND, "There is nothing at this address."),
        ("/trades/9/close", StatusCode::NOT_FOUND, "There is no open trade 9; it may have ended."),
        ("/trades/x/close", StatusCode::BAD_REQUEST, "Invalid URL"),
        ("/open?side=yes", StatusCode::BAD_REQUEST, "ticker"),
        ("/logout", StatusCode::METHOD_NOT_ALLOWED, "Not understood"),
    ] {
        let page = desk.send(request(Method::GET, path, &cookie, &browser, "")).await;
        assert_eq!((page.status, page.header(header::CONTENT_TYPE)), (status, "text/html; charset=utf-8"), "{path}");
        assert!(page.text.contains(said) && page.text.contains("TWIN"), "{path}: {}", page.text);
        assert!(page.text.contains("Go to the desk") && !page.text.contains("Try again"), "{path}");
        let plain = desk.get(path, &cookie).await;
        assert!(plain.status == status && !plain.text.contains("<html"), "{path}: {}", plain.text);
    }
    let api = desk.send(request(Method::GET, "/api/nothing", &cookie, &browser, "")).await;
    assert_eq!(api.code(), "not_found");
}
