//! The control endpoint: `POST /twin/faults` puts a fault into force, `GET /twin/faults` tells which there were, and
//! `GET /twin/read/...` reads anything of the exchange as it is, without lag, signature or cost.
//!
//! It exists only in a twin that was started with a token, on the loopback address like the exchange itself, and every
//! request carries the token.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, StatusCode, header::AUTHORIZATION},
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::json;

use super::super::exchange::Venue;
use super::Fault;
use crate::core::query::{self, Params};

/// The endpoint, as a part of the exchange's own router.
pub(in crate::server) fn router() -> Router<Venue> {
    Router::new().route("/twin/faults", get(told).post(inject)).route("/twin/read/{*path}", get(read))
}

/// Whether the request carries the token of this twin.
fn is_allowed(venue: &Venue, headers: &HeaderMap) -> bool {
    let given = headers.get(AUTHORIZATION).and_then(|value| value.as_bytes().strip_prefix(b"Bearer "));
    match (&venue.control, given) {
        (Some(token), Some(given)) => verify_slices_are_equal(token.as_bytes(), given).is_ok(),
        _ => false,
    }
}

fn refused() -> Response {
    (StatusCode::UNAUTHORIZED, Json(json!({ "error": "the control token is missing or wrong" }))).into_response()
}

async fn inject(State(venue): State<Venue>, headers: HeaderMap, body: Bytes) -> Response {
    if !is_allowed(&venue, &headers) {
        return refused();
    }
    let fault: Fault = match serde_json::from_slice(&body) {
        Ok(fault) => fault,
        Err(error) => {
            let error = format!("this is no fault: {error}; docs/FAULTS.md lists them");
            return (StatusCode::BAD_REQUEST, Json(json!({ "error": error }))).into_response();
        }
    };
    match venue.world.inject(fault) {
        Ok(at) => Json(json!({ "at": at })).into_response(),
        Err(refusal) => {
            let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::CONFLICT);
            (status, Json(refusal.json())).into_response()
        }
    }
}

async fn told(State(venue): State<Venue>, headers: HeaderMap) -> Response {
    if !is_allowed(&venue, &headers) {
        return refused();
    }
    let (now, in_force) = (venue.world.read(|twin| twin.now()), venue.world.faults().in_force());
    Json(json!({ "now": now, "in_force": in_force, "faults": venue.world.injected() })).into_response()
}

async fn read(
    State(venue): State<Venue>,
    Path(path): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    if !is_allowed(&venue, &headers) {
        return refused();
    }
    let params = Params::parse(query.as_deref().unwrap_or_default());
    match venue.world.read(|twin| query::get(twin, &path, &params)) {
        Ok(body) => Json(body).into_response(),
        Err(refusal) => {
            let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::BAD_REQUEST);
            (status, Json(refusal.json())).into_response()
        }
    }
}
