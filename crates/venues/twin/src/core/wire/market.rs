//! Series, events, markets and order books.

use rec_domain::{BookSide, Price, Quantity, Side, TimeSpan, Timestamp, UsdPrice, eastern};
use serde_json::{Value, json};

use crate::core::{
    Twin,
    book::Level,
    config::{CRYPTO_SHARD, SERIES},
    market::{Event, Market, Stage},
    wire::{count, price},
};

/// The series that the twin lists.
#[must_use]
pub fn series_body() -> Value {
    json!({
        "ticker": SERIES,
        "title": "Bitcoin price Above/below",
        "frequency": "hourly",
        "category": "Crypto",
        "categories": ["Crypto"],
        "tags": ["Hourly", "BTC"],
        "settlement_sources": [{"name": "CF Benchmarks", "url": ""}],
        "contract_url": "",
        "contract_terms_url": "",
        "product_metadata": null,
        "fee_type": "quadratic",
        "fee_multiplier": 1,
        "additional_prohibitions": [],
        "last_updated_ts": "2026-08-24T16:04:33.777344Z",
        "exchange_index": CRYPTO_SHARD.get(),
    })
}

/// An event, without its markets.
#[must_use]
pub fn event_body(event: &Event) -> Value {
    json!({
        "event_ticker": &*event.ticker,
        "series_ticker": SERIES,
        "title": "Bitcoin price",
        "sub_title": eastern::date_and_clock(event.close),
        "collateral_return_type": "DIRECNET",
        "mutually_exclusive": false,
        "category": "Crypto",
        "strike_date": event.close,
        "strike_period": "hourly",
        "available_on_brokers": true,
        "product_metadata": null,
        "settlement_sources": [{"name": "CF Benchmarks", "url": ""}],
        "last_updated_ts": event.created,
        "exchange_index": CRYPTO_SHARD.get(),
    })
}

/// A market with its summary.
#[must_use]
pub fn market_body(twin: &Twin, event: &Event, market: &Market) -> Value {
    let nominal = market.nominal().units() / 1_000_000;
    let title = format!("${},{:03} or above", nominal / 1_000, nominal % 1_000);
    let mut body = json!({
        "ticker": &*market.name.ticker,
        "event_ticker": &*event.ticker,
        "market_type": "binary",
        "title": "Bitcoin price",
        "subtitle": &title,
        "yes_sub_title": &title,
        "no_sub_title": &title,
        "created_time": event.created,
        "updated_time": market.updated,
        "open_time": event.open,
        "close_time": event.close,
        "expected_expiration_time": event.close + TimeSpan::from_minutes(5),
        "expiration_time": event.close + TimeSpan::from_minutes(7 * 24 * 60),
        "latest_expiration_time": event.close + TimeSpan::from_minutes(7 * 24 * 60),
        "occurrence_datetime": event.close + TimeSpan::from_minutes(5),
        "settlement_timer_seconds": 60,
        "status": event.status(twin.now()),
        "result": market.result.map_or("", Side::name),
        "can_close_early": true,
        "expiration_value": event.expiration_value.map(|value| value.to_string()).unwrap_or_default(),
        "strike_type": "greater",
        "floor_strike": market.floor.as_f64(),
        "rules_primary": rules(event.close, market.floor),
        "rules_secondary": RULES_SECONDARY,
        "price_level_structure": "linear_cent",
        "price_ranges": [{"start": "0.0000", "end": "1.0000", "step": "0.0100"}],
        "exchange_index": CRYPTO_SHARD.get(),
    });
    if let Some(fields) = body.as_object_mut() {
        if let Value::Object(mut quotes) = quotes(market) {
            fields.append(&mut quotes);
        }
        if let Some(result) = market.result {
            fields.insert("settlement_value_dollars".to_owned(), json!(settlement_value(result)));
        }
        if event.stage == Stage::Finalized {
            fields.insert("settlement_ts".to_owned(), json!(event.settled_at));
        }
    }
    body
}

const RULES_SECONDARY: &str = "At the last minute before expiration, 60 RTI prices are collected. The official and \
                               final value is the average of these prices.";

/// Prices and volumes of a market; where nobody quotes, the bid is zero and the ask one dollar.
fn quotes(market: &Market) -> Value {
    let (bid, ask) = (market.book.best(BookSide::Bid), market.book.best(BookSide::Ask));
    let bid_price = bid.map_or(Price::ZERO, |(price, _)| price);
    let ask_price = ask.map_or(Price::ONE, |(price, _)| price);
    let size = |level: Option<(Price, Quantity)>| count(level.map_or(Quantity::ZERO, |(_, size)| size));
    json!({
        "yes_bid_dollars": price(bid_price),
        "yes_bid_size_fp": size(bid),
        "yes_ask_dollars": price(ask_price),
        "yes_ask_size_fp": size(ask),
        "no_bid_dollars": price(ask_price.complement()),
        "no_ask_dollars": price(bid_price.complement()),
        "last_price_dollars": price(market.last.map_or(Price::ZERO, |(price, _)| price)),
        "previous_yes_bid_dollars": "0.0000",
        "previous_yes_ask_dollars": "0.0000",
        "previous_price_dollars": "0.0000",
        "volume_fp": count(market.volume),
        "volume_24h_fp": count(market.volume),
        "open_interest_fp": count(market.open_interest),
        "notional_value_dollars": "1.0000",
    })
}

/// What a YES contract is worth once the result is known.
pub(crate) fn settlement_value(result: Side) -> &'static str {
    match result {
        Side::Yes => "1.0000",
        Side::No => "0.0000",
    }
}

/// The rule of a market in the exchange's words.
pub(crate) fn rules(close: Timestamp, floor: UsdPrice) -> String {
    let at = eastern::date_and_clock(close);
    format!(
        "If the simple average of the sixty seconds of CF Benchmarks' Bitcoin Real-Time Index (BRTI) before {at} is \
         above {floor} at {at}, then the market resolves to Yes."
    )
}

/// A market's book: bids of both sides, ascending, the best last.
#[must_use]
pub fn orderbook_body(market: &Market, depth: Option<usize>) -> Value {
    let keep = |mut levels: Vec<(String, String)>| {
        if let Some(depth) = depth.filter(|depth| *depth > 0) {
            levels.drain(..levels.len().saturating_sub(depth));
        }
        levels
    };
    let (yes, no) = (levels(market, BookSide::Bid, false), levels(market, BookSide::Ask, false));
    json!({ "orderbook_fp": { "yes_dollars": keep(yes), "no_dollars": keep(no) } })
}

/// The levels of a side in ascending price; the NO side in NO prices, or in YES prices where `yes_leg` is set.
pub(crate) fn levels(market: &Market, side: BookSide, yes_leg: bool) -> Vec<(String, String)> {
    let pair = |(yes_price, level): (&Price, &Level)| {
        let shown = if side == BookSide::Ask && !yes_leg { yes_price.complement() } else { *yes_price };
        (price(shown), count(level.total()))
    };
    let levels = market.book.levels(side);
    if side == BookSide::Ask && !yes_leg {
        levels.iter().rev().map(pair).collect()
    } else {
        levels.iter().map(pair).collect()
    }
}
