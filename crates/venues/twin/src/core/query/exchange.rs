//! Market data, status and limits.

use rec_domain::{TimeSpan, Timestamp, eastern};
use serde_json::{Value, json};

use super::{Params, page};
use crate::core::{
    Twin,
    config::CRYPTO_SHARD,
    lifecycle::EVENTS_KEPT,
    market::{Event, Market},
    rejection::Rejection,
    series::{Asset, Series},
    underlying::Underlying,
    wire::{self, event_body, market_body, orderbook_body, series_body},
};

/// While trading pauses the exchange is active and trading is not; it says when it resumes.
pub(super) fn status(twin: &Twin) -> Value {
    let resumes = twin.trading_resumes();
    let trading = resumes.is_none();
    let shard = |index: i32, description: &str| {
        json!({
            "exchange_index": index, "description": description, "exchange_active": true, "trading_active": trading,
            "intra_exchange_transfers_active": true,
        })
    };
    let mut body = json!({
        "exchange_active": true,
        "trading_active": trading,
        "intra_exchange_transfers_active": true,
        "exchange_index_statuses": [shard(0, "default"), shard(CRYPTO_SHARD.get(), "crypto")],
    });
    if let Some(at) = resumes {
        body["exchange_estimated_resume_time"] = json!(at);
    }
    body
}

/// Always open but for Thursdays from 03:00 to 05:00, in the recorded form: hours of each weekday, Eastern time.
pub(super) fn schedule(twin: &Twin) -> Value {
    let whole = json!([{ "open_time": "00:00", "close_time": "00:00" }]);
    let thursday =
        json!([{ "open_time": "00:00", "close_time": "03:00" }, { "open_time": "05:00", "close_time": "00:00" }]);
    let day = eastern::day(twin.now());
    let from = eastern::instant(day, 0, 0, 0).unwrap_or(twin.now());
    let mut hours = json!({ "start_time": from, "end_time": from + TimeSpan::from_minutes(365 * 24 * 60) });
    for name in ["monday", "tuesday", "wednesday", "friday", "saturday", "sunday"] {
        hours[name] = whole.clone();
    }
    hours["thursday"] = thursday;
    json!({ "schedule": { "standard_hours": [hours], "maintenance_windows": [] } })
}

/// Events leave the live lists some hours after they were paid; everything of the account stays for two months.
pub(super) fn historical_cutoff(twin: &Twin) -> Value {
    let at = twin.trades_cutoff();
    let settled = twin.now() - EVENTS_KEPT;
    json!({
        "market_settled_ts": if twin.archive.is_empty() { at } else { settled },
        "trades_created_ts": at,
        "orders_updated_ts": twin.orders_cutoff(),
        "market_positions_last_updated_ts": at,
    })
}

pub(super) fn series(twin: &Twin, ticker: &str) -> Result<Value, Rejection> {
    let listed = Series::named(ticker).filter(|series| twin.config().series.contains(series));
    listed.map(|series| json!({ "series": series_body(series) })).ok_or_else(Rejection::not_found)
}

pub(super) fn series_list(twin: &Twin, params: &Params) -> Value {
    let wanted = params.text("category").is_none_or(|category| category == "Crypto");
    let bodies = twin.config().series.iter().filter(|_| wanted).map(|series| series_body(*series));
    let tagged = bodies.filter(|body| {
        params.text("tags").is_none_or(|tags| {
            let has = |tag: &str| body["tags"].as_array().is_some_and(|known| known.iter().any(|one| one == tag));
            tags.split(',').any(has)
        })
    });
    json!({ "series": tagged.collect::<Vec<Value>>() })
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
    params.allows("series_ticker", event.series.ticker())
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
    let page = page::descending("GetEvents", params, 200, found.map(|event| (u64::from(event.number), event)))?;
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

pub(super) fn event_named<'a>(twin: &'a Twin, ticker: &str) -> Result<&'a Event, Rejection> {
    twin.events.values().find(|event| &*event.ticker == ticker).ok_or_else(Rejection::not_found)
}

pub(super) fn event(twin: &Twin, ticker: &str, params: &Params) -> Result<Value, Rejection> {
    let event = event_named(twin, ticker)?;
    let (mut body, markets) = (event_body(event), market_bodies(twin, event));
    if params.is_set("with_nested_markets") {
        body["markets"] = json!(markets);
    }
    // Beside the event they are deprecated, and always there.
    Ok(json!({ "event": body, "markets": markets }))
}

fn market_bodies(twin: &Twin, event: &Event) -> Vec<Value> {
    let numbers = event.markets.clone().rev();
    numbers.filter_map(|number| twin.markets.get(&number)).map(|market| market_body(twin, event, market)).collect()
}

