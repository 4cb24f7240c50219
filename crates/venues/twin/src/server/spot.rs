//! The Coinbase-protocol spot venue over HTTP and WebSocket. Kraken and Bitstamp stand under paths of the same port.

use std::time::Duration;

use axum::{
    Router,
    extract::{
        ConnectInfo, Query, State,
        ws::{Message, WebSocket, WebSocketUpgrade},
    },
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::any,
};
use rec_domain::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use super::{exchange::Venue, listener::Cut, other_spot, world::Frames};
use crate::core::config::PRODUCT;

/// A client that has not subscribed after this long, in the wall's time, is dropped.
const SUBSCRIBE_WITHIN: Duration = Duration::from_secs(5);

#[derive(Deserialize)]
struct CandleQuery {
    granularity: Option<i64>,
    start: Option<String>,
    end: Option<String>,
}

pub(super) fn router(venue: Venue) -> Router {
    Router::new()
        .route("/", any(open_socket))
        .route("/kraken/v2", any(other_spot::kraken))
        .route("/bitstamp", any(other_spot::bitstamp))
        .route("/time", any(time))
        .route("/products/{product}/candles", any(candles))
        .route("/products/{product}/ticker", any(ticker))
        .fallback(any(async || problem(StatusCode::NOT_FOUND, "NotFound")))
        .with_state(venue)
}

async fn open_socket(
    State(venue): State<Venue>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    upgrade: WebSocketUpgrade,
) -> Response {
    if venue.world.faults().is_down() {
        cut.cut();
    }
    upgrade.on_upgrade(move |socket| run(socket, venue, cut))
}

