//! The HTTP form, served: the routes that trade-manager adds to its own.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{State, rejection::JsonRejection},
    http::StatusCode,
    middleware::from_fn_with_state,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use rec_domain::{
    TimeSpan,
    command::{DeskReply, DeskRequest},
};

use super::DeskApi;
use crate::{ApiError, Problem, ServiceToken, token};

type Desk = Arc<dyn DeskApi>;

/// The routes of [`DeskApi`] over its local form; every one needs the token.
///
/// `POST /api/desk/requests` answers 202 with the acceptance or 409 or 422 with the refusal as problem details;
/// `GET /api/desk/view` answers the desk as it stands; `POST /api/desk/hints/inbox`, `/answers`
/// and `/exchange-clock` answer 202.
pub fn router(desk: Desk, token: ServiceToken) -> Router {
    Router::new()
        .route("/api/desk/requests", post(request))
        .route("/api/desk/view", get(view))
        .route("/api/desk/hints/inbox", post(inbox_hint))
        .route("/api/desk/hints/answers", post(answers_hint))
        .route("/api/desk/hints/exchange-clock", post(exchange_clock))
        .layer(from_fn_with_state(token, token::require))
        .with_state(desk)
}

async fn request(
    State(desk): State<Desk>,
    body: Result<Json<DeskRequest>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(request) = body.map_err(|error| Problem::new(StatusCode::BAD_REQUEST, "unreadable", error.body_text()))?;
    match desk.request(request).await? {
        DeskReply::Refused(refusal) => Err(Problem::refusal(&refusal)),
        accepted @ DeskReply::Accepted { .. } => Ok((StatusCode::ACCEPTED, Json(accepted)).into_response()),
    }
}

async fn view(State(desk): State<Desk>) -> Result<Response, Problem> {
    Ok(Json(desk.view().await?).into_response())
}

async fn inbox_hint(State(desk): State<Desk>) -> Result<StatusCode, Problem> {
    desk.inbox_hint().await?;
    Ok(StatusCode::ACCEPTED)
}

async fn answers_hint(State(desk): State<Desk>) -> Result<StatusCode, Problem> {
    desk.answers_hint().await?;
    Ok(StatusCode::ACCEPTED)
}

async fn exchange_clock(
    State(desk): State<Desk>,
    body: Result<Json<TimeSpan>, JsonRejection>,
) -> Result<StatusCode, Problem> {
    let Json(ahead) = body.map_err(|error| Problem::new(StatusCode::BAD_REQUEST, "unreadable", error.body_text()))?;
    desk.exchange_clock(ahead).await?;
    Ok(StatusCode::ACCEPTED)
}

impl From<ApiError> for Problem {
    fn from(error: ApiError) -> Self {
        let (status, code) = match &error {
            ApiError::Unreachable { .. } => (StatusCode::SERVICE_UNAVAILABLE, "unreachable"),
            ApiError::Timeout { .. } => (StatusCode::GATEWAY_TIMEOUT, "timeout"),
            ApiError::Refused { .. } => (StatusCode::SERVICE_UNAVAILABLE, "refused"),
            ApiError::Unauthorized { .. } => (StatusCode::BAD_GATEWAY, "token"),
            ApiError::BadAnswer { .. } => (StatusCode::BAD_GATEWAY, "bad_answer"),
        };
        Self::new(status, code, error.to_string())
    }
}
