//! Orders by hand: what a ticket says, and that sending it twice is one request.

use axum::http::{Method, StatusCode, header};
use rec_api::ApiError;
use rec_domain::{
    Price, Quantity, Service, Side, TradeId,
    command::{DeskCommand, DeskReply, DeskRequest},
    refusal::{Refusal, RefusalCode},
    trade::Origin,
};

use super::support::{Answer, Desk, desk, desk_with, request};
use crate::{live::Live, sample};

const OPEN: &str = "/open?ticker=KXBTCD-26SEP2315-T117499.99&side=yes";

impl Desk {
    /// As a browser posts a form.
    pub(super) async fn submit(&self, path: &str, cookie: &str, body: &str) -> Answer {
        let headers = [("content-type", "application/x-www-form-urlencoded"), ("origin", "http://127.0.0.1:3000")];
        self.send(request(Method::POST, path, cookie, &headers, body)).await
    }
}

fn hidden(html: &str, name: &str) -> String {
    let start = format!("name=\"{name}\" value=\"");
    let after = html.split(&start).nth(1).unwrap_or_else(|| panic!("no {name} in {html}"));
    after.split('"').next().expect("an end").to_owned()
}

fn all_asked(desk: &Desk) -> Vec<DeskRequest> {
    desk.desk.asked.lock().expect("lock").clone()
}

fn body(decision: &str, contracts: &str, limit: &str, reason: &str) -> String {
    let ticker = "KXBTCD-26SEP2315-T117499.99";
    format!("decision={decision}&ticker={ticker}&side=yes&contracts={contracts}&limit={limit}&reason={reason}")
}

#[tokio::test]
async fn an_order_by_hand_asks_for_nothing_that_the_desk_knows_and_says_what_it_can_cost() {
    let desk = desk();
    let cookie = desk.log_in().await;
    assert!(
        desk.get("/", &cookie).await.text.contains("href=\"/open?ticker=KXBTCD-26SEP2315-T117499.99&amp;side=yes\"")
    );
    let ticket = desk.get(OPEN, &cookie).await;
    assert_eq!(ticket.status, StatusCode::OK);
    for said in ["Costs at most $1.02", "98¢", "value=\"1\"", "value=\"99\"", "value=\"by hand\"", "at most 100"] {
        assert!(ticket.text.contains(said), "{said}: {}", ticket.text);
    }
    let more = desk.get(&format!("{OPEN}&contracts=10&limit=95"), &cookie).await;
    assert!(more.text.contains("Costs at most $9.69"), "{}", more.text);
    assert_ne!(hidden(&ticket.text, "decision"), hidden(&more.text, "decision"), "each ticket is a decision");
    assert!(all_asked(&desk).is_empty(), "looking orders nothing");
}

#[tokio::test]
async fn a_double_click_is_one_decision_whatever_happens_in_between() {
    let desk = desk();
    let cookie = desk.log_in().await;
    let decision = hidden(&desk.get(OPEN, &cookie).await.text, "decision");
    let accepted = DeskReply::Accepted { intent: None, trade: Some(TradeId::new(43)) };
    *desk.desk.answer.lock().expect("lock") = Ok(accepted);
    let form = body(&decision, "10", "95", "");
    for _ in 0..2 {
        let answer = desk.submit("/open", &cookie, &form).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED);
        assert!(answer.text.contains("trade #43"), "{}", answer.text);
    }
    let asked = all_asked(&desk);
    assert!(asked.iter().all(|request| request.decision.as_uuid().to_string() == decision), "{asked:?}");
    let DeskCommand::Open(open) = &asked[0].command else { panic!("another command") };
    assert_eq!(
        (open.side, open.quantity, open.limit),
        (Side::Yes, Quantity::from_contracts(10), Price::from_cents(95))
    );
    assert_eq!((open.origin, open.reason.as_str()), (Origin::Manual, "by hand"));
    assert_eq!(open.decided_at, sample::moment().market);
    let evidence: serde_json::Value = serde_json::from_str(&open.evidence).expect("JSON");
    assert_eq!(evidence["row"]["ticker"], open.ticker.as_str());

    // A service that has just started and knows no market passes the same ticket on.
    let fresh = desk_with(&Live::default(), None);
    let cookie = fresh.log_in().await;
    assert_eq!(fresh.submit("/open", &cookie, &form).await.status, StatusCode::ACCEPTED);
    assert_eq!(all_asked(&fresh)[0].decision, asked[0].decision);
}

