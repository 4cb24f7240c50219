//! Logging in and out.

use axum::http::{Method, StatusCode, header};

use super::support::{Desk, NAME, PASSWORD, desk, desk_with, request};
use crate::{auth::SecretToken, sample};

async fn submit(desk: &Desk, name: &str, password: &str) -> super::support::Answer {
    let form = format!("username={name}&password={}&remember=true", password.replace(' ', "+"));
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("origin", "http://127.0.0.1:3000")];
    desk.send(request(Method::POST, "/login", "", &headers, &form)).await
}

#[tokio::test]
async fn name_and_password_open_the_desk_and_logging_out_closes_it() {
    let desk = desk();
    let answer = submit(&desk, NAME, PASSWORD).await;
    assert_eq!((answer.status, answer.header(header::LOCATION)), (StatusCode::SEE_OTHER, "/"));
    let given = answer.header(header::SET_COOKIE);
    assert!(given.contains("HttpOnly") && given.contains("SameSite=Strict") && given.contains("Max-Age=2592000"));
    let cookie = answer.cookie();
    assert_eq!(desk.get("/", &cookie).await.status, StatusCode::OK);
    let token = SecretToken::parse(cookie.split_once('=').expect("cookie").1).expect("token");
    assert_eq!(desk.store.hashes(), [token.hash()], "only the hash is stored");
    let out = desk.send(request(Method::POST, "/logout", &cookie, &[], "")).await;
    assert_eq!((out.status, out.header(header::LOCATION)), (StatusCode::SEE_OTHER, "/login"));
    assert!(out.header(header::SET_COOKIE).contains("Max-Age=0"));
    assert_eq!(desk.get("/", &cookie).await.status, StatusCode::SEE_OTHER, "the old cookie opens nothing");
}

#[tokio::test]
async fn a_wrong_name_and_a_wrong_password_look_the_same() {
    let desk = desk();
    let wrong_password = submit(&desk, NAME, "wrong horse battery").await;
    let wrong_name = submit(&desk, "nobody-known", PASSWORD).await;
    assert_eq!((wrong_password.status, wrong_name.status), (StatusCode::UNAUTHORIZED, StatusCode::UNAUTHORIZED));
    assert!(wrong_password.text.contains("Name or password is wrong."));
    assert_eq!(wrong_password.text, wrong_name.text.replace("nobody-known", NAME));
    assert!(!wrong_password.headers.contains_key(header::SET_COOKIE));
    assert!(!wrong_password.text.contains("wrong horse"), "the password is not repeated");
}

#[tokio::test]
async fn after_too_many_wrong_ones_even_the_right_password_waits() {
    let desk = desk();
    for _ in 0..3 {
        assert_eq!(submit(&desk, NAME, "wrong horse battery").await.status, StatusCode::UNAUTHORIZED);
    }
    let answer = submit(&desk, NAME, PASSWORD).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(answer.header(header::RETRY_AFTER).parse::<u64>().expect("seconds") <= 60);
    let body = format!(r#"{{"username":"{NAME}","password":"{PASSWORD}"}}"#);
    let answer = desk.post("/api/auth/login", "", &body).await;
    assert_eq!(answer.code(), "too_many_logins");
}

#[tokio::test]
async fn right_log_ins_are_not_counted() {
    let desk = desk();
    for _ in 0..5 {
        let _cookie = desk.log_in().await;
    }
}

#[tokio::test]
async fn a_link_opens_the_desk_once() {
    let desk = desk();
    let path = format!("/login?token={}", desk.link().expose());
    let head = desk.send(request(Method::HEAD, &path, "", &[], "")).await;
    assert!(!head.headers.contains_key(header::SET_COOKIE), "a preview does not use the link up");
    let first = desk.get(&path, "").await;
    assert_eq!((first.status, first.header(header::LOCATION)), (StatusCode::SEE_OTHER, "/"));
    assert_eq!(desk.get("/", &first.cookie()).await.status, StatusCode::OK);
    let second = desk.get(&path, "").await;
    assert_eq!(second.status, StatusCode::UNAUTHORIZED);
    assert!(second.text.contains("used already") && !second.headers.contains_key(header::SET_COOKIE));
    let again = desk.get(&path, &first.cookie()).await;
    assert_eq!(again.header(header::LOCATION), "/", "whoever is logged in already goes on");
    for wrong in ["x", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
        assert_eq!(desk.get(&format!("/login?token={wrong}"), "").await.status, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn a_link_in_another_site_leads_over_a_page_of_our_own() {
    let desk = desk();
    let path = format!("/login?token={}", desk.link().expose());
    let answer = desk.send(request(Method::GET, &path, "", &[("sec-fetch-site", "cross-site")], "")).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.text.contains("http-equiv=\"refresh\"") && answer.cookie().starts_with("rec_session_3000="));
}

#[tokio::test]
async fn the_api_logs_in_and_out() {
    let desk = desk();
    let wrong = desk.post("/api/auth/login", "", r#"{"username":"operator","password":"no"}"#).await;
    assert_eq!((wrong.status, wrong.code().as_str()), (StatusCode::UNAUTHORIZED, "wrong_login"));
    let body = format!(r#"{{"username":"{NAME}","password":"{PASSWORD}"}}"#);
    let answer = desk.post("/api/auth/login", "", &body).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(!answer.header(header::SET_COOKIE).contains("Max-Age"), "not remembered: gone with the browser");
    let cookie = answer.cookie();
    assert!(!answer.text.contains(cookie.split_once('=').expect("cookie").1), "the session is in the cookie only");
    assert_eq!(desk.post("/api/auth/logout", &cookie, "").await.status, StatusCode::NO_CONTENT);
    assert_eq!(desk.get("/api/ports", &cookie).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn without_the_database_nobody_gets_in_and_the_page_says_so() {
    let desk = desk();
    let answer = submit(&desk, "broken", PASSWORD).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.text.contains("database does not answer"));
}

#[tokio::test]
async fn behind_tls_the_cookie_is_secure() {
    let desk = desk_with(&sample::live(), Some("desk.example.org"));
    let answer = desk.get(&format!("/login?token={}", desk.link().expose()), "").await;
    let given = answer.header(header::SET_COOKIE);
    assert!(given.starts_with("__Host-rec_session=") && given.contains("; Secure"));
}
