//! What the operator asks for.

use std::sync::Arc;

use axum::http::StatusCode;
use rec_api::{
    ApiError,
    guard::{EntryGroup, GroupWord, GuardMessage, MOST_BYTES},
};
use rec_domain::{
    ExchangeIndex, Money, OrderGroupId, Price, Service, TimeSpan, TradeId,
    arming::Factor,
    caps::{Amount, Cap},
    command::{DeskCommand, DeskReply},
    halt::HaltSource,
    refusal::{Refusal, RefusalCode},
    trade::Origin,
};

use super::support::{Desk, desk, desk_beside};
use crate::sample;

fn asked(desk: &Desk) -> DeskCommand {
    let asked = desk.desk.asked.lock().expect("lock");
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].requester, "operator");
    asked[0].command.clone()
}

#[tokio::test]
async fn a_halt_goes_to_trade_manager_with_its_reason_and_the_browsers_identity() {
    let desk = desk();
    let cookie = desk.log_in().await;
    let id = sample::decision();
    let body = format!(r#"{{"decision":"{id}","reason":"  out for lunch "}}"#);
    let answer = desk.post("/api/halt", &cookie, &body).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    assert!(answer.text.contains(&id.to_string()));
    assert_eq!(desk.desk.asked.lock().expect("lock")[0].decision, id);
    assert_eq!(asked(&desk), DeskCommand::Halt { source: HaltSource::Operator, reason: "out for lunch".to_owned() });
}

#[tokio::test]
async fn the_operator_ends_his_own_halt_and_resets_a_group_but_ends_no_other() {
    let desk = desk();
    let cookie = desk.log_in().await;
    for source in ["failure", "clock"] {
        let answer = desk.post("/api/resume", &cookie, &format!(r#"{{"source":"{source}","reason":"x"}}"#)).await;
        assert_eq!((answer.status, answer.code().as_str()), (StatusCode::CONFLICT, "not_yours"));
    }
    for (word, source) in [("order_group", HaltSource::OrderGroup), ("reconciliation", HaltSource::Reconciliation)] {
        let answer = desk.post("/api/resume", &cookie, &format!(r#"{{"source":"{word}","reason":"seen"}}"#)).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{word}");
        let last = desk.desk.asked.lock().expect("lock").pop().expect("handed on");
        assert_eq!(last.command, DeskCommand::Resume { source, reason: "seen".to_owned() });
    }
    assert_eq!(desk.post("/api/resume", &cookie, r#"{"reason":"back"}"#).await.status, StatusCode::ACCEPTED);
    assert_eq!(asked(&desk), DeskCommand::Resume { source: HaltSource::Operator, reason: "back".to_owned() });
}

#[tokio::test]
async fn arming_hands_the_code_on_and_a_finding_of_the_browsers_own_is_no_code() {
    let desk = desk();
    let cookie = desk.log_in().await;
    for body in [
        r#"{"minutes":480,"reason":"x"}"#,
        r#"{"minutes":480,"code":"287 082","reason":" "}"#,
        r#"{"minutes":-1,"code":"287082","reason":"x"}"#,
        r#"{"minutes":480,"factor":{"factor":"right","step":1},"code":"","reason":"x"}"#,
    ] {
        assert!(desk.post("/api/arm", &cookie, body).await.status.is_client_error(), "{body}");
    }
    assert!(desk.desk.asked.lock().expect("lock").is_empty());
    let answer = desk.post("/api/arm", &cookie, r#"{"minutes":480,"code":"287 082","reason":"the week begins"}"#).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    let DeskCommand::Arm(arm) = asked(&desk) else { panic!("another command") };
    assert_eq!((arm.duration, arm.take_over), (TimeSpan::from_minutes(480), false));
    assert!(matches!(arm.factor, Factor::Code { code } if code.expose() == "287082"));
}

#[tokio::test]
async fn disarming_and_flattening_go_to_trade_manager_with_their_reason_and_limit() {
    let desk = desk();
    let cookie = desk.log_in().await;
    assert_eq!(desk.post("/api/disarm", &cookie, r#"{"reason":"enough"}"#).await.status, StatusCode::ACCEPTED);
    assert_eq!(asked(&desk), DeskCommand::Disarm { reason: "enough".to_owned() });
    desk.desk.asked.lock().expect("lock").clear();
    assert!(desk.post("/api/flatten", &cookie, r#"{"reason":"enough"}"#).await.status.is_client_error(), "no limit");
    let answer = desk.post("/api/flatten", &cookie, r#"{"limit":"0.0100","reason":"enough"}"#).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    let DeskCommand::Flatten(flatten) = asked(&desk) else { panic!("another command") };
    assert_eq!((flatten.limit, flatten.reason.as_str()), (Price::from_cents(1), "enough"));
}

#[tokio::test]
async fn a_kill_halts_the_desk_and_says_when_the_guard_does_not_answer() {
    let desk = desk();
    let cookie = desk.log_in().await;
    let answer = desk.post("/api/kill", &cookie, r#"{"reason":"enough"}"#).await;
    assert_eq!((answer.status, answer.code().as_str()), (StatusCode::SERVICE_UNAVAILABLE, "guard"));
    assert!(answer.text.contains("the desk is halted") && answer.text.contains("rec kill"), "{}", answer.text);
    assert_eq!(asked(&desk), DeskCommand::Halt { source: HaltSource::Operator, reason: "enough".to_owned() });
}

#[tokio::test]
async fn a_kill_that_did_not_halt_the_desk_is_no_success_though_the_groups_are_tripped() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("guard.sock");
    let guard = tokio::net::UnixDatagram::bind(&path).expect("bound");
    let tripped = GroupWord {
        group: EntryGroup { exchange_index: ExchangeIndex::new(2), group: OrderGroupId::new("entry") },
        tripped: true,
        why_not: None,
    };
    tokio::spawn(async move {
        let mut bytes = vec![0; MOST_BYTES];
        while let Ok((length, sender)) = guard.recv_from(&mut bytes).await {
            if serde_json::from_slice(&bytes[..length]).ok() == Some(GuardMessage::Groups) {
                let words = serde_json::to_vec(&[&tripped]).expect("JSON");
                guard.send_to(&words, sender.as_pathname().expect("named")).await.expect("heard");
            }
        }
    });
    let desk = desk_beside(&sample::live(), None, Arc::new(sample::moment), path);
    let cookie = desk.log_in().await;
    let body = r#"{"reason":"enough"}"#;
    assert_eq!(desk.post("/api/kill", &cookie, body).await.status, StatusCode::ACCEPTED);
    let gone = ApiError::Unreachable { service: Service::TradeManager, detail: "gone".to_owned() };
    *desk.desk.answer.lock().expect("lock") = Err(gone);
    let answer = desk.post("/api/kill", &cookie, body).await;
    assert_eq!((answer.status, answer.code().as_str()), (StatusCode::SERVICE_UNAVAILABLE, "not_halted"));
    assert!(answer.text.contains("the entry groups are tripped"), "{}", answer.text);
}

#[tokio::test]
async fn a_switch_changes_nothing_else() {
    let desk = desk();
    let cookie = desk.log_in().await;
    assert_eq!(desk.post("/api/automation", &cookie, r#"{"auto_entry":false}"#).await.status, StatusCode::ACCEPTED);
    let DeskCommand::SetAutomation { settings, .. } = asked(&desk) else { panic!("another command") };
    let mut expected = sample::live().desk.expect("desk").value.settings;
    expected.auto_entry = false;
    assert_eq!(settings, expected);
}

#[tokio::test]
async fn caps_are_lowered_by_name_and_what_is_no_amount_is_refused_before_it_is_asked_for() {
    let desk = desk();
    let cookie = desk.log_in().await;
    for (caps, status) in [
        (r#"{"open_trades":"1.5"}"#, StatusCode::UNPROCESSABLE_ENTITY),
        (r#"{"daily_loss":"much"}"#, StatusCode::UNPROCESSABLE_ENTITY),
        (r#"{"no_such_cap":"1"}"#, StatusCode::UNPROCESSABLE_ENTITY),
        (r#"{"daily_loss":"50.00","open_trades":"3"}"#, StatusCode::ACCEPTED),
    ] {
        let answer = desk.post("/api/risk", &cookie, &format!(r#"{{"caps":{caps},"reason":"a bad day"}}"#)).await;
        assert_eq!(answer.status, status, "{caps}: {}", answer.text);
    }
    let caps = [(Cap::DailyLoss, Amount::Dollars(Money::from_dollars(50))), (Cap::OpenTrades, Amount::Count(3))];
    assert_eq!(asked(&desk), DeskCommand::TightenCaps { caps: caps.into(), reason: "a bad day".to_owned() });
}

#[tokio::test]
async fn settings_that_cannot_be_meant_are_refused_before_they_are_asked_for() {
    let desk = desk();
    let cookie = desk.log_in().await;
    let mut settings = sample::live().desk.expect("desk").value.settings;
    settings.min_time_seconds = settings.max_time_seconds + 1;
    let body = serde_json::json!({ "settings": settings }).to_string();
    let answer = desk.post("/api/automation", &cookie, &body).await;
    assert_eq!((answer.status, answer.code().as_str()), (StatusCode::UNPROCESSABLE_ENTITY, "bad_settings"));
    assert!(answer.text.contains("min_time_seconds"));
    let answer = desk.post("/api/automation", &cookie, "{}").await;
    assert_eq!(answer.code(), "nothing_asked");
    assert!(desk.desk.asked.lock().expect("lock").is_empty());
}

#[tokio::test]
async fn a_close_always_has_a_limit_and_a_reason() {
    let desk = desk();
    let cookie = desk.log_in().await;
    for body in [
        r#"{"reason":"x"}"#,
        r#"{"limit":"0","reason":"x"}"#,
        r#"{"limit":"1.00","reason":"x"}"#,
        r#"{"limit":"0.93","reason":"  "}"#,
        r#"{"limit":"0.93","reason":"x","market":true}"#,
        "{",
    ] {
        let answer = desk.post("/api/trades/41/close", &cookie, body).await;
        assert!(answer.status.is_client_error(), "{body}: {}", answer.status);
        let _it_has_a_code = answer.code();
    }
    assert!(desk.desk.asked.lock().expect("lock").is_empty());
    let answer = desk.post("/api/trades/41/close", &cookie, r#"{"limit":"0.9350","reason":"enough"}"#).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    let DeskCommand::Close(close) = asked(&desk) else { panic!("another command") };
    assert_eq!((close.trade, close.limit, close.origin), (TradeId::new(41), Price::from_units(9_350), Origin::Manual));
    assert_eq!(close.decided_at, sample::moment().market);
}

#[tokio::test]
async fn a_refusal_comes_back_as_a_problem_with_its_code() {
    let desk = desk();
    let cookie = desk.log_in().await;
    *desk.desk.answer.lock().expect("lock") =
        Ok(DeskReply::Refused(Refusal::new(RefusalCode::AlreadyClosing, "trade 41 is closing already")));
    let answer = desk.post("/api/trades/41/close", &cookie, r#"{"limit":"0.93","reason":"x"}"#).await;
    assert_eq!((answer.status, answer.code().as_str()), (StatusCode::CONFLICT, "already_closing"));
    *desk.desk.answer.lock().expect("lock") =
        Err(ApiError::Timeout { service: Service::TradeManager, deadline_ms: 2_000 });
    let answer = desk.post("/api/halt", &cookie, r#"{"reason":"x"}"#).await;
    assert_eq!((answer.status, answer.code().as_str()), (StatusCode::GATEWAY_TIMEOUT, "timeout"));
}

#[tokio::test]
async fn ports_status_and_state_answer_the_operator() {
    let desk = desk();
    let cookie = desk.log_in().await;
    let ports = desk.get("/api/ports", &cookie).await;
    assert_eq!(ports.text, r#"{"main_app":3000,"trade_manager":4000}"#);
    for answer in [
        desk.get("/api/admin/supervisor-status", &cookie).await,
        desk.post("/api/admin/supervisor-status", &cookie, "").await,
    ] {
        let status: serde_json::Value = serde_json::from_str(&answer.text).expect("JSON");
        assert_eq!((&status["success"], &status["all_healthy"]), (&true.into(), &false.into()));
        assert_eq!(status["services"].as_array().expect("list").len(), Service::ALL.len());
        let output = status["output"].as_str().expect("text");
        assert!(output.contains("kalshi_account_sync             UNHEALTHY  user data is 6.2 s old"), "{output}");
    }
    let state: serde_json::Value = serde_json::from_str(&desk.get("/api/state", &cookie).await.text).expect("JSON");
    assert_eq!(state["mode"], "twin");
    assert_eq!(state["state"]["spot"]["value"], "118082.01");
    assert_eq!(state["state"]["desk"]["value"]["trades"].as_array().expect("list").len(), 2);
}
