//! The exchange over HTTP.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{ConnectInfo, State, ws::WebSocketUpgrade},
    http::{
        HeaderMap, HeaderValue, Method, StatusCode, Uri,
        header::{CONTENT_TYPE, DATE},
    },
    middleware::map_response_with_state,
    response::{IntoResponse, Response},
    routing::any,
};
use rec_domain::{Clock, Timestamp};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::{
    AnswerEffect, ApiKey, ControlToken, auth,
    faults::control,
    listener::Cut,
    socket,
    world::{Refused, World},
};
use crate::core::{
    Mutation, Rejection,
    confined::confined_read,
    cost::cost,
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
    pub(super) control: Option<ControlToken>,
    pub(super) shutdown: CancellationToken,
}

impl Venue {
    /// The exchange's own clock, which is the market's and not the machine's.
    fn now(&self) -> Timestamp {
        self.world.clock().now() + self.world.faults().skew()
    }

    /// Checks a signature by the exchange's own clock.
    fn verify(&self, headers: &HeaderMap, method: &str, path: &str) -> Result<&ApiKey, Rejection> {
        auth::verify(&self.keys, self.world.clock(), self.now(), headers, method, path)
    }
}

pub(super) fn router(venue: Venue) -> Router {
    let router = Router::new().route(SOCKET, any(open_socket)).fallback(any(rest));
    let router = if venue.control.is_some() { router.merge(control::router()) } else { router };
    router.layer(map_response_with_state(venue.clone(), dated)).with_state(venue)
}

/// Every answer says when it was given, by the exchange's own clock.
async fn dated(State(venue): State<Venue>, mut response: Response) -> Response {
    if let Ok(date) = HeaderValue::try_from(venue.now().to_http_date()) {
        response.headers_mut().insert(DATE, date);
    }
    response
}

