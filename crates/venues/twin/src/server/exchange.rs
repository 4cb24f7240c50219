//! The exchange over HTTP.

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{ConnectInfo, State, ws::WebSocketUpgrade},
    http::{HeaderMap, Method, StatusCode, Uri, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::any,
};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::{
    ApiKey, Scope, auth,
    listener::Cut,
    socket,
    world::{Refused, World},
};
use crate::core::{
    Mutation, Rejection,
    query::{self, Params},
    wire::{answers, requests},
};

const REST: &str = "/trade-api/v2";
const SOCKET: &str = "/trade-api/ws/v2";

/// What the handlers share.
#[derive(Clone)]
pub(super) struct Venue {
    pub(super) world: Arc<World>,
    pub(super) keys: Arc<[ApiKey]>,
    pub(super) shutdown: CancellationToken,
}

pub(super) fn router(venue: Venue) -> Router {
    Router::new().route(SOCKET, any(open_socket)).fallback(any(rest)).with_state(venue)
}

async fn open_socket(
    State(venue): State<Venue>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    if venue.world.switches().is_down() {
        cut.cut();
    }
    match auth::verify(&venue.keys, venue.world.clock(), &headers, "GET", SOCKET) {
        Ok(_any_scope_reads) => upgrade.on_upgrade(move |socket| socket::run(socket, venue, cut)),
        Err(rejection) => refused(&rejection),
    }
}

async fn rest(
    State(venue): State<Venue>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if venue.world.switches().is_down() {
        cut.cut();
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    match handle(&venue, &cut, &method, &uri, &headers, &body).await {
        Ok((status, body)) => answer(status, &body),
        Err(rejection) => refused(&rejection),
    }
}

async fn handle(
    venue: &Venue,
    cut: &Cut,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<(u16, Value), Rejection> {
    let path = uri.path().strip_prefix(REST).ok_or_else(Rejection::not_found)?;
    let params = Params::parse(uri.query().unwrap_or_default());
    let is_read = method == Method::GET;
    let scope = if is_read && query::is_public(path) {
        Scope::Read
    } else {
        auth::verify(&venue.keys, venue.world.clock(), headers, method.as_str(), uri.path())?
    };
    if is_read {
        return venue.world.read(|twin| query::get(twin, path, &params)).map(|body| (200, body));
    }
    let is_json = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if method == Method::POST && !is_json.is_some_and(|text| text.starts_with("application/json")) {
        return Err(Rejection::nested(400, "invalid_content_type", None));
    }
    let mutation = requests::mutation(method.as_str(), path, &params, body).ok_or_else(Rejection::not_found)??;
    if scope != Scope::Write {
        return Err(Rejection::nested(403, "forbidden", Some("the key lacks the write scope")));
    }
    change(venue, cut, mutation).await
}

/// Carries out a change. The journal is synced meanwhile, so it runs where waiting is allowed.
async fn change(venue: &Venue, cut: &Cut, mutation: Mutation) -> Result<(u16, Value), Rejection> {
    let world = venue.world.clone();
    let is_order = matches!(mutation, Mutation::CreateOrder(_));
    let applied = tokio::task::spawn_blocking(move || world.apply(&mutation)).await;
    let applied = match applied {
        Ok(Ok(applied)) => applied,
        Ok(Err(Refused::ByExchange(rejection))) => return Err(rejection),
        Ok(Err(Refused::ByJournal)) | Err(_) => {
            // Whether it happened is not known here: the connection ends without an answer.
            cut.cut();
            return Err(Rejection::nested(500, "internal_server_error", None));
        }
    };
    let switches = venue.world.switches();
    if is_order {
        if switches.takes_answer() {
            cut.cut();
        }
        tokio::select! {
            () = switches.until_released() => {}
            () = venue.shutdown.cancelled() => {}
        }
    }
    if switches.is_down() {
        cut.cut();
    }
    Ok(answers::body(&applied))
}

fn refused(rejection: &Rejection) -> Response {
    answer(rejection.status, &rejection.json())
}

fn answer(status: u16, body: &Value) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [(CONTENT_TYPE, "application/json")], Body::from(body.to_string())).into_response()
}
