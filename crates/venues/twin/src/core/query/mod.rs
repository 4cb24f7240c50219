//! Reads over REST: from a path and its parameters to a body.

mod exchange;
mod page;
mod params;
mod portfolio;

use serde_json::Value;

pub use params::Params;

use crate::core::{Twin, rejection::Rejection};

/// Whether a path (relative to `/trade-api/v2`) is answered without a signature.
#[must_use]
pub fn is_public(path: &str) -> bool {
    let path = path.trim_matches('/');
    let first = path.split('/').next().unwrap_or_default();
    matches!(first, "exchange" | "series" | "events" | "markets" | "historical") || path == "account/endpoint_costs"
}

/// The body of a GET of `path` (relative to `/trade-api/v2`).
///
/// # Errors
/// When the path is not known, what it names does not exist, or a parameter is out of range.
pub fn get(twin: &Twin, path: &str, params: &Params) -> Result<Value, Rejection> {
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    match parts.as_slice() {
        ["exchange", "status"] => Ok(exchange::status()),
        ["exchange", "schedule"] => Ok(exchange::schedule()),
        ["exchange", "user_data_timestamp"] => Ok(serde_json::json!({ "as_of_time": twin.now() })),
        ["historical", "cutoff"] => Ok(exchange::historical_cutoff(twin)),
        ["series"] => Ok(serde_json::json!({ "series": [crate::core::wire::series_body()] })),
        ["series", "fee_changes"] => Ok(serde_json::json!({ "series_fee_change_arr": [] })),
        ["series", ticker] => exchange::series(ticker),
        ["events", "fee_changes"] => Ok(serde_json::json!({ "event_fee_changes": [], "cursor": "" })),
        ["events"] => exchange::events(twin, params),
        ["events", ticker] => exchange::event(twin, ticker, params),
        ["markets"] => exchange::markets(twin, params),
        ["markets", "trades"] => exchange::trades(twin, params),
        ["markets", "orderbooks"] => Ok(exchange::orderbooks(twin, params)),
        ["markets", ticker] => exchange::market(twin, ticker),
        ["markets", ticker, "orderbook"] => exchange::orderbook(twin, ticker, params),
        ["account", "limits"] => Ok(exchange::limits()),
        ["account", "endpoint_costs"] => Ok(crate::core::cost::endpoint_costs()),
        ["cfbenchmarks", "values"] => exchange::index_value(twin, params),
        ["cfbenchmarks", "history", "values"] => exchange::index_history(twin, params),
        ["portfolio", "balance"] => Ok(portfolio::balance(twin, params)),
        ["portfolio", "positions"] => portfolio::positions(twin, params),
        ["portfolio", "orders"] => portfolio::orders(twin, params),
        ["portfolio", "orders", order_id] => portfolio::order(twin, order_id),
        ["portfolio", "fills"] => portfolio::fills(twin, params),
        ["portfolio", "settlements"] => portfolio::settlements(twin, params),
        ["portfolio", "deposits"] => Ok(portfolio::deposits(twin)),
        ["portfolio", "withdrawals"] => Ok(serde_json::json!({ "withdrawals": [], "cursor": "" })),
        ["portfolio", "order_groups"] => Ok(portfolio::groups(twin, params)),
        ["portfolio", "order_groups", id] => portfolio::group(twin, id, params),
        _ => Err(Rejection::not_found()),
    }
}