#[tokio::test]
async fn a_ticket_that_cannot_be_meant_asks_nothing_and_says_why_beside_the_field() {
    let desk = desk();
    let cookie = desk.log_in().await;
    let decision = hidden(&desk.get(OPEN, &cookie).await.text, "decision");
    for (contracts, limit, field) in
        [("0", "95", "contracts"), ("x", "95", "contracts"), ("1", "", "limit"), ("1", "100", "limit")]
    {
        let answer = desk.submit("/open", &cookie, &body(&decision, contracts, limit, "why")).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(answer.text.contains(&format!("id=\"ticket-{field}-error\"")), "{}", answer.text);
        assert_eq!(hidden(&answer.text, "decision"), decision, "it was not asked, so it is the same decision");
    }
    let unreadable = desk.submit("/open", &cookie, "decision=x").await;
    assert!(unreadable.status.is_client_error());
    let foreign = [("content-type", "application/x-www-form-urlencoded"), ("origin", "https://evil.example")];
    let foreign = request(Method::POST, "/open", &cookie, &foreign, &body(&decision, "1", "95", ""));
    assert_eq!(desk.send(foreign).await.code(), "foreign_origin");
    assert!(all_asked(&desk).is_empty());
}

#[tokio::test]
async fn a_close_names_its_limit_and_what_it_brings_at_least() {
    let desk = desk();
    let cookie = desk.log_in().await;
    assert!(desk.get("/", &cookie).await.text.contains("href=\"/trades/41/close\""));
    let ticket = desk.get("/trades/41/close", &cookie).await;
    assert!(ticket.text.contains("Brings at least $9.45"), "{}", ticket.text);
    let decision = hidden(&ticket.text, "decision");
    let none = desk.submit("/trades/41/close", &cookie, &format!("decision={decision}&limit=&reason=")).await;
    assert_eq!(none.status, StatusCode::UNPROCESSABLE_ENTITY);
    let answer =
        desk.submit("/trades/41/close", &cookie, &format!("decision={decision}&limit=93.5&reason=enough")).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    let asked = all_asked(&desk);
    assert_eq!(asked.len(), 1);
    let DeskCommand::Close(close) = &asked[0].command else { panic!("another command") };
    assert_eq!((close.trade, close.limit, close.origin), (TradeId::new(41), Price::from_units(9_350), Origin::Manual));
    assert_eq!(asked[0].decision.as_uuid().to_string(), decision);
    assert_eq!(desk.get("/trades/7/close", &cookie).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_refusal_is_shown_and_silence_offers_the_same_request_again() {
    let desk = desk();
    let cookie = desk.log_in().await;
    let decision = hidden(&desk.get(OPEN, &cookie).await.text, "decision");
    let form = body(&decision, "10", "95", "<b>");
    *desk.desk.answer.lock().expect("lock") = Ok(DeskReply::Refused(Refusal::new(RefusalCode::Cash, "$9.54 needed")));
    let refused = desk.submit("/open", &cookie, &form).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(refused.text.contains("not enough cash ($9.54 needed)") && !refused.text.contains("Ask again"));
    *desk.desk.answer.lock().expect("lock") =
        Err(ApiError::Timeout { service: Service::TradeManager, deadline_ms: 2_000 });
    let silent = desk.submit("/open", &cookie, &form).await;
    assert_eq!(silent.status, StatusCode::GATEWAY_TIMEOUT);
    assert!(silent.text.contains("Ask again") && !silent.text.contains("<b>"), "{}", silent.text);
    assert_eq!(hidden(&silent.text, "decision"), decision);
    assert_eq!(silent.header(header::CACHE_CONTROL), "no-store");
}
