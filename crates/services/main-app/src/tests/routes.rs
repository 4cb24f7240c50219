//! Who gets in.

use axum::http::{HeaderValue, Method, StatusCode, header};

use super::support::{desk, request};
use crate::{routes::routes, security::Access};

const METHODS: [Method; 4] = [Method::GET, Method::HEAD, Method::POST, Method::DELETE];

#[tokio::test]
async fn no_route_but_those_of_the_log_in_answers_without_a_session() {
    let desk = desk();
    let mut open = Vec::new();
    for route in routes() {
        let path = route.path.replace("{id}", "1");
        for method in METHODS {
            for cookie in ["", "rec_session_3000=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
                let headers = [("x-rec-desk", "page"), ("content-type", "application/json")];
                let answer = desk.send(request(method.clone(), &path, cookie, &headers, "{}")).await;
                match route.access {
                    Access::Everyone => open.push(route.path),
                    Access::Page => {
                        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{method} {path}");
                        assert_eq!(answer.header(header::LOCATION), "/login", "{method} {path}");
                    }
                    Access::Api => {
                        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{method} {path}");
                        assert!(method == Method::HEAD || answer.code() == "unauthorized", "{method} {path}");
                    }
                }
            }
        }
    }
    open.dedup();
    // Whoever makes this list longer opens the desk to everyone.
    assert_eq!(open, ["/login", "/api/auth/login", "/static/logo.svg", "/static/base.css", "/static/login.css"]);
    assert!(desk.desk.asked.lock().expect("lock").is_empty());
}

#[tokio::test]
async fn what_does_not_exist_is_not_told_to_strangers() {
    let desk = desk();
    assert_eq!(desk.get("/nothing", "").await.status, StatusCode::SEE_OTHER);
    assert_eq!(desk.get("/api/nothing", "").await.status, StatusCode::UNAUTHORIZED);
    let cookie = desk.log_in().await;
    assert_eq!(desk.get("/nothing", &cookie).await.status, StatusCode::NOT_FOUND);
    assert_eq!(desk.get("/api/nothing", &cookie).await.code(), "not_found");
}

#[tokio::test]
async fn every_answer_forbids_frames_inline_scripts_and_caches() {
    let desk = desk();
    let cookie = desk.log_in().await;
    for (path, cookie) in [("/login", ""), ("/", &*cookie), ("/", ""), ("/api/ports", &cookie), ("/api/ports", "")] {
        let answer = desk.get(path, cookie).await;
        let policy = answer.header(header::CONTENT_SECURITY_POLICY);
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{path}");
        assert!(!policy.contains("unsafe"), "{path}");
        assert_eq!(answer.header(header::X_FRAME_OPTIONS), "DENY");
        assert_eq!(answer.header(header::X_CONTENT_TYPE_OPTIONS), "nosniff");
        assert_eq!(answer.header(header::REFERRER_POLICY), "same-origin");
        assert_eq!(answer.header(header::CACHE_CONTROL), "no-store", "{path}");
        assert!(!answer.headers.contains_key(header::STRICT_TRANSPORT_SECURITY), "not behind TLS");
    }
    let behind_tls = super::support::desk_with(&crate::sample::live(), Some("desk.example.org"));
    assert!(behind_tls.get("/login", "").await.headers.contains_key(header::STRICT_TRANSPORT_SECURITY));
}

#[tokio::test]
async fn what_another_site_sends_is_refused_before_it_is_looked_at() {
    let desk = desk();
    let cookie = desk.log_in().await;
    let body = r#"{"reason":"csrf"}"#;
    let json = ("content-type", "application/json");
    for (code, headers) in [
        ("mark", vec![json]),
        ("foreign_origin", vec![json, ("x-rec-desk", "page"), ("origin", "https://evil.example")]),
        ("foreign_origin", vec![json, ("x-rec-desk", "page"), ("sec-fetch-site", "cross-site")]),
    ] {
        let answer = desk.send(request(Method::POST, "/api/halt", &cookie, &headers, body)).await;
        assert_eq!((answer.status, answer.code().as_str()), (StatusCode::FORBIDDEN, code));
    }
    for path in ["/login", "/logout"] {
        let headers = [("origin", "https://evil.example")];
        let answer = desk.send(request(Method::POST, path, &cookie, &headers, "")).await;
        assert_eq!(answer.code(), "foreign_origin");
    }
    assert!(desk.desk.asked.lock().expect("lock").is_empty());
    let headers =
        [json, ("x-rec-desk", "page"), ("origin", "http://127.0.0.1:3000"), ("sec-fetch-site", "same-origin")];
    let answer = desk.send(request(Method::POST, "/api/halt", &cookie, &headers, body)).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn files_are_sent_again_only_when_they_changed() {
    let desk = desk();
    let first = desk.get("/static/base.css", "").await;
    assert_eq!((first.status, first.header(header::CACHE_CONTROL)), (StatusCode::OK, "no-cache"));
    let tag = HeaderValue::from_str(first.header(header::ETAG)).expect("tag");
    let mut again = request(Method::GET, "/static/base.css", "", &[], "");
    again.headers_mut().insert(header::IF_NONE_MATCH, tag);
    let again = desk.send(again).await;
    assert_eq!((again.status, again.text.as_str()), (StatusCode::NOT_MODIFIED, ""));
}