async fn open_socket(
    State(venue): State<Venue>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    if venue.world.faults().is_down() {
        cut.cut();
    }
    match venue.verify(&headers, "GET", SOCKET) {
        Ok(_any_key_reads) => upgrade.on_upgrade(move |socket| socket::run(socket, venue, cut)),
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
    if venue.world.faults().is_down() {
        cut.cut();
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let path = uri.path().strip_prefix(REST).unwrap_or_default();
    let effect = venue.world.faults().on_request(method.as_str(), path);
    match effect {
        Some(AnswerEffect::TooManyRequests) => return refused(&Rejection::too_many_requests()),
        Some(AnswerEffect::BadGateway { accepted: false }) => return bad_gateway(),
        _ => {}
    }
    let handled = handle(&venue, &cut, &method, &uri, &headers, &body, effect).await;
    match effect {
        Some(AnswerEffect::Lost) => cut.cut(),
        Some(AnswerEffect::BadGateway { .. }) => return bad_gateway(),
        Some(AnswerEffect::Late { by_ms }) => {
            let late = tokio::time::sleep(Duration::from_millis(by_ms));
            venue.shutdown.run_until_cancelled(late).await;
        }
        _ => {}
    }
    match handled {
        Ok((status, body)) => answer(status, &body),
        Err(rejection) => refused(&rejection),
    }
}

/// What stands before the exchange answers in its place.
fn bad_gateway() -> Response {
    let page = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>";
    (StatusCode::BAD_GATEWAY, [(CONTENT_TYPE, "text/html")], page).into_response()
}

async fn handle(
    venue: &Venue,
    cut: &Cut,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    body: &Bytes,
    effect: Option<AnswerEffect>,
) -> Result<(u16, Value), Rejection> {
    let path = uri.path().strip_prefix(REST).ok_or_else(Rejection::not_found)?;
    let params = Params::parse(uri.query().unwrap_or_default());
    let is_read = method == Method::GET;
    // What needs no signature costs nothing without one.
    let is_free = is_read && query::is_public(path) && !headers.contains_key("KALSHI-ACCESS-KEY");
    let key = if is_read && query::is_public(path) {
        None
    } else {
        Some(venue.verify(headers, method.as_str(), uri.path())?)
    };
    let locked_to = key.and_then(|key| key.subaccount);
    if !is_free {
        venue.world.pay(cost(method.as_str(), path, &params, body))?;
    }
    if is_read {
        if path.trim_matches('/') == "api_keys" {
            let keys: Vec<Value> = venue.keys.iter().map(ApiKey::body).collect();
            return Ok((200, json!({ "api_keys": keys })));
        }
        let params = match locked_to.filter(|_| query::is_of_an_account(path)) {
            Some(subaccount) => confined_read(path, params, subaccount)?,
            None => params,
        };
        let mut body = read(venue, path, &params, effect)?;
        if locked_to.is_some()
            && path.trim_matches('/') == "portfolio/balance"
            && let Some(fields) = body.as_object_mut()
        {
            fields.remove("balance_breakdown");
        }
        return Ok((200, body));
    }
    let is_json = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if method == Method::POST && !is_json.is_some_and(|text| text.starts_with("application/json")) {
        return Err(Rejection::nested(400, "invalid_content_type", None));
    }
    let mutation = requests::mutation(method.as_str(), path, &params, body).ok_or_else(Rejection::not_found)??;
    if !key.is_some_and(|key| key.scope.allows(&mutation)) {
        return Err(Rejection::nested(403, "forbidden", Some("the key lacks the write scope")));
    }
    let mutation = match locked_to {
        Some(subaccount) => mutation.confined(subaccount)?,
        None => mutation,
    };
    change(venue, cut, mutation).await
}

/// Answers a read, as short as a fault wants it.
fn read(venue: &Venue, path: &str, params: &Params, effect: Option<AnswerEffect>) -> Result<Value, Rejection> {
    match effect {
        Some(AnswerEffect::Short) => venue.world.answer(path, &params.clone().limited_to(1)),
        Some(AnswerEffect::Empty) => {
            let mut body = venue.world.answer(path, params)?;
            for (_, value) in body.as_object_mut().into_iter().flatten() {
                if let Some(rows) = value.as_array_mut() {
                    rows.clear();
                }
            }
            if body.get("cursor").is_some() {
                body["cursor"] = Value::from("");
            }
            Ok(body)
        }
        _ => venue.world.answer(path, params),
    }
}

/// Carries out a change. The journal is synced meanwhile, so it runs where waiting is allowed.
async fn change(venue: &Venue, cut: &Cut, mutation: Mutation) -> Result<(u16, Value), Rejection> {
    let world = venue.world.clone();
    let is_order = matches!(mutation, Mutation::CreateOrder(_));
    let on_its_way = match mutation {
        Mutation::CreateOrder(_) | Mutation::CreateOrders(_) | Mutation::AmendOrder(_) => world.order_delay(),
        _ => Duration::ZERO,
    };
    // An order that is on its way arrives, whatever becomes of the connection meanwhile.
    let applied = tokio::spawn(async move {
        if !on_its_way.is_zero() {
            tokio::time::sleep(on_its_way).await;
        }
        tokio::task::spawn_blocking(move || world.apply(&mutation)).await
    });
    let applied = applied.await.and_then(|applied| applied);
    let applied = match applied {
        Ok(Ok(applied)) => applied,
        Ok(Err(Refused::ByExchange(rejection))) => return Err(rejection),
        Ok(Err(Refused::ByJournal)) | Err(_) => {
            // Whether it happened is not known here: the connection ends without an answer.
            cut.cut();
            return Err(Rejection::nested(500, "internal_server_error", None));
        }
    };
    let faults = venue.world.faults();
    if is_order {
        venue.shutdown.run_until_cancelled(faults.until_released()).await;
    }
    if faults.is_down() {
        cut.cut();
    }
    Ok(answers::body(&applied))
}

fn refused(rejection: &Rejection) -> Response {
    answer(rejection.status, &rejection.json())
}

fn answer(status: u16, body: &Value) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if body.is_null() {
        return status.into_response();
    }
    (status, [(CONTENT_TYPE, "application/json")], Body::from(body.to_string())).into_response()
}
