//! Requests that change something: from method, path and body to a mutation.

use rec_domain::{BookSide, ExchangeIndex, Price, Quantity, Timestamp};
use serde::{Deserialize, de::DeserializeOwned};

use crate::core::{
    mutation::{CancelOrder, CreateGroup, CreateOrder, GroupRef, Mutation, SelfTradePrevention, TimeInForce},
    query::Params,
    rejection::Rejection,
};

/// The body of a new order. Counts and prices are strings; a number is refused.
#[derive(Debug, Deserialize)]
struct CreateOrderBody {
    ticker: String,
    client_order_id: Option<String>,
    side: BookSide,
    count: String,
    price: String,
    expiration_time: Option<i64>,
    time_in_force: TimeInForce,
    #[serde(default)]
    post_only: bool,
    self_trade_prevention_type: SelfTradePrevention,
    #[serde(default)]
    reduce_only: bool,
    #[serde(default)]
    subaccount: i64,
    order_group_id: Option<String>,
    exchange_index: Option<ExchangeIndex>,
}

/// The body of a new group or of a new limit.
#[derive(Debug, Deserialize)]
struct GroupBody {
    contracts_limit: Option<i64>,
    contracts_limit_fp: Option<String>,
    exchange_index: Option<ExchangeIndex>,
}

/// The mutation that a request asks for; `None` when the path changes nothing.
///
/// `path` is relative to `/trade-api/v2`.
#[must_use]
pub fn mutation(method: &str, path: &str, params: &Params, body: &[u8]) -> Option<Result<Mutation, Rejection>> {
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let answer = match (method, parts.as_slice()) {
        ("POST", ["portfolio", "events", "orders"]) => create_order(body),
        ("DELETE", ["portfolio", "events", "orders", order_id]) => Ok(cancel_order(order_id, params)),
        ("POST", ["portfolio", "order_groups", "create"]) => create_group(body),
        ("DELETE", ["portfolio", "order_groups", id]) => Ok(Mutation::DeleteGroup(group_ref(id, params))),
        ("PUT", ["portfolio", "order_groups", id, "limit"]) => {
            group_limit(body).map(|(limit, _)| Mutation::LimitGroup(group_ref(id, params), limit))
        }
        ("PUT", ["portfolio", "order_groups", id, "trigger"]) => Ok(Mutation::TriggerGroup(group_ref(id, params))),
        ("PUT", ["portfolio", "order_groups", id, "reset"]) => Ok(Mutation::ResetGroup(group_ref(id, params))),
        _ => return None,
    };
    Some(answer)
}

fn create_order(body: &[u8]) -> Result<Mutation, Rejection> {
    let body: CreateOrderBody = parse(body, "CreateOrderV2Request")?;
    if body.subaccount != 0 {
        return Err(Rejection::nested(400, "invalid_order", Some("unknown subaccount")));
    }
    let count: Quantity = body.count.parse().map_err(|error| unreadable("count", &error))?;
    let price: Price =
        body.price.parse().map_err(|_finer_than_any_grid| Rejection::nested(400, "invalid_price", None))?;
    Ok(Mutation::CreateOrder(CreateOrder {
        ticker: body.ticker,
        client_order_id: body.client_order_id.filter(|id| !id.is_empty()),
        side: body.side,
        count,
        price,
        time_in_force: body.time_in_force,
        self_trade_prevention: body.self_trade_prevention_type,
        post_only: body.post_only,
        reduce_only: body.reduce_only,
        expires_at: body.expiration_time.map(Timestamp::from_seconds),
        order_group_id: body.order_group_id.filter(|id| !id.is_empty()),
        exchange_index: body.exchange_index,
    }))
}

fn cancel_order(order_id: &str, params: &Params) -> Mutation {
    Mutation::CancelOrder(CancelOrder {
        order_id: order_id.to_owned(),
        exchange_index: params.number("exchange_index").and_then(shard),
        market_ticker: params.text("market_ticker").map(str::to_owned),
    })
}

fn create_group(body: &[u8]) -> Result<Mutation, Rejection> {
    let (limit, exchange_index) = group_limit(body)?;
    Ok(Mutation::CreateGroup(CreateGroup { limit, exchange_index }))
}

fn group_limit(body: &[u8]) -> Result<(Quantity, ExchangeIndex), Rejection> {
    let body: GroupBody = parse(body, "CreateOrderGroupRequest")?;
    let text: Option<Quantity> = match body.contracts_limit_fp {
        Some(text) => Some(text.parse().map_err(|error| unreadable("contracts_limit_fp", &error))?),
        None => None,
    };
    let whole = body.contracts_limit.map(Quantity::from_contracts);
    let limit = match (text, whole) {
        (Some(text), Some(whole)) if text != whole => None,
        (text, whole) => text.or(whole),
    };
    let allowed = Quantity::from_contracts(1)..=Quantity::from_contracts(1_000_000);
    let limit = limit.filter(|limit| allowed.contains(limit));
    let limit = limit.ok_or_else(|| Rejection::bad_request("contracts_limit must be between 1 and 1000000"))?;
    Ok((limit, body.exchange_index.unwrap_or(ExchangeIndex::new(0))))
}

fn group_ref(id: &str, params: &Params) -> GroupRef {
    let exchange_index = params.number("exchange_index").and_then(shard).unwrap_or(ExchangeIndex::new(0));
    GroupRef { order_group_id: id.to_owned(), exchange_index }
}

fn shard(number: i64) -> Option<ExchangeIndex> {
    i32::try_from(number).ok().map(ExchangeIndex::new)
}

fn parse<T: DeserializeOwned>(body: &[u8], type_name: &str) -> Result<T, Rejection> {
    serde_json::from_slice(body).map_err(|error| {
        Rejection::bad_request(&format!("json: cannot unmarshal into Go value of type {type_name}: {error}"))
    })
}

fn unreadable(field: &str, error: &rec_domain::decimal::DecimalError) -> Rejection {
    Rejection::bad_request(&format!("{field}: {error}"))
}