/// Whether an instant lies within `min_{name}_ts` and `max_{name}_ts`; what has no such instant does not, when it is
/// asked for.
fn between(params: &Params, name: &str, at: Option<Timestamp>) -> bool {
    let at = at.map(Timestamp::seconds);
    params.number(&format!("min_{name}_ts")).is_none_or(|min| at.is_some_and(|at| at >= min))
        && params.number(&format!("max_{name}_ts")).is_none_or(|max| at.is_some_and(|at| at <= max))
}

fn market_matches(params: &Params, event: &Event, market: &Market) -> bool {
    params.allows("event_ticker", &event.ticker)
        && params.allows("tickers", &market.name.ticker)
        && between(params, "updated", Some(market.updated))
        && between(params, "created", Some(event.created))
        && between(params, "settled", event.settled_at)
}

pub(super) fn markets(twin: &Twin, params: &Params) -> Result<Value, Rejection> {
    status_filter(params, &["unopened", "open", "paused", "closed", "settled"])?;
    let found = twin.markets.iter().rev().filter_map(|(number, market)| {
        let event = twin.events.get(&market.event)?;
        let wanted = event_matches(twin, params, event) && market_matches(params, event, market);
        wanted.then_some((u64::from(*number), (event, market)))
    });
    let page = page::descending("GetMarkets", params, 1_000, found)?;
    let bodies: Vec<Value> = page.items.iter().map(|(event, market)| market_body(twin, event, market)).collect();
    Ok(json!({ "markets": bodies, "cursor": page.cursor }))
}

/// Markets that were paid before the cutoff.
pub(super) fn historical_markets(twin: &Twin, params: &Params) -> Result<Value, Rejection> {
    let found = twin.archive.markets().filter_map(|(place, event, market)| {
        let wanted = params.allows("series_ticker", event.series.ticker()) && market_matches(params, event, market);
        wanted.then_some((place, (event, market)))
    });
    let page = page::descending("GetHistoricalMarkets", params, 1_000, found)?;
    let bodies: Vec<Value> = page.items.iter().map(|(event, market)| market_body(twin, event, market)).collect();
    Ok(json!({ "markets": bodies, "cursor": page.cursor }))
}

pub(super) fn historical_market(twin: &Twin, ticker: &str) -> Result<Value, Rejection> {
    let (event, market) = twin.archive.market(ticker).ok_or_else(Rejection::not_found)?;
    Ok(json!({ "market": market_body(twin, event, market) }))
}

pub(super) fn find<'a>(twin: &'a Twin, ticker: &str) -> Result<(&'a Event, &'a Market), Rejection> {
    let number = twin.by_ticker.get(ticker).ok_or_else(Rejection::not_found)?;
    let market = twin.markets.get(number).ok_or_else(Rejection::not_found)?;
    let event = twin.events.get(&market.event).ok_or_else(Rejection::not_found)?;
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

fn index_wanted<'a>(twin: &'a Twin, params: &Params) -> Result<(&'static str, &'a Underlying), Rejection> {
    let asset = params.text("id").and_then(Asset::of_index).ok_or_else(Rejection::not_found)?;
    let underlying = twin.underlyings.get(&asset).ok_or_else(Rejection::not_found)?;
    Ok((asset.index_id(), underlying))
}

pub(super) fn index_value(twin: &Twin, params: &Params) -> Result<Value, Rejection> {
    let (id, underlying) = index_wanted(twin, params)?;
    let payload = underlying
        .prints
        .back()
        .map(|print| json!({ "id": id, "time": print.stamped.millis(), "value": print.value.to_string() }));
    Ok(json!({ "data": { "serverTime": twin.now(), "payload": payload } }))
}

/// The prints of the hour that begins at `timestamp`, five a second, as far as they are kept.
pub(super) fn index_history(twin: &Twin, params: &Params) -> Result<Value, Rejection> {
    let (_, underlying) = index_wanted(twin, params)?;
    if params.text("timespan").is_some_and(|span| span != "HOUR") {
        return Err(Rejection::bad_request("timespan must be HOUR"));
    }
    let from = match params.text("timestamp") {
        Some(text) => text.parse::<Timestamp>().map_err(|error| Rejection::bad_request(&error.to_string()))?,
        None => twin.now() - TimeSpan::from_minutes(60),
    };
    let until = from + TimeSpan::from_minutes(60);
    let payload: Vec<Value> = underlying
        .history(from, until)
        .map(|(at, value)| json!({ "time": at.millis(), "value": value.to_string() }))
        .collect();
    Ok(json!({ "data": { "serverTime": twin.now(), "payload": payload } }))
}
