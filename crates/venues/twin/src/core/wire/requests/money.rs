//! Subaccounts and transfers.

use rec_domain::{ExchangeIndex, Money};
use serde::Deserialize;
use uuid::Uuid;

use super::parse;
use crate::core::{
    mutation::{Mutation, TransferBetweenShards, TransferBetweenSubaccounts},
    rejection::Rejection,
    wallet::Wallet,
};

#[derive(Debug, Deserialize)]
struct SubaccountBody {
    exchange_index: Option<ExchangeIndex>,
}

#[derive(Debug, Deserialize)]
struct SubaccountTransferBody {
    client_transfer_id: Uuid,
    from_subaccount: u32,
    to_subaccount: u32,
    amount_cents: i64,
    exchange_index: Option<ExchangeIndex>,
}

/// Where money is: markets, or the margined instance, which the twin has not.
#[derive(Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum Instance {
    EventContract,
    Margined,
}

#[derive(Debug, Deserialize)]
struct ShardTransferBody {
    source: Instance,
    destination: Instance,
    /// In 1e-4 dollars.
    amount: i64,
    #[serde(default)]
    source_exchange_shard: i32,
    #[serde(default)]
    destination_exchange_shard: i32,
    #[serde(default)]
    source_subaccount: u32,
    #[serde(default)]
    destination_subaccount: u32,
    client_transfer_id: Option<String>,
}

#[derive(Debug, Deserialize)]
struct AllocationBody {
    allocations: Vec<AllocationItem>,
}

#[derive(Debug, Deserialize)]
struct AllocationItem {
    exchange_index: i32,
    percent: u32,
}

#[derive(Debug, Deserialize)]
struct NettingBody {
    subaccount_number: u32,
    enabled: bool,
}

const ZERO: ExchangeIndex = ExchangeIndex::new(0);

pub(super) fn create_subaccount(body: &[u8]) -> Result<Mutation, Rejection> {
    let body: SubaccountBody = parse(body, "CreateSubaccountRequest")?;
    Ok(Mutation::CreateSubaccount(body.exchange_index.unwrap_or(ZERO)))
}

pub(super) fn transfer_between_subaccounts(body: &[u8]) -> Result<Mutation, Rejection> {
    let body: SubaccountTransferBody = parse(body, "ApplySubaccountTransferRequest")?;
    Ok(Mutation::TransferBetweenSubaccounts(TransferBetweenSubaccounts {
        client_transfer_id: body.client_transfer_id.to_string(),
        from: body.from_subaccount,
        to: body.to_subaccount,
        amount: money(body.amount_cents, 10_000)?,
        exchange_index: body.exchange_index.unwrap_or(ZERO),
    }))
}

pub(super) fn net_subaccount(body: &[u8]) -> Result<Mutation, Rejection> {
    let body: NettingBody = parse(body, "UpdateSubaccountNettingRequest")?;
    Ok(Mutation::Net { subaccount: body.subaccount_number, enabled: body.enabled })
}

pub(super) fn transfer_between_shards(body: &[u8]) -> Result<Mutation, Rejection> {
    let body: ShardTransferBody = parse(body, "IntraExchangeInstanceTransferRequest")?;
    if body.source != Instance::EventContract || body.destination != Instance::EventContract {
        return Err(Rejection::nested(403, "forbidden", Some("margined trading is not enabled")));
    }
    Ok(Mutation::TransferBetweenShards(TransferBetweenShards {
        client_transfer_id: body.client_transfer_id.filter(|id| !id.is_empty()),
        from: Wallet::new(ExchangeIndex::new(body.source_exchange_shard), body.source_subaccount),
        to: Wallet::new(ExchangeIndex::new(body.destination_exchange_shard), body.destination_subaccount),
        amount: money(body.amount, 100)?,
    }))
}

pub(super) fn allocate(body: &[u8]) -> Result<Mutation, Rejection> {
    let body: AllocationBody = parse(body, "SetTargetBalanceAllocationRequest")?;
    let items = body.allocations.iter().map(|item| (ExchangeIndex::new(item.exchange_index), item.percent));
    Ok(Mutation::Allocate(items.collect()))
}

/// An amount in units of so many millionths of a dollar.
fn money(amount: i64, micros: i64) -> Result<Money, Rejection> {
    let amount = amount.checked_mul(micros).map(Money::from_micros);
    amount.ok_or_else(|| Rejection::bad_request("the amount is out of range"))
}
