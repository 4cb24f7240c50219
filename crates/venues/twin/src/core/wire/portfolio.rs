//! Orders, fills, positions and settlements of the account.

use rec_domain::{BookSide, Money, Quantity};
use serde_json::{Value, json};

use crate::core::{
    account::{Fill, Group, Order, Position, Settlement},
    transfers::{CashMovement, ShardTransfer, SubaccountTransfer},
    wire::{count, dollars, price},
};

/// The words that the exchange still sends beside `outcome_side` and `book_side`.
pub(crate) const fn legacy_side(side: BookSide, closes: bool) -> (&'static str, &'static str) {
    match (side, closes) {
        (BookSide::Bid, false) => ("yes", "buy"),
        (BookSide::Ask, false) => ("no", "buy"),
        (BookSide::Bid, true) => ("no", "sell"),
        (BookSide::Ask, true) => ("yes", "sell"),
    }
}

/// An order.
#[must_use]
pub fn order_body(order: &Order, user_id: &str) -> Value {
    let (side, action) = legacy_side(order.side, false);
    json!({
        "order_id": order.order_id,
        "user_id": user_id,
        "client_order_id": order.client_order_id.as_deref().unwrap_or(""),
        "ticker": &*order.ticker,
        "side": side,
        "action": action,
        "outcome_side": order.side.acquired().name(),
        "book_side": order.side.name(),
        "type": "limit",
        "status": order.status.name(),
        "yes_price_dollars": price(order.price),
        "no_price_dollars": price(order.price.complement()),
        "fill_count_fp": count(order.filled),
        "remaining_count_fp": count(order.remaining),
        "initial_count_fp": count(order.initial),
        "taker_fill_cost_dollars": dollars(order.taker_cost),
        "maker_fill_cost_dollars": dollars(order.maker_cost),
        "taker_fees_dollars": dollars(order.taker_fees),
        "maker_fees_dollars": dollars(order.maker_fees),
        "expiration_time": order.expires_at,
        "created_time": order.created,
        "last_update_time": order.updated,
        "self_trade_prevention_type": order.self_trade_prevention,
        "order_group_id": order.order_group_id,
        "cancel_order_on_pause": order.cancel_on_pause,
        "subaccount_number": order.wallet.subaccount,
        "exchange_index": order.wallet.exchange_index.get(),
    })
}

/// A fill. It carries no client order id.
#[must_use]
pub fn fill_body(fill: &Fill) -> Value {
    let (side, action) = legacy_side(fill.side, fill.closed);
    json!({
        "fill_id": fill.trade_id,
        "trade_id": fill.trade_id,
        "order_id": fill.order_id,
        "ticker": &*fill.ticker,
        "market_ticker": &*fill.ticker,
        "side": side,
        "action": action,
        "outcome_side": fill.side.acquired().name(),
        "book_side": fill.side.name(),
        "count_fp": count(fill.count),
        "yes_price_dollars": price(fill.price),
        "no_price_dollars": price(fill.price.complement()),
        "is_taker": fill.is_taker,
        "fee_cost": dollars(fill.fee),
        "created_time": fill.at,
        "ts": fill.at.seconds(),
        "subaccount_number": fill.wallet.subaccount,
        "exchange_index": fill.wallet.exchange_index.get(),
    })
}

/// The positions of markets and of their events.
#[must_use]
pub fn position_bodies(positions: &[&Position]) -> (Vec<Value>, Vec<Value>) {
    let markets = positions.iter().map(|position| market_position(position)).collect();
    let mut events: Vec<&str> = positions.iter().map(|position| &*position.event_ticker).collect();
    events.dedup();
    let events = events.into_iter().map(|event| event_position(event, positions)).collect();
    (markets, events)
}

fn market_position(position: &Position) -> Value {
    json!({
        "ticker": &*position.ticker,
        "exchange_index": position.wallet.exchange_index.get(),
        "total_traded_dollars": dollars(position.total_traded()),
        "position_fp": count(position.net),
        "market_exposure_dollars": dollars(position.cost),
        "realized_pnl_dollars": dollars(position.realized),
        "fees_paid_dollars": dollars(position.fees),
        "last_updated_ts": position.updated,
    })
}

fn event_position(event: &str, positions: &[&Position]) -> Value {
    let of_event = || positions.iter().filter(|position| &*position.event_ticker == event);
    let sum = |amount: fn(&Position) -> Money| dollars(of_event().map(|position| amount(position)).sum());
    let shares: Quantity = of_event().map(|position| position.net.abs()).sum();
    json!({
        "event_ticker": event,
        "total_cost_dollars": sum(|position| position.total_traded()),
        "total_cost_shares_fp": count(shares),
        "event_exposure_dollars": sum(|position| position.cost),
        "realized_pnl_dollars": sum(|position| position.realized),
        "fees_paid_dollars": sum(|position| position.fees),
    })
}

/// A settlement: what was acquired on each side, what it cost, and what was paid.
#[must_use]
pub fn settlement_body(settlement: &Settlement) -> Value {
    let position = &settlement.position;
    // Whole cents, and nothing where it is between two.
    let units = settlement.result.value().units();
    let value = (units % 100 == 0).then_some(units / 100);
    json!({
        "ticker": &*position.ticker,
        "exchange_index": position.wallet.exchange_index.get(),
        "event_ticker": &*position.event_ticker,
        "market_result": settlement.result.name(),
        "yes_count_fp": count(position.yes_count),
        "yes_total_cost_dollars": dollars(position.yes_cost),
        "no_count_fp": count(position.no_count),
        "no_total_cost_dollars": dollars(position.no_cost),
        "revenue": settlement.revenue.floor_cents(),
        "value": value,
        "fee_cost": dollars(position.fees),
        "settled_time": settlement.at,
    })
}

/// An order group of a list.
#[must_use]
pub fn group_body(group: &Group) -> Value {
    json!({
        "id": group.order_group_id,
        "contracts_limit_fp": count(group.limit),
        "is_auto_cancel_enabled": true,
        "exchange_index": group.wallet.exchange_index.get(),
    })
}

/// A deposit or a withdrawal.
#[must_use]
pub fn cash_movement_body(movement: &CashMovement) -> Value {
    json!({
        "id": movement.id,
        "status": "applied",
        "type": "ach",
        "amount_cents": movement.amount.floor_cents(),
        "fee_cents": 0,
        "created_ts": movement.at.seconds(),
        "finalized_ts": movement.at.seconds(),
    })
}

/// A transfer between subaccounts.
#[must_use]
pub fn subaccount_transfer_body(transfer: &SubaccountTransfer) -> Value {
    json!({
        "transfer_id": transfer.transfer_id,
        "from_subaccount": transfer.from,
        "to_subaccount": transfer.to,
        "amount_cents": transfer.amount.floor_cents(),
        "created_ts": transfer.at.seconds(),
        "exchange_index": transfer.exchange_index.get(),
    })
}

/// A transfer between shards.
#[must_use]
pub fn shard_transfer_body(transfer: &ShardTransfer) -> Value {
    json!({
        "transfer_id": transfer.transfer_id,
        "source": "event_contract",
        "destination": "event_contract",
        "source_exchange_shard": transfer.from.exchange_index.get(),
        "destination_exchange_shard": transfer.to.exchange_index.get(),
        "amount": dollars(transfer.amount),
        "status": if transfer.complete { "complete" } else { "pending" },
        "created_ts": transfer.at.seconds(),
    })
}
