//! The form that lowers limits.

use axum::http::{StatusCode, header};
use rec_api::ApiError;
use rec_domain::{
    Money, Service,
    caps::{Amount, Cap},
    command::{DeskCommand, DeskReply},
    refusal::{Refusal, RefusalCode},
};

use super::support::desk;
use crate::sample;

#[tokio::test]
async fn what_is_filled_in_is_lowered_with_its_reason() {
    let desk = desk();
    let cookie = desk.log_in().await;
    let page = desk.get("/risk", &cookie).await;
    assert_eq!(page.status, StatusCode::OK);
    for cap in Cap::ALL {
        assert!(page.text.contains(&format!("name=\"{cap}\"")), "{cap}");
    }
    let id = sample::decision();
    let sent = format!("decision={id}&daily_loss=5.50&drawdown=&open_trades=&reason=+a+bad+day+");
    let answer = desk.submit("/risk", &cookie, &sent).await;
    assert_eq!((answer.status, answer.header(header::LOCATION)), (StatusCode::SEE_OTHER, "/risk?lowered"));
    let asked = desk.desk.asked.lock().expect("lock").clone();
    let caps = [(Cap::DailyLoss, Amount::Dollars(Money::from_cents(550)))].into();
    assert_eq!(asked[0].command, DeskCommand::TightenCaps { caps, reason: "a bad day".to_owned() });
    assert_eq!((asked.len(), asked[0].decision), (1, id));
}

#[tokio::test]
async fn what_cannot_be_meant_is_marked_and_nothing_typed_is_lost() {
    let desk = desk();
    let cookie = desk.log_in().await;
    for (sent, said) in [
        ("daily_loss=1000000&reason=x", "id=\"daily_loss-error\""),
        ("daily_loss=5&reason=+", "id=\"reason-error\""),
        ("reason=nothing+at+all", "no limit is named"),
    ] {
        let answer = desk.submit("/risk", &cookie, sent).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{sent}");
        assert!(answer.text.contains(said), "{sent}");
    }
    let answer = desk.submit("/risk", &cookie, "open_trades=1.5&daily_loss=5&reason=why").await;
    assert!(answer.text.contains("value=\"1.5\"") && answer.text.contains("value=\"5\""), "{}", answer.text);
    assert!(desk.desk.asked.lock().expect("lock").is_empty());
}

#[tokio::test]
async fn a_form_sent_twice_lowers_once() {
    let desk = desk();
    let cookie = desk.log_in().await;
    let risk = sample::live().desk.expect("desk").value.risk;
    let in_force = risk.caps.iter().find(|known| known.cap == Cap::DailyLoss).expect("shown").limit;
    let answer = desk.submit("/risk", &cookie, &format!("daily_loss={in_force}&reason=x")).await;
    assert_eq!(answer.header(header::LOCATION), "/risk?lowered", "it is in force as it stands");
    assert!(desk.desk.asked.lock().expect("lock").is_empty());
}

#[tokio::test]
async fn a_refusal_is_said_and_an_unknown_outcome_keeps_its_decision() {
    let desk = desk();
    let cookie = desk.log_in().await;
    let id = sample::decision();
    let sent = format!("decision={id}&daily_loss=5&reason=x");
    let refusal = Refusal::new(RefusalCode::NotTighter, "daily_loss is 5.00; 5.00 is not lower");
    *desk.desk.answer.lock().expect("lock") = Ok(DeskReply::Refused(refusal));
    let answer = desk.submit("/risk", &cookie, &sent).await;
    assert!(answer.status.is_client_error() && answer.text.contains("5.00 is not lower"), "{}", answer.text);
    assert!(!answer.text.contains(&id.to_string()), "a refusal is final for its decision");
    *desk.desk.answer.lock().expect("lock") =
        Err(ApiError::Timeout { service: Service::TradeManager, deadline_ms: 2_000 });
    let answer = desk.submit("/risk", &cookie, &sent).await;
    assert_eq!(answer.status, StatusCode::GATEWAY_TIMEOUT);
    assert!(answer.text.contains(&id.to_string()) && answer.text.contains("again is safe"), "{}", answer.text);
}
