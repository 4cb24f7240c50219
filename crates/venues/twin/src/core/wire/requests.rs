//! Requests that change something: from method, path and body to a mutation.

mod groups;
mod money;
mod orders;

use rec_domain::ExchangeIndex;
use serde::de::DeserializeOwned;

use crate::core::{mutation::Mutation, query::Params, rejection::Rejection};

/// The mutation that a request asks for; `None` when the path changes nothing.
///
/// `path` is relative to `/trade-api/v2`.
#[must_use]
pub fn mutation(method: &str, path: &str, params: &Params, body: &[u8]) -> Option<Result<Mutation, Rejection>> {
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let answer = match (method, parts.as_slice()) {
        ("POST", ["portfolio", "events", "orders"]) => orders::create_order(body),
        ("DELETE", ["portfolio", "events", "orders"]) => Ok(Mutation::CancelAll(subaccount(params))),
        ("POST", ["portfolio", "events", "orders", "batched"]) => orders::create_orders(body),
        ("DELETE", ["portfolio", "events", "orders", "batched"]) => orders::cancel_orders(body),
        ("DELETE", ["portfolio", "events", "orders", order_id]) => Ok(orders::cancel_order(order_id, params)),
        ("POST", ["portfolio", "events", "orders", order_id, "amend"]) => orders::amend_order(order_id, params, body),
        ("POST", ["portfolio", "events", "orders", order_id, "decrease"]) => {
            orders::decrease_order(order_id, params, body)
        }
        ("POST", ["portfolio", "order_groups", "create"]) => groups::create_group(body),
        ("DELETE", ["portfolio", "order_groups", id]) => Ok(Mutation::DeleteGroup(groups::group_ref(id, params))),
        ("PUT", ["portfolio", "order_groups", id, "limit"]) => groups::limit_group(id, params, body),
        ("PUT", ["portfolio", "order_groups", id, "trigger"]) => {
            Ok(Mutation::TriggerGroup(groups::group_ref(id, params)))
        }
        ("PUT", ["portfolio", "order_groups", id, "reset"]) => Ok(Mutation::ResetGroup(groups::group_ref(id, params))),
        ("POST", ["portfolio", "subaccounts"]) => money::create_subaccount(body),
        ("POST", ["portfolio", "subaccounts", "transfer"]) => money::transfer_between_subaccounts(body),
        ("PUT", ["portfolio", "subaccounts", "netting"]) => money::net_subaccount(body),
        ("POST", ["portfolio", "intra_exchange_instance_transfer"]) => money::transfer_between_shards(body),
        ("POST", ["portfolio", "target_balance_allocation"]) => money::allocate(body),
        _ => return None,
    };
    Some(answer)
}

fn shard(number: i64) -> Option<ExchangeIndex> {
    i32::try_from(number).ok().map(ExchangeIndex::new)
}

fn subaccount(params: &Params) -> Option<u32> {
    // What is no number of a subaccount is nobody's.
    params.number("subaccount").map(|number| u32::try_from(number).unwrap_or(u32::MAX))
}

fn parse<T: DeserializeOwned>(body: &[u8], type_name: &str) -> Result<T, Rejection> {
    serde_json::from_slice(body).map_err(|error| {
        Rejection::bad_request(&format!("json: cannot unmarshal into Go value of type {type_name}: {error}"))
    })
}

fn unreadable(field: &str, error: &rec_domain::decimal::DecimalError) -> Rejection {
    Rejection::bad_request(&format!("{field}: {error}"))
}