async fn time(State(venue): State<Venue>, ConnectInfo(cut): ConnectInfo<Cut>) -> Response {
    if venue.world.faults().is_down() {
        cut.cut();
    }
    let now = venue.world.read(|twin| twin.now());
    let (seconds, micros) = (now.seconds(), now.micros().rem_euclid(1_000_000));
    ok(format!(r#"{{"iso":"{now}","epoch":{seconds}.{micros:06}}}"#))
}

async fn candles(
    State(venue): State<Venue>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    axum::extract::Path(product): axum::extract::Path<String>,
    Query(query): Query<CandleQuery>,
) -> Response {
    if venue.world.faults().is_down() {
        cut.cut();
    }
    if product != PRODUCT {
        return problem(StatusCode::NOT_FOUND, "NotFound");
    }
    let granularity = query.granularity.unwrap_or(60);
    let (start, end) = (instant(query.start.as_deref()), instant(query.end.as_deref()));
    match venue.world.read(|twin| twin.spot().candles(granularity, start, end)) {
        Ok(body) => ok(body),
        Err(rejection) => {
            let message = rejection.json()["error"].as_str().unwrap_or_default().to_owned();
            problem(StatusCode::BAD_REQUEST, &message)
        }
    }
}

async fn ticker(
    State(venue): State<Venue>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    axum::extract::Path(product): axum::extract::Path<String>,
) -> Response {
    if venue.world.faults().is_down() {
        cut.cut();
    }
    let body = venue.world.read(|twin| twin.spot().ticker_body()).filter(|_| product == PRODUCT);
    body.map_or_else(|| problem(StatusCode::NOT_FOUND, "NotFound"), |body| ok(body.to_string()))
}

/// An instant as RFC 3339 text or as seconds since 1970.
fn instant(text: Option<&str>) -> Option<Timestamp> {
    let text = text?;
    text.parse().ok().or_else(|| text.parse().ok().map(Timestamp::from_seconds))
}

fn ok(body: String) -> Response {
    ([(CONTENT_TYPE, "application/json")], body).into_response()
}

fn problem(status: StatusCode, message: &str) -> Response {
    (status, [(CONTENT_TYPE, "application/json")], json!({ "message": message }).to_string()).into_response()
}

/// What a client subscribed to.
#[derive(Default)]
struct Subscribed {
    ticker: bool,
    heartbeat: bool,
}

async fn run(mut socket: WebSocket, venue: Venue, cut: Cut) {
    let mut subscribed = Subscribed::default();
    let mut feed: Option<(u64, Frames)> = None;
    let mut resets = venue.world.faults().resets();
    let deadline = Instant::now() + SUBSCRIBE_WITHIN;
    // One heartbeat a second of market time, but at most ten a second of the wall's.
    let period = Duration::from_secs_f64((1.0 / venue.world.clock().origin().speed).clamp(0.1, 1.0));
    let mut heartbeat = interval(period);
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let sent = tokio::select! {
            frame = next_frame(&mut feed) => match frame {
                Some(text) => socket.send(Message::Text(text.into())).await,
                None => break,
            },
            message = socket.recv() => match message {
                Some(Ok(Message::Text(text))) => {
                    let answer = subscribe(&text, &mut subscribed);
                    if subscribed.ticker && feed.is_none() {
                        feed = Some(venue.world.connect_spot(crate::core::Venue::Coinbase));
                    } else if !subscribed.ticker && let Some((number, _)) = feed.take() {
                        venue.world.disconnect(number);
                    }
                    socket.send(Message::Text(answer.to_string().into())).await
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => break,
                Some(Ok(_)) => Ok(()),
            },
            _ = heartbeat.tick(), if subscribed.heartbeat => {
                let text = venue.world.read(|twin| twin.spot().heartbeat_frame(twin.now()));
                socket.send(Message::Text(text.into())).await
            }
            () = sleep_until(deadline), if !subscribed.ticker && !subscribed.heartbeat => break,
            () = venue.world.faults().until_down() => {
                cut.cut();
                break;
            }
            _ = resets.changed() => {
                cut.cut();
                break;
            }
            () = venue.shutdown.cancelled() => {
                let _ = socket.send(Message::Close(None)).await;
                break;
            }
        };
        if sent.is_err() {
            break;
        }
    }
    if let Some((number, _)) = feed {
        venue.world.disconnect(number);
    }
}

/// The next frame of the feed; without a feed this never ends.
pub(super) async fn next_frame(feed: &mut Option<(u64, Frames)>) -> Option<String> {
    match feed {
        Some((_, frames)) => frames.recv().await,
        None => std::future::pending().await,
    }
}

/// Carries out a subscribe or unsubscribe and gives its answer.
fn subscribe(text: &str, subscribed: &mut Subscribed) -> Value {
    let failure = |reason: &str| json!({ "type": "error", "message": "Failed to subscribe", "reason": reason });
    let Ok(command) = serde_json::from_str::<Value>(text) else { return failure("malformed JSON") };
    let wanted = match command["type"].as_str() {
        Some("subscribe") => true,
        Some("unsubscribe") => false,
        _ => return failure("unknown type"),
    };
    let general = products(&command["product_ids"]);
    for channel in command["channels"].as_array().into_iter().flatten() {
        let name = channel.as_str().or_else(|| channel["name"].as_str()).unwrap_or_default();
        let named = products(&channel["product_ids"]);
        if !named.iter().chain(&general).any(|product| product == PRODUCT) {
            return failure("no known product");
        }
        match name {
            "ticker" => subscribed.ticker = wanted,
            "heartbeat" => subscribed.heartbeat = wanted,
            "matches" => {}
            other => return failure(&format!("{other} is not a valid channel")),
        }
    }
    let list: Vec<Value> = [("ticker", subscribed.ticker), ("heartbeat", subscribed.heartbeat)]
        .into_iter()
        .filter(|(_, on)| *on)
        .map(|(name, _)| json!({ "name": name, "product_ids": [PRODUCT] }))
        .collect();
    json!({ "type": "subscriptions", "channels": list })
}

fn products(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(|product| product.as_str().map(str::to_owned)).collect()
}
