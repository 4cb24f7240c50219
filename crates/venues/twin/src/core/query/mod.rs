//! Reads over REST: from a path and its parameters to a body.

mod candles;
mod exchange;
mod orders;
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
    let is_market_data = matches!(first, "exchange" | "series" | "events" | "markets" | "historical");
    is_market_data && !is_of_an_account(path) || path == "account/endpoint_costs"
}

/// Whether a read is of the account's orders, fills, positions or cash.
#[must_use]
pub fn is_of_an_account(path: &str) -> bool {
    let path = path.trim_matches('/');
    path.starts_with("portfolio/") || matches!(path, "historical/fills" | "historical/orders" | "historical/positions")
}

/// The body of a GET of `path` (relative to `/trade-api/v2`).
///
/// # Errors
/// When the path is not known, what it names does not exist, or a parameter is out of range.
pub fn get(twin: &Twin, path: &str, params: &Params) -> Result<Value, Rejection> {
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    match parts.as_slice() {
        ["exchange", "status"] => Ok(exchange::status(twin)),
        ["exchange", "schedule"] => Ok(exchange::schedule(twin)),
        ["exchange", "user_data_timestamp"] => Ok(serde_json::json!({ "as_of_time": twin.now() })),
        ["historical", "cutoff"] => Ok(exchange::historical_cutoff(twin)),
        ["historical", "markets"] => exchange::historical_markets(twin, params),
        ["historical", "markets", ticker] => exchange::historical_market(twin, ticker),
        ["historical", "markets", ticker, "candlesticks"] => candles::of_historical_market(twin, ticker, params),
        // Nothing of these is older than the cutoff.
        ["historical", "trades"] => Ok(serde_json::json!({ "trades": [], "cursor": "" })),
        ["historical", "orders"] => orders::historical_orders(twin, params),
        ["historical", "fills"] => orders::historical_fills(twin, params),
        ["historical", "positions"] => portfolio::historical_positions(twin, params),
        ["series"] => Ok(exchange::series_list(twin, params)),
        ["series", "fee_changes"] => Ok(serde_json::json!({ "series_fee_change_arr": [] })),
        ["series", ticker] => exchange::series(twin, ticker),
        ["series", series, "markets", ticker, "candlesticks"] => candles::of_market(twin, series, ticker, params),
        ["series", series, "events", ticker, "candlesticks"] => candles::of_event(twin, series, ticker, params),
        ["events", "fee_changes"] => Ok(serde_json::json!({ "event_fee_changes": [], "cursor": "" })),
        ["events"] => exchange::events(twin, params),
        ["events", ticker] => exchange::event(twin, ticker, params),
        ["markets"] => exchange::markets(twin, params),
        ["markets", "trades"] => exchange::trades(twin, params),
        ["markets", "candlesticks"] => candles::batch(twin, params),
        ["markets", "orderbooks"] => Ok(exchange::orderbooks(twin, params)),
        ["markets", ticker] => exchange::market(twin, ticker),
        ["markets", ticker, "orderbook"] => exchange::orderbook(twin, ticker, params),
        ["account", "limits"] => Ok(crate::core::limits::Tier::Basic.body()),
        ["account", "endpoint_costs"] => Ok(crate::core::cost::endpoint_costs()),
        ["cfbenchmarks", "values"] => exchange::index_value(twin, params),
        ["cfbenchmarks", "history", "values"] => exchange::index_history(twin, params),
        ["portfolio", "balance"] => Ok(portfolio::balance(twin, params)),
        ["portfolio", "positions"] => portfolio::positions(twin, params),
        ["portfolio", "orders"] => orders::orders(twin, params),
        ["portfolio", "orders", "queue_positions"] => orders::queue_positions(twin, params),
        ["portfolio", "orders", order_id] => orders::order(twin, order_id, params),
        ["portfolio", "orders", order_id, "queue_position"] => orders::queue_position(twin, order_id, params),
        ["portfolio", "fills"] => orders::fills(twin, params),
        ["portfolio", "order_groups"] => Ok(orders::groups(twin, params)),
        ["portfolio", "order_groups", id] => orders::group(twin, id, params),
        ["portfolio", "summary", "total_resting_order_value"] => Ok(orders::total_resting_order_value(twin)),
        ["portfolio", "settlements"] => portfolio::settlements(twin, params),
        ["portfolio", "deposits"] => {
            portfolio::cash_movements("GetDeposits", "deposits", &twin.account().deposits, params)
        }
        ["portfolio", "withdrawals"] => {
            portfolio::cash_movements("GetWithdrawals", "withdrawals", &twin.account().withdrawals, params)
        }
        ["portfolio", "subaccounts", "balances"] => Ok(portfolio::subaccount_balances(twin)),
        ["portfolio", "subaccounts", "netting"] => Ok(portfolio::netting(twin)),
        ["portfolio", "subaccounts", "transfers"] => portfolio::subaccount_transfers(twin, params),
        ["portfolio", "intra_exchange_instance_transfers"] => portfolio::shard_transfers(twin, params),
        ["portfolio", "intra_exchange_instance_transfers", id] => portfolio::shard_transfer(twin, id),
        ["portfolio", "target_balance_allocation"] => Ok(portfolio::allocation(twin)),
        _ => Err(Rejection::not_found()),
    }
}
