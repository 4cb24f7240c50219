//! Market data, status and limits.

use rec_domain::{TimeSpan, Timestamp};
use serde_json::{Value, json};

use super::{Params, page};
use crate::core::{
    Twin,
    config::{CRYPTO_SHARD, INDEX, SERIES},
    market::{Event, Market},
    rejection::Rejection,
    wire::{self, event_body, market_body, orderbook_body, series_body},
};

pub(super) fn status() -> Value {
    let shard = |index: i32, description: &str| {
        json!({
            "exchange_index": index, "description": description, "exchange_active": true, "trading_active": true,
            "intra_exchange_transfers_active": true,
        })
    };
    json!({
        "exchange_active": true,
        "trading_active": true,
        "intra_exchange_transfers_active": true,
        "exchange_index_statuses": [shard(0, "default"), shard(CRYPTO_SHARD.get(), "crypto")],
    })
}

pub(super) fn schedule() -> Value {
    json!({ "schedule": { "standard_hours": [], "maintenance_windows": [] } })
}

pub(super) fn historical_cutoff(twin: &Twin) -> Value {
    let at = twin.config().start - TimeSpan::from_minutes(60 * 24 * 60);
    json!({
        "market_settled_ts": at, "trades_created_ts": at, "orders_updated_ts": at,
        "market_positions_last_updated_ts": at,
    })
}

pub(super) fn series(ticker: &str) -> Result<Value, Rejection> {
    if ticker == SERIES { Ok(json!({ "series": series_body() })) } else { Err(Rejection::not_found()) }
}

/// Checks the word of a `status` filter.
fn status_filter(params: &Params, known: &[&str]) -> Result<(), Rejection> {
    match params.text("status") {
        Some(words) if !words.split(',').all(|word| known.contains(&word)) => {
            Err(Rejection::nested(400, "bad_request", Some("invalid status filter")))
        }
        _ => Ok(()),
    }
}

fn event_matches(twin: &Twin, params: &Params, event: &Event) -> bool {
    let close = event.close.seconds();
    params.allows("series_ticker", SERIES)
        && params.allows("status", event.filter_word(twin.now()))
        && params.number("min_close_ts").is_none_or(|min| close >= min)
        && params.number("max_close_ts").is_none_or(|max| close <= max)
}

pub(super) fn events(twin: &Twin, params: &Params) -> Result<Value, Rejection> {
    status_filter(params, &["unopened", "open", "closed", "settled"])?;
    let found = twin
        .events
        .values()
        .rev()
        .filter(|event| event_matches(twin, params, event) && params.allows("tickers", &event.ticker));
    let keyed = found.map(|event| (u64::try_from(event.close.seconds()).unwrap_or(0), event));
    let page = page::descending("GetEvents", params, 200, keyed)?;
    let bodies: Vec<Value> = page
        .items
        .iter()
        .map(|event| {
            let mut body = event_body(event);
            if params.is_set("with_nested_markets") {
                body["markets"] = json!(market_bodies(twin, event));
            }
            body
        })
        .collect();
    Ok(json!({ "events": bodies, "milestones": [], "cursor": page.cursor }))
}

pub(super) fn event(twin: &Twin, ticker: &str, params: &Params) -> Result<Value, Rejection> {
    let event = twin.events.values().find(|event| &*event.ticker == ticker).ok_or_else(Rejection::not_found)?;
    let mut body = event_body(event);
    if params.is_set("with_nested_markets") {
        body["markets"] = json!(market_bodies(twin, event));
        return Ok(json!({ "event": body }));
    }
    Ok(json!({ "event": body, "markets": market_bodies(twin, event) }))
}

fn market_bodies(twin: &Twin, event: &Event) -> Vec<Value> {
    let numbers = event.markets.clone().rev();
    numbers.filter_map(|number| twin.markets.get(&number)).map(|market| market_body(twin, event, market)).collect()
}

pub(super) fn markets(twin: &Twin, params: &Params) -> Result<Value, Rejection> {
    status_filter(params, &["unopened", "open", "paused", "closed", "settled"])?;
    let found = twin.markets.iter().rev().filter_map(|(number, market)| {
        let event = twin.events.get(&market.close)?;
        let wanted = event_matches(twin, params, event)
            && params.allows("event_ticker", &event.ticker)
            && params.allows("tickers", &market.name.ticker)
            && params.number("min_updated_ts").is_none_or(|min| market.updated.seconds() >= min);
        wanted.then_some((u64::from(*number), (event, market)))
    });
    let page = page::descending("GetMarkets", params, 1_000, found)?;
    let bodies: Vec<Value> = page.items.iter().map(|(event, market)| market_body(twin, event, market)).collect();
    Ok(json!({ "markets": bodies, "cursor": page.cursor }))
}

