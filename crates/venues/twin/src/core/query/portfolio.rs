//! The account.

use rec_domain::{BookSide, Money, Price};
use serde_json::{Value, json};

use super::{Params, exchange::within, page};
use crate::core::{
    Twin,
    account::Position,
    config::CRYPTO_SHARD,
    identity::{Kind, identity},
    rejection::Rejection,
    wire::{count, dollars, fill_body, order_body, position_bodies, settlement_body},
};

pub(super) fn balance(twin: &Twin, params: &Params) -> Value {
    let shard = params.number("exchange_index");
    let ours = asks_our_shard(params);
    let (cash, value) = if ours { (twin.account.cash(), portfolio_value(twin)) } else { Default::default() };
    let mut breakdown = vec![json!({ "exchange_index": 0, "balance": dollars(Money::ZERO) })];
    breakdown.push(json!({ "exchange_index": CRYPTO_SHARD.get(), "balance": dollars(twin.account.cash()) }));
    breakdown.retain(|entry| shard.is_none_or(|index| entry["exchange_index"] == index));
    json!({
        "balance": cash.floor_cents(),
        "balance_dollars": dollars(cash),
        "portfolio_value": value.floor_cents(),
        "updated_ts": twin.now().seconds(),
        "balance_breakdown": breakdown,
    })
}

/// Whether a request is for all shards or for the one where everything of the account is.
fn asks_our_shard(params: &Params) -> bool {
    params.number("exchange_index").is_none_or(|index| index == i64::from(CRYPTO_SHARD.get()))
}

/// What the open positions would fetch at the best bid of their side; nothing where nobody bids.
fn portfolio_value(twin: &Twin) -> Money {
    let worth = |(number, position): (&u32, &Position)| {
        let market = twin.markets.get(number)?;
        let bid = if position.net.is_negative() {
            market.book.best(BookSide::Ask).map(|(price, _)| price.complement())
        } else {
            market.book.best(BookSide::Bid).map(|(price, _)| price)
        };
        Some(bid.unwrap_or(Price::ZERO) * position.net.abs())
    };
    twin.account.positions.iter().filter_map(worth).sum()
}

pub(super) fn positions(twin: &Twin, params: &Params) -> Result<Value, Rejection> {
    let status = params.text("settlement_status").unwrap_or("unsettled");
    let count_filter = params.text("count_filter");
    let found = twin.account.positions.iter().rev().filter(|(_, position)| {
        let counts = count_filter.is_none_or(|words| {
            words.split(',').any(|word| match word {
                "position" => !position.net.is_zero(),
                _ => position.total_traded().is_positive(),
            })
        });
        counts
            && asks_our_shard(params)
            && (status == "all" || position.settled == (status == "settled"))
            && params.allows("ticker", &position.ticker)
            && params.allows("event_ticker", &position.event_ticker)
    });
    let keyed = found.map(|(number, position)| (u64::from(*number), position));
    let page = page::descending("GetPositions", params, 1_000, keyed)?;
    let (markets, events) = position_bodies(&page.items);
    Ok(json!({ "market_positions": markets, "event_positions": events, "cursor": page.cursor }))
}

pub(super) fn orders(twin: &Twin, params: &Params) -> Result<Value, Rejection> {
    if let Some(status) = params.text("status")
        && !["resting", "canceled", "executed"].contains(&status)
    {
        return Err(Rejection::nested(400, "bad_request", Some("invalid status filter")));
    }
    let user = twin.user_id();
    let found = twin.account.orders.iter().rev().filter(|(_, order)| {
        asks_our_shard(params)
            && params.allows("ticker", &order.ticker)
            && params.text("event_ticker").is_none_or(|event| *event == *twin.event_ticker_of(order.market))
            && params.allows("status", order.status.name())
            && within(params, order.created)
    });
    let page = page::descending("GetOrders", params, 1_000, found.map(|(number, order)| (*number, order)))?;
    let bodies: Vec<Value> = page.items.iter().map(|order| order_body(order, &user)).collect();
    Ok(json!({ "orders": bodies, "cursor": page.cursor }))
}

pub(super) fn order(twin: &Twin, order_id: &str) -> Result<Value, Rejection> {
    let number = twin.account.by_order_id.get(order_id).ok_or_else(Rejection::not_found)?;
    let order = twin.account.orders.get(number).ok_or_else(Rejection::not_found)?;
    Ok(json!({ "order": order_body(order, &twin.user_id()) }))
}

pub(super) fn fills(twin: &Twin, params: &Params) -> Result<Value, Rejection> {
    if params.text("ticker").is_some_and(|tickers| tickers.split(',').count() > 100) {
        return Err(Rejection::parameter("GetFills", "at most 100 tickers"));
    }
    let found = numbered(&twin.account.fills).filter(|(_, fill)| {
        asks_our_shard(params)
            && params.allows("ticker", &fill.ticker)
            && params.text("order_id").is_none_or(|order| order == fill.order_id)
            && within(params, fill.at)
    });
    let page = page::descending("GetFills", params, 1_000, found)?;
    let bodies: Vec<Value> = page.items.into_iter().map(fill_body).collect();
    Ok(json!({ "fills": bodies, "cursor": page.cursor }))
}

pub(super) fn settlements(twin: &Twin, params: &Params) -> Result<Value, Rejection> {
    let found = numbered(&twin.account.settlements).filter(|(_, settlement)| {
        params.allows("ticker", &settlement.position.ticker)
            && params.allows("event_ticker", &settlement.position.event_ticker)
            && within(params, settlement.at)
    });
    let page = page::descending("GetSettlements", params, 1_000, found)?;
    let bodies: Vec<Value> = page.items.into_iter().map(settlement_body).collect();
    Ok(json!({ "settlements": bodies, "cursor": page.cursor }))
}

/// The newest first, each with its number counted from one.
fn numbered<T>(items: &[T]) -> impl Iterator<Item = (u64, &T)> {
    items.iter().enumerate().rev().map(|(place, item)| (u64::try_from(place).unwrap_or(0) + 1, item))
}

pub(super) fn deposits(twin: &Twin) -> Value {
    let config = twin.config();
    let at = config.start.seconds();
    json!({
        "deposits": [{
            "id": identity(config.seed, Kind::Deposit, 1).to_string(),
            "status": "applied",
            "type": "ach",
            "amount_cents": config.starting_cash.floor_cents(),
            "fee_cents": 0,
            "created_ts": at,
            "finalized_ts": at,
        }],
        "cursor": "",
    })
}

pub(super) fn groups(twin: &Twin, params: &Params) -> Value {
    let groups: Vec<Value> = twin
        .account
        .groups
        .values()
        .filter(|_| asks_our_shard(params))
        .map(|group| {
            json!({
                "id": group.order_group_id,
                "contracts_limit_fp": count(group.limit),
                "is_auto_cancel_enabled": true,
                "exchange_index": CRYPTO_SHARD.get(),
            })
        })
        .collect();
    json!({ "order_groups": groups })
}

/// A group. A request that names no shard asks the default one, where the group is not.
pub(super) fn group(twin: &Twin, id: &str, params: &Params) -> Result<Value, Rejection> {
    if params.number("exchange_index") != Some(i64::from(CRYPTO_SHARD.get())) {
        return Err(Rejection::not_found());
    }
    let found = twin.account.groups.values().find(|group| group.order_group_id == id);
    let group = found.ok_or_else(Rejection::not_found)?;
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
        "exchange_index": CRYPTO_SHARD.get(),
    }))
}
