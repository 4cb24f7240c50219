//! The live page over HTTP.

use axum::http::{Method, StatusCode, header};
use futures_util::StreamExt as _;
use tower::ServiceExt as _;

use super::support::{desk, request};
use crate::sample;

#[tokio::test]
async fn a_follower_gets_the_whole_picture_then_changes_and_ends_with_the_session() {
    let desk = desk();
    let cookie = desk.log_in().await;
    let response =
        desk.router.clone().oneshot(request(Method::GET, "/api/stream", &cookie, &[], "")).await.expect("infallible");
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()[header::CONTENT_TYPE], "text/event-stream");
    assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
    let mut body = response.into_body().into_data_stream();
    let first = String::from_utf8(body.next().await.expect("a picture").expect("body").to_vec()).expect("text");
    assert!(first.starts_with("retry: 2000\n\nevent: clock\n"));
    assert!(first.contains("event: strikes\n") && first.contains("$118,250"));
    desk.app.hub.publish(&desk.app.setting, sample::moment());
    let second = body.next().await.expect("clocks").expect("body");
    assert!(second.starts_with(b"event: clock\n"));
    assert_eq!(desk.post("/api/auth/logout", &cookie, "").await.status, StatusCode::NO_CONTENT);
    assert!(body.next().await.is_none(), "logging out ends the stream");
}