fn find<'a>(twin: &'a Twin, ticker: &str) -> Result<(&'a Event, &'a Market), Rejection> {
    let number = twin.by_ticker.get(ticker).ok_or_else(Rejection::not_found)?;
    let market = twin.markets.get(number).ok_or_else(Rejection::not_found)?;
    let event = twin.events.get(&market.close).ok_or_else(Rejection::not_found)?;
    Ok((event, market))
}

pub(super) fn market(twin: &Twin, ticker: &str) -> Result<Value, Rejection> {
    let (event, market) = find(twin, ticker)?;
    Ok(json!({ "market": market_body(twin, event, market) }))
}

pub(super) fn orderbook(twin: &Twin, ticker: &str, params: &Params) -> Result<Value, Rejection> {
    let depth = params.number("depth").and_then(|depth| usize::try_from(depth).ok());
    Ok(orderbook_body(find(twin, ticker)?.1, depth))
}

pub(super) fn orderbooks(twin: &Twin, params: &Params) -> Value {
    let tickers = params.text("tickers").unwrap_or_default().split(',').take(100);
    let books: Vec<Value> = tickers
        .filter_map(|ticker| Some((ticker, find(twin, ticker).ok()?.1)))
        .map(|(ticker, market)| {
            let mut body = orderbook_body(market, None);
            body["ticker"] = json!(ticker);
            body
        })
        .collect();
    json!({ "orderbooks": books })
}

pub(super) fn trades(twin: &Twin, params: &Params) -> Result<Value, Rejection> {
    let count = twin.trades.len();
    let first = twin.trades_made - u64::try_from(count).unwrap_or(0) + 1;
    let numbered = twin.trades.iter().enumerate().rev();
    let found = numbered
        .filter(|(_, trade)| params.allows("ticker", &trade.market.ticker) && within(params, trade.at))
        .map(|(place, trade)| (first + u64::try_from(place).unwrap_or(0), trade));
    let page = page::descending("GetTrades", params, 1_000, found)?;
    let bodies: Vec<Value> = page
        .items
        .iter()
        .map(|trade| {
            json!({
                "trade_id": trade.trade_id,
                "ticker": &*trade.market.ticker,
                "count_fp": wire::count(trade.count),
                "yes_price_dollars": wire::price(trade.price),
                "no_price_dollars": wire::price(trade.price.complement()),
                "taker_side": trade.taker_side.acquired().name(),
                "taker_outcome_side": trade.taker_side.acquired().name(),
                "taker_book_side": trade.taker_side.name(),
                "created_time": trade.at,
                "is_block_trade": false,
            })
        })
        .collect();
    Ok(json!({ "trades": bodies, "cursor": page.cursor }))
}

/// Whether an instant lies within `min_ts` and `max_ts`.
pub(super) fn within(params: &Params, at: Timestamp) -> bool {
    params.number("min_ts").is_none_or(|min| at.seconds() >= min)
        && params.number("max_ts").is_none_or(|max| at.seconds() <= max)
}

pub(super) fn limits() -> Value {
    json!({
        "usage_tier": "basic",
        "read": { "refill_rate": 200, "bucket_capacity": 600 },
        "write": { "refill_rate": 100, "bucket_capacity": 100 },
        "grants": [],
    })
}

fn index_wanted(params: &Params) -> Result<(), Rejection> {
    match params.text("id") {
        Some(INDEX) => Ok(()),
        _ => Err(Rejection::not_found()),
    }
}

pub(super) fn index_value(twin: &Twin, params: &Params) -> Result<Value, Rejection> {
    index_wanted(params)?;
    let payload = twin
        .prints
        .back()
        .map(|print| json!({ "id": INDEX, "time": print.stamped.millis(), "value": print.value.to_string() }));
    Ok(json!({ "data": { "serverTime": twin.now(), "payload": payload } }))
}

/// The prints of the hour that begins at `timestamp`, one a second, as far as they are kept.
pub(super) fn index_history(twin: &Twin, params: &Params) -> Result<Value, Rejection> {
    index_wanted(params)?;
    let from = match params.text("timestamp") {
        Some(text) => text.parse::<Timestamp>().map_err(|error| Rejection::bad_request(&error.to_string()))?,
        None => twin.now() - TimeSpan::from_minutes(60),
    };
    let until = from + TimeSpan::from_minutes(60);
    let payload: Vec<Value> = twin
        .prints
        .iter()
        .filter(|print| from <= print.stamped && print.stamped < until)
        .map(|print| json!({ "time": print.stamped.millis(), "value": print.value.to_string() }))
        .collect();
    Ok(json!({ "data": { "serverTime": twin.now(), "payload": payload } }))
}
