//! Cash, positions, settlements and transfers. Balances and positions that name no subaccount are the primary one's.

use rec_domain::{BookSide, Money, Price};
use serde_json::{Value, json};

use super::{
    Params,
    exchange::within,
    orders::{numbered, of, of_shard},
    page,
};
use crate::core::{
    Twin,
    account::Position,
    rejection::Rejection,
    transfers::CashMovement,
    wallet::{SHARDS, Wallet},
    wire::{
        cash_movement_body, dollars, position_bodies, settlement_body, shard_transfer_body, subaccount_transfer_body,
    },
};

/// Whether something of a wallet is asked for where the default is the primary account.
fn of_one(params: &Params, wallet: Wallet) -> bool {
    of_shard(params, wallet) && params.number("subaccount").unwrap_or(0) == i64::from(wallet.subaccount)
}

pub(super) fn balance(twin: &Twin, params: &Params) -> Value {
    let subaccount = params.number("subaccount").and_then(|number| u32::try_from(number).ok()).unwrap_or(0);
    let wallets: Vec<Wallet> =
        SHARDS.iter().map(|shard| Wallet::new(*shard, subaccount)).filter(|wallet| of_shard(params, *wallet)).collect();
    let cash: Money = wallets.iter().map(|wallet| twin.account.free_cash(*wallet)).sum();
    let value = portfolio_value(twin, params);
    let entry = |wallet: &Wallet| {
        json!({
            "exchange_index": wallet.exchange_index.get(), "balance": dollars(twin.account.free_cash(*wallet)),
        })
    };
    json!({
        "balance": cash.floor_cents(),
        "balance_dollars": dollars(cash),
        "portfolio_value": value.floor_cents(),
        "updated_ts": twin.now().seconds(),
        "balance_breakdown": wallets.iter().map(entry).collect::<Vec<_>>(),
    })
}

/// What the open positions would fetch at the best bid of their side; nothing where nobody bids.
fn portfolio_value(twin: &Twin, params: &Params) -> Money {
    let worth = |((number, _), position): (&(u32, u32), &Position)| {
        let market = twin.markets.get(number)?;
        let bid = if position.net.is_negative() {
            market.book.best(BookSide::Ask).map(|(price, _)| price.complement())
        } else {
            market.book.best(BookSide::Bid).map(|(price, _)| price)
        };
        Some(bid.unwrap_or(Price::ZERO) * position.net.abs())
    };
    let asked = twin.account.positions.iter().filter(|(_, position)| of_one(params, position.wallet));
    asked.filter_map(worth).sum()
}

/// Whether a position left the ordinary list for that of old ones. Those of an event are paid, and leave, together.
fn is_historical(twin: &Twin, position: &Position) -> bool {
    position.settled && position.updated < twin.trades_cutoff()
}

/// Positions that were paid long ago, of all subaccounts.
pub(super) fn historical_positions(twin: &Twin, params: &Params) -> Result<Value, Rejection> {
    let found = twin.account.positions.iter().rev().filter(|(_, position)| {
        is_historical(twin, position)
            && of(params, position.wallet)
            && params.allows("ticker", &position.ticker)
            && params.allows("event_ticker", &position.event_ticker)
    });
    position_page("GetHistoricalPositions", params, found)
}

/// The keys descend by market and, within one, by subaccount.
fn position_page<'a>(
    operation: &str,
    params: &Params,
    found: impl Iterator<Item = (&'a (u32, u32), &'a Position)>,
) -> Result<Value, Rejection> {
    let keyed =
        found.map(|((number, subaccount), position)| ((u64::from(*number) << 8) | u64::from(*subaccount), position));
    let page = page::descending(operation, params, 1_000, keyed)?;
    let (markets, events) = position_bodies(&page.items);
    Ok(json!({ "market_positions": markets, "event_positions": events, "cursor": page.cursor }))
}

pub(super) fn positions(twin: &Twin, params: &Params) -> Result<Value, Rejection> {
    let status = params.text("settlement_status").unwrap_or("unsettled");
    if !["unsettled", "settled", "all"].contains(&status) {
        return Err(Rejection::nested(400, "bad_request", Some("invalid settlement_status")));
    }
    let count_filter = params.text("count_filter");
    let found = twin.account.positions.iter().rev().filter(|(_, position)| {
        let counts = count_filter.is_none_or(|words| {
            words.split(',').any(|word| match word {
                "position" => !position.net.is_zero(),
                _ => position.total_traded().is_positive(),
            })
        });
        counts
            && !is_historical(twin, position)
            && of_one(params, position.wallet)
            && (status == "all" || position.settled == (status == "settled"))
            && params.allows("ticker", &position.ticker)
            && params.allows("event_ticker", &position.event_ticker)
    });
    position_page("GetPositions", params, found)
}

