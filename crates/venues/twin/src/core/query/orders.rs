//! Orders, fills, order groups and queue positions. Lists that name no subaccount are of all of them.

use rec_domain::Money;
use serde_json::{Value, json};

use super::{Params, exchange::within, page};
use crate::core::{
    Twin,
    account::{Fill, Group, Order},
    rejection::Rejection,
    wallet::{SHARDS, Wallet},
    wire::{count, dollars, fill_body, group_body, order_body},
};

/// Whether a list that is asked for takes in what belongs to a wallet.
pub(super) fn of(params: &Params, wallet: Wallet) -> bool {
    of_shard(params, wallet) && params.number("subaccount").is_none_or(|number| number == i64::from(wallet.subaccount))
}

pub(super) fn of_shard(params: &Params, wallet: Wallet) -> bool {
    params.number("exchange_index").is_none_or(|index| index == i64::from(wallet.exchange_index.get()))
}

/// Whether an order left the ordinary lists for those of old ones.
fn is_historical(twin: &Twin, order: &Order) -> bool {
    !order.remaining.is_positive() && order.updated < twin.orders_cutoff()
}

pub(super) fn orders(twin: &Twin, params: &Params) -> Result<Value, Rejection> {
    if let Some(status) = params.text("status")
        && !["resting", "canceled", "executed"].contains(&status)
    {
        return Err(Rejection::nested(400, "bad_request", Some("invalid status filter")));
    }
    list_orders(twin, "GetOrders", params, |order| {
        !is_historical(twin, order)
            && params.text("event_ticker").is_none_or(|event| *event == *twin.event_ticker_of(order.market))
            && params.allows("status", order.status.name())
    })
}

pub(super) fn historical_orders(twin: &Twin, params: &Params) -> Result<Value, Rejection> {
    list_orders(twin, "GetHistoricalOrders", params, |order| is_historical(twin, order))
}

fn list_orders(
    twin: &Twin,
    operation: &str,
    params: &Params,
    wanted: impl Fn(&Order) -> bool,
) -> Result<Value, Rejection> {
    let user = twin.user_id();
    let found = twin.account.orders.iter().rev().filter(|(_, order)| {
        of(params, order.wallet)
            && params.allows("ticker", &order.ticker)
            && within(params, order.created)
            && wanted(order)
    });
    let page = page::descending(operation, params, 1_000, found.map(|(number, order)| (*number, order)))?;
    let bodies: Vec<Value> = page.items.iter().map(|order| order_body(order, &user)).collect();
    Ok(json!({ "orders": bodies, "cursor": page.cursor }))
}

fn find<'a>(twin: &'a Twin, order_id: &str, params: &Params) -> Result<&'a Order, Rejection> {
    let number = twin.account.by_order_id.get(order_id).ok_or_else(Rejection::not_found)?;
    let order = twin.account.orders.get(number).filter(|order| of(params, order.wallet));
    order.ok_or_else(Rejection::not_found)
}

pub(super) fn order(twin: &Twin, order_id: &str, params: &Params) -> Result<Value, Rejection> {
    find(twin, order_id, params).map(|order| json!({ "order": order_body(order, &twin.user_id()) }))
}

pub(super) fn fills(twin: &Twin, params: &Params) -> Result<Value, Rejection> {
    list_fills(twin, "GetFills", params, |fill| fill.at >= twin.trades_cutoff())
}

pub(super) fn historical_fills(twin: &Twin, params: &Params) -> Result<Value, Rejection> {
    list_fills(twin, "GetFillsHistorical", params, |fill| fill.at < twin.trades_cutoff())
}

fn list_fills(
    twin: &Twin,
    operation: &str,
    params: &Params,
    wanted: impl Fn(&Fill) -> bool,
) -> Result<Value, Rejection> {
    if params.text("ticker").is_some_and(|tickers| tickers.split(',').count() > 100) {
        return Err(Rejection::parameter(operation, "at most 100 tickers"));
    }
    let found = numbered(&twin.account.fills).filter(|(_, fill)| {
        of(params, fill.wallet)
            && params.allows("ticker", &fill.ticker)
            && params.text("order_id").is_none_or(|order| order == fill.order_id)
            && within(params, fill.at)
            && wanted(fill)
    });
    let page = page::descending(operation, params, 1_000, found)?;
    let bodies: Vec<Value> = page.items.into_iter().map(fill_body).collect();
    Ok(json!({ "fills": bodies, "cursor": page.cursor }))
}

