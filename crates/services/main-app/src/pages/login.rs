//! The log-in page, and one-time log-in links.

use askama::Template;
use axum::{
    Form,
    extract::{Query, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use tracing::error;

use super::{html, said::sentence};
use crate::{
    app::Shared,
    auth::{LogInError, service::Begun},
    security::{ClientAddress, access},
    view::page::BannerView,
};

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage<'a> {
    banner: BannerView,
    message: Option<&'a str>,
    username: &'a str,
}

#[derive(Template)]
#[template(path = "continue.html")]
struct ContinuePage;

#[derive(Deserialize)]
pub(crate) struct Link {
    token: Option<String>,
}

/// The form's fields.
#[derive(Deserialize)]
pub(crate) struct LoginForm {
    username: String,
    password: String,
    #[serde(default)]
    remember: Option<String>,
}

/// `GET /login`: the form, or with `?token=` a log-in that works once.
pub(crate) async fn show(
    State(app): State<Shared>,
    ClientAddress(address): ClientAddress,
    Query(link): Query<Link>,
    method: Method,
    headers: HeaderMap,
) -> Response {
    // Whoever is logged in keeps his session, and his link.
    if let Ok(Some(_already)) = access::look_up(&app, &headers).await {
        return go_on(&headers);
    }
    match link.token {
        // Looking at the head of a page must not use a link up.
        Some(token) if method == Method::GET => match app.auth.log_in_once(&token, address).await {
            Ok(begun) => welcome(&app, &begun, go_on(&headers)),
            Err(failure) => refuse(&app, &failure, ""),
        },
        _ => form(&app, StatusCode::OK, None, ""),
    }
}

/// `POST /login`.
pub(crate) async fn submit(
    State(app): State<Shared>,
    ClientAddress(address): ClientAddress,
    Form(form): Form<LoginForm>,
) -> Response {
    let remember = form.remember.is_some();
    match app.auth.log_in(&form.username, &form.password, remember, address).await {
        Ok(begun) => welcome(&app, &begun, Redirect::to("/").into_response()),
        Err(failure) => refuse(&app, &failure, &form.username),
    }
}

/// To the desk. A browser that came from another site (a terminal in a browser, a mail) does not send a strict cookie
/// along a redirect, only after a page of our own.
fn go_on(headers: &HeaderMap) -> Response {
    let from_elsewhere = headers
        .get("sec-fetch-site")
        .is_some_and(|site| site.as_bytes() == b"cross-site" || site.as_bytes() == b"same-site");
    if from_elsewhere { html(StatusCode::OK, &ContinuePage) } else { Redirect::to("/").into_response() }
}

fn welcome(app: &Shared, begun: &Begun, mut response: Response) -> Response {
    if let Some(cookie) = app.auth.cookies.give(&begun.token, begun.life, begun.remember) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

fn refuse(app: &Shared, failure: &LogInError, username: &str) -> Response {
    let (status, message) = match failure {
        LogInError::Wrong | LogInError::SpentLink => (StatusCode::UNAUTHORIZED, failure.to_string()),
        LogInError::TooMany(_) => (StatusCode::TOO_MANY_REQUESTS, failure.to_string()),
        LogInError::Store(_) => {
            error!(%failure, "log-in not possible");
            let message = "log-in is not possible now: the database does not answer".to_owned();
            (StatusCode::SERVICE_UNAVAILABLE, message)
        }
    };
    let mut response = form(app, status, Some(&sentence(&message)), username);
    if let LogInError::TooMany(wait) = failure {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
    }
    response
}

fn form(app: &Shared, status: StatusCode, message: Option<&str>, username: &str) -> Response {
    let banner = BannerView::of(app.setting.mode, (app.now)());
    let username: String = username.chars().take(64).collect();
    html(status, &LoginPage { banner, message, username: &username })
}