pub(super) fn settlements(twin: &Twin, params: &Params) -> Result<Value, Rejection> {
    let found = numbered(&twin.account.settlements).filter(|(_, settlement)| {
        of(params, settlement.position.wallet)
            && params.allows("ticker", &settlement.position.ticker)
            && params.allows("event_ticker", &settlement.position.event_ticker)
            && within(params, settlement.at)
    });
    let page = page::descending("GetSettlements", params, 1_000, found)?;
    let bodies: Vec<Value> = page.items.into_iter().map(settlement_body).collect();
    Ok(json!({ "settlements": bodies, "cursor": page.cursor }))
}

/// Deposits or withdrawals, under the name of their list.
pub(super) fn cash_movements(
    operation: &str,
    list: &str,
    movements: &[CashMovement],
    params: &Params,
) -> Result<Value, Rejection> {
    let page = page::descending(operation, params, 500, numbered(movements))?;
    let bodies: Vec<Value> = page.items.into_iter().map(cash_movement_body).collect();
    Ok(json!({ list: bodies, "cursor": page.cursor }))
}

/// The wallets of every subaccount.
pub(super) fn subaccount_balances(twin: &Twin) -> Value {
    let last = u32::try_from(twin.account.subaccounts.len()).unwrap_or(u32::MAX);
    let wallets = (0..=last).flat_map(|subaccount| SHARDS.map(|shard| Wallet::new(shard, subaccount)));
    let bodies: Vec<Value> = wallets
        .map(|wallet| {
            json!({
                "subaccount_number": wallet.subaccount,
                "exchange_index": wallet.exchange_index.get(),
                "balance": dollars(twin.account.free_cash(wallet)),
                "updated_ts": twin.now().seconds(),
            })
        })
        .collect();
    json!({ "subaccount_balances": bodies })
}

/// Whether each subaccount nets, on every shard alike.
pub(super) fn netting(twin: &Twin) -> Value {
    let last = u32::try_from(twin.account.subaccounts.len()).unwrap_or(u32::MAX);
    let wallets = (0..=last).flat_map(|subaccount| SHARDS.map(|shard| Wallet::new(shard, subaccount)));
    let bodies: Vec<Value> = wallets
        .map(|wallet| {
            json!({
                "subaccount_number": wallet.subaccount,
                "enabled": !twin.account.not_netting.contains(&wallet.subaccount),
                "exchange_index": wallet.exchange_index.get(),
            })
        })
        .collect();
    json!({ "netting_configs": bodies })
}

pub(super) fn subaccount_transfers(twin: &Twin, params: &Params) -> Result<Value, Rejection> {
    let found = numbered(&twin.account.subaccount_transfers);
    let page = page::descending("GetSubaccountTransfers", params, 1_000, found)?;
    let bodies: Vec<Value> = page.items.into_iter().map(subaccount_transfer_body).collect();
    Ok(json!({ "transfers": bodies, "cursor": page.cursor }))
}

pub(super) fn shard_transfers(twin: &Twin, params: &Params) -> Result<Value, Rejection> {
    let found = twin.account.shard_transfers.iter().rev().map(|(number, transfer)| (*number, transfer));
    let page = page::descending("GetIntraExchangeInstanceTransfers", params, 500, found)?;
    let bodies: Vec<Value> = page.items.into_iter().map(shard_transfer_body).collect();
    Ok(json!({ "transfers": bodies, "cursor": page.cursor }))
}

pub(super) fn shard_transfer(twin: &Twin, transfer_id: &str) -> Result<Value, Rejection> {
    let found = twin.account.shard_transfers.values().find(|transfer| transfer.transfer_id == transfer_id);
    found.map(|transfer| json!({ "transfer": shard_transfer_body(transfer) })).ok_or_else(Rejection::not_found)
}

pub(super) fn allocation(twin: &Twin) -> Value {
    let items = twin.account.allocation.iter();
    let items = items.map(|(shard, percent)| json!({ "exchange_index": shard.get(), "percent": percent }));
    json!({ "allocations": items.collect::<Vec<_>>() })
}