/// The newest first, each with its number counted from one.
pub(super) fn numbered<T>(items: &[T]) -> impl Iterator<Item = (u64, &T)> {
    items.iter().enumerate().rev().map(|(place, item)| (u64::try_from(place).unwrap_or(0) + 1, item))
}

/// What rests, the oldest first.
fn resting(twin: &Twin) -> impl Iterator<Item = &Order> {
    twin.account.resting.iter().filter_map(|number| twin.account.orders.get(number))
}

fn queue_position_of(twin: &Twin, order: &Order) -> Option<Value> {
    let book = &twin.markets.get(&order.market)?.book;
    book.ahead(order.side, order.price, order.number).map(|ahead| json!(count(ahead)))
}

pub(super) fn queue_position(twin: &Twin, order_id: &str, params: &Params) -> Result<Value, Rejection> {
    let ahead = queue_position_of(twin, find(twin, order_id, params)?);
    ahead.map(|ahead| json!({ "queue_position_fp": ahead })).ok_or_else(Rejection::not_found)
}

/// The queue positions of what a subaccount has resting; the primary one where none is named.
pub(super) fn queue_positions(twin: &Twin, params: &Params) -> Result<Value, Rejection> {
    if params.text("market_tickers").is_none() && params.text("event_ticker").is_none() {
        return Err(Rejection::parameter("GetOrderQueuePositions", "market_tickers or event_ticker is required"));
    }
    let subaccount = params.number("subaccount").unwrap_or(0);
    let found = resting(twin).filter(|order| {
        i64::from(order.wallet.subaccount) == subaccount
            && params.allows("market_tickers", &order.ticker)
            && params.text("event_ticker").is_none_or(|event| *event == *twin.event_ticker_of(order.market))
    });
    let positions: Vec<Value> = found
        .filter_map(|order| {
            Some(json!({
                "order_id": order.order_id,
                "market_ticker": &*order.ticker,
                "queue_position_fp": queue_position_of(twin, order)?,
            }))
        })
        .collect();
    Ok(json!({ "queue_positions": positions }))
}

/// What rests, at the price that its own side would pay.
pub(super) fn total_resting_order_value(twin: &Twin) -> Value {
    let value = |order: &Order| order.side.acquired().convert_price(order.price) * order.remaining;
    let of_shard =
        |shard| -> Money { resting(twin).filter(|order| order.wallet.exchange_index == shard).map(value).sum() };
    let breakdown: Vec<Value> = SHARDS
        .iter()
        .map(|shard| json!({ "exchange_index": shard.get(), "balance": dollars(of_shard(*shard)) }))
        .collect();
    let total: Money = resting(twin).map(value).sum();
    json!({ "total_resting_order_value": total.floor_cents(), "resting_order_value_breakdown": breakdown })
}

pub(super) fn groups(twin: &Twin, params: &Params) -> Value {
    let found = twin.account.groups.values().filter(|group| of(params, group.wallet));
    json!({ "order_groups": found.map(group_body).collect::<Vec<_>>() })
}

/// A group. A request that names no shard asks the default one, and one that names no subaccount the primary one.
pub(super) fn group(twin: &Twin, id: &str, params: &Params) -> Result<Value, Rejection> {
    let asked = (params.number("exchange_index").unwrap_or(0), params.number("subaccount").unwrap_or(0));
    let is_asked = |group: &&Group| {
        let wallet = group.wallet;
        group.order_group_id == id && asked == (i64::from(wallet.exchange_index.get()), i64::from(wallet.subaccount))
    };
    let group = twin.account.groups.values().find(is_asked).ok_or_else(Rejection::not_found)?;
    let resting = |number: &&u64| twin.account.resting.contains(*number);
    let orders: Vec<&str> = group
        .orders
        .iter()
        .filter(resting)
        .filter_map(|number| twin.account.orders.get(number).map(|order| order.order_id.as_str()))
        .collect();
    Ok(json!({
        "is_auto_cancel_enabled": true,
        "contracts_limit_fp": count(group.limit),
        "orders": orders,
        "exchange_index": group.wallet.exchange_index.get(),
    }))
}
