//! The HTTP form, served: the route that trade-executor adds to its own.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{State, rejection::JsonRejection},
    http::StatusCode,
    middleware::from_fn_with_state,
    routing::post,
};
use rec_domain::command::Dispatch;

use super::ExecutorApi;
use crate::{Problem, ServiceToken, token};

/// `POST /api/executor/dispatch` over the local form of [`ExecutorApi`]; needs the token, answers 202.
pub fn router(executor: Arc<dyn ExecutorApi>, token: ServiceToken) -> Router {
    Router::new()
        .route("/api/executor/dispatch", post(dispatch))
        .layer(from_fn_with_state(token, token::require))
        .with_state(executor)
}

async fn dispatch(
    State(executor): State<Arc<dyn ExecutorApi>>,
    body: Result<Json<Dispatch>, JsonRejection>,
) -> Result<StatusCode, Problem> {
    let Json(dispatch) =
        body.map_err(|error| Problem::new(StatusCode::BAD_REQUEST, "unreadable", error.body_text()))?;
    executor.dispatch(dispatch).await?;
    Ok(StatusCode::ACCEPTED)
}
