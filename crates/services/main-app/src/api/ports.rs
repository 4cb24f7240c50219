//! `GET /api/ports`.

use axum::{Json, extract::State, response::IntoResponse};

use crate::app::Shared;

/// The port of each service that has one, by snake-case name.
pub(crate) async fn show(State(app): State<Shared>) -> impl IntoResponse {
    Json(app.ports.clone())
}
