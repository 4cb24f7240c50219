use std::{sync::Arc, time::Duration};

use rec_domain::{
    DecisionId, Service, TimeSpan,
    command::{DeskCommand, DeskReply, DeskRequest},
    halt::HaltSource,
    refusal::{Refusal, RefusalCode},
};

use super::*;
use crate::{ApiError, ServiceToken};

fn halt(reason: &str) -> DeskRequest {
    DeskRequest {
        decision: DecisionId::of(reason),
        requester: "operator".to_owned(),
        command: DeskCommand::Halt { source: HaltSource::Operator, reason: reason.to_owned() },
    }
}

const ACCEPTED: DeskReply = DeskReply::Accepted { intent: None, trade: None };

/// A desk that accepts, but refuses what is asked with the reason "refuse" and never answers "silence".
fn desk(deadline: Duration) -> LocalDesk {
    let (desk, mut inbox) = channel(8);
    tokio::spawn(async move {
        let mut silent = Vec::new();
        while let Some(call) = inbox.recv().await {
            let DeskCall::Request { request, reply } = call else { continue };
            match &request.command {
                DeskCommand::Halt { reason, .. } if reason == "refuse" => {
                    reply.send(DeskReply::Refused(Refusal::new(RefusalCode::NotLeading, "no lease")));
                }
                DeskCommand::Halt { reason, .. } if reason == "silence" => silent.push(reply),
                _ => reply.send(ACCEPTED),
            }
        }
    });
    desk.with_deadline(deadline)
}

async fn served(desk: LocalDesk, token: &str) -> String {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    let app = router(Arc::new(desk), ServiceToken::new(token));
    tokio::spawn(async move { axum::serve(listener, app).await });
    format!("http://{address}")
}

async fn http(base: &str, token: &str, deadline: Duration) -> HttpDesk {
    HttpDesk::new(base, ServiceToken::new(token), deadline).expect("client")
}

#[tokio::test]
async fn both_forms_give_the_same_answers() {
    let long = Duration::from_secs(5);
    let local = desk(long);
    let base = served(local.clone(), "secret").await;
    let remote = http(&base, "secret", long).await;
    for form in [&local as &dyn DeskApi, &remote] {
        assert_eq!(form.request(halt("now")).await, Ok(ACCEPTED));
        let refused = form.request(halt("refuse")).await;
        assert_eq!(refused, Ok(DeskReply::Refused(Refusal::new(RefusalCode::NotLeading, "no lease"))));
        assert_eq!(form.inbox_hint().await, Ok(()));
    }
}

#[tokio::test]
async fn the_newest_word_on_the_exchanges_clock_arrives_by_both_forms() {
    let (local, mut inbox) = channel(1);
    let base = served(local.clone(), "secret").await;
    let remote = http(&base, "secret", Duration::from_secs(5)).await;
    for form in [&local as &dyn DeskApi, &remote] {
        for millis in [4, -1_500] {
            assert_eq!(form.exchange_clock(TimeSpan::from_millis(millis)).await, Ok(()));
        }
        let told = inbox.recv().await;
        assert!(
            matches!(told, Some(DeskCall::ExchangeClock { ahead }) if ahead == TimeSpan::from_millis(-1_500)),
            "{told:?}"
        );
        assert!(inbox.try_recv().is_none());
    }
}

#[tokio::test]
async fn silence_is_uncertain_in_both_forms() {
    let short = Duration::from_millis(30);
    let local = desk(short);
    let error = local.request(halt("silence")).await.expect_err("no answer");
    assert_eq!(error, ApiError::Timeout { service: Service::TradeManager, deadline_ms: 30 });
    let base = served(desk(Duration::from_secs(5)), "secret").await;
    let error = http(&base, "secret", short).await.request(halt("silence")).await.expect_err("no answer");
    assert!(error.is_uncertain(), "{error}");
    // Also when it is the other side that has waited long enough.
    let base = served(desk(short), "secret").await;
    let error = http(&base, "secret", Duration::from_secs(5)).await.request(halt("silence")).await.expect_err("none");
    assert!(error.is_uncertain(), "{error}");
}

#[tokio::test]
async fn a_wrong_token_and_an_absent_desk_are_told_apart() {
    let long = Duration::from_secs(5);
    let base = served(desk(long), "secret").await;
    let error = http(&base, "guess", long).await.request(halt("now")).await.expect_err("wrong token");
    assert_eq!(error, ApiError::Unauthorized { service: Service::TradeManager });
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let nobody = format!("http://{}", listener.local_addr().expect("bound"));
    drop(listener);
    let error = http(&nobody, "secret", long).await.request(halt("now")).await.expect_err("nobody listens");
    assert!(matches!(error, ApiError::Unreachable { .. }), "{error}");
    let (gone, inbox) = channel(1);
    drop(inbox);
    let error = gone.request(halt("now")).await.expect_err("nobody listens");
    assert!(matches!(error, ApiError::Unreachable { .. }), "{error}");
}

#[tokio::test]
async fn a_full_queue_refuses_and_hints_take_no_place() {
    let (desk, mut inbox) = channel(1);
    let desk = desk.with_deadline(Duration::from_millis(20));
    let waits = tokio::spawn({
        let desk = desk.clone();
        async move { desk.request(halt("first")).await }
    });
    tokio::task::yield_now().await;
    let error = desk.request(halt("second")).await.expect_err("no room");
    assert!(matches!(error, ApiError::Refused { status: 503, .. }) && !error.is_uncertain(), "{error}");
    for _ in 0..10 {
        assert_eq!(desk.inbox_hint().await, Ok(()));
        assert_eq!(desk.answers_hint().await, Ok(()));
    }
    assert!(matches!(inbox.recv().await, Some(DeskCall::AnswersHint)));
    assert!(matches!(inbox.recv().await, Some(DeskCall::InboxHint)));
    assert!(matches!(inbox.recv().await, Some(DeskCall::Request { .. })));
    assert!(inbox.try_recv().is_none(), "ten hints became one");
    assert!(waits.await.expect("ends").expect_err("never answered").is_uncertain());
}
