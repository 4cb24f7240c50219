//! `POST /api/auth/login` and `POST /api/auth/logout`.

use axum::{
    Extension, Json,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use rec_api::Problem;
use serde::Deserialize;
use serde_json::json;
use tracing::{error, info};

use super::command::{Body, readable};
use crate::{
    app::Shared,
    auth::LogInError,
    security::{ClientAddress, LoggedIn},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LogInBody {
    username: String,
    password: String,
    #[serde(default)]
    remember: bool,
}

/// Logs in; the session is in the cookie only.
pub(crate) async fn log_in(
    State(app): State<Shared>,
    ClientAddress(address): ClientAddress,
    body: Body<LogInBody>,
) -> Result<Response, Response> {
    let body = readable(body).map_err(IntoResponse::into_response)?;
    let begun = app.auth.log_in(&body.username, &body.password, body.remember, address).await.map_err(refusal)?;
    let mut response = Json(json!({ "success": true, "username": begun.operator.name })).into_response();
    if let Some(cookie) = app.auth.cookies.give(&begun.token, begun.life, begun.remember) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// Logs out: the session ends, and with it every stream that it opened.
pub(crate) async fn log_out(
    State(app): State<Shared>,
    Extension(who): Extension<LoggedIn>,
) -> Result<Response, Problem> {
    end(&app, &who).await?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    if let Some(cookie) = app.auth.cookies.take() {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// Ends a session.
pub(crate) async fn end(app: &Shared, who: &LoggedIn) -> Result<(), Problem> {
    if let Err(failure) = app.auth.log_out(who.session).await {
        error!(%failure, "not logged out");
        let detail = "the session could not be ended: the database does not answer";
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "database", detail));
    }
    app.hub.drop_session(who.session);
    info!(user = %who.operator.name, "logged out");
    Ok(())
}

fn refusal(failure: LogInError) -> Response {
    let (status, code) = match &failure {
        LogInError::Wrong | LogInError::SpentLink => (StatusCode::UNAUTHORIZED, "wrong_login"),
        LogInError::TooMany(_) => (StatusCode::TOO_MANY_REQUESTS, "too_many_logins"),
        LogInError::Store(_) => (StatusCode::SERVICE_UNAVAILABLE, "database"),
    };
    let mut response = Problem::new(status, code, failure.to_string()).into_response();
    if let LogInError::TooMany(wait) = failure {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
    }
    response
}
