//! Orders: create, cancel, amend, decrease, and batches of them.

use rec_domain::{BookSide, ExchangeIndex, Price, Quantity, Timestamp};
use serde::{Deserialize, Deserializer};

use super::{parse, shard, subaccount, unreadable};
use crate::core::{
    mutation::{
        AmendOrder, CancelOrder, CreateOrder, DecreaseOrder, Mutation, Reduction, SelfTradePrevention, TimeInForce,
    },
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
    cancel_order_on_pause: bool,
    subaccount: Option<u32>,
    order_group_id: Option<String>,
    exchange_index: Option<ExchangeIndex>,
}

/// The body of several orders or cancels.
#[derive(Debug, Deserialize)]
struct Batch<T> {
    orders: Vec<T>,
}

#[derive(Debug, Deserialize)]
struct CancelItem {
    order_id: String,
    subaccount: Option<u32>,
    exchange_index: Option<ExchangeIndex>,
    market_ticker: Option<String>,
}

#[derive(Debug, Deserialize)]
struct AmendBody {
    ticker: String,
    side: BookSide,
    price: String,
    count: String,
    client_order_id: Option<String>,
    updated_client_order_id: Option<String>,
    /// Absent keeps it, 0 takes it away.
    expiration_time: Option<i64>,
    exchange_index: Option<ExchangeIndex>,
}

#[derive(Debug, Deserialize)]
struct DecreaseBody {
    #[serde(default, deserialize_with = "text_or_null")]
    reduce_by: Option<String>,
    #[serde(default, deserialize_with = "text_or_null")]
    reduce_to: Option<String>,
    exchange_index: Option<ExchangeIndex>,
    market_ticker: Option<String>,
}

/// An empty text counts as absent.
fn text_or_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(<Option<String>>::deserialize(deserializer)?.filter(|text| !text.is_empty()))
}

pub(super) fn create_order(body: &[u8]) -> Result<Mutation, Rejection> {
    new_order(parse(body, "CreateOrderV2Request")?).map(Mutation::CreateOrder)
}

pub(super) fn create_orders(body: &[u8]) -> Result<Mutation, Rejection> {
    let batch: Batch<CreateOrderBody> = parse(body, "BatchCreateOrdersV2Request")?;
    // What cannot be read refuses the batch as a whole; what the exchange will not have is told for each order.
    batch.orders.into_iter().map(new_order).collect::<Result<_, _>>().map(Mutation::CreateOrders)
}

fn new_order(body: CreateOrderBody) -> Result<CreateOrder, Rejection> {
    let (count, price) = count_and_price(&body.count, &body.price)?;
    Ok(CreateOrder {
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
        subaccount: body.subaccount,
        cancel_on_pause: body.cancel_order_on_pause,
    })
}

fn count_and_price(count: &str, price: &str) -> Result<(Quantity, Price), Rejection> {
    let count = count.parse().map_err(|error| unreadable("count", &error))?;
    let price = price.parse().map_err(|_finer_than_any_grid| Rejection::nested(400, "invalid_price", None))?;
    Ok((count, price))
}

pub(super) fn cancel_order(order_id: &str, params: &Params) -> Mutation {
    Mutation::CancelOrder(CancelOrder {
        order_id: order_id.to_owned(),
        exchange_index: params.number("exchange_index").and_then(shard),
        market_ticker: params.text("market_ticker").map(str::to_owned),
        subaccount: subaccount(params),
    })
}

pub(super) fn cancel_orders(body: &[u8]) -> Result<Mutation, Rejection> {
    let batch: Batch<CancelItem> = parse(body, "BatchCancelOrdersV2Request")?;
    let cancel = |item: CancelItem| CancelOrder {
        order_id: item.order_id,
        exchange_index: item.exchange_index,
        market_ticker: item.market_ticker,
        subaccount: item.subaccount,
    };
    Ok(Mutation::CancelOrders(batch.orders.into_iter().map(cancel).collect()))
}

pub(super) fn amend_order(order_id: &str, params: &Params, body: &[u8]) -> Result<Mutation, Rejection> {
    let body: AmendBody = parse(body, "AmendOrderV2Request")?;
    let (count, price) = count_and_price(&body.count, &body.price)?;
    let expires_at = body.expiration_time.map(|seconds| (seconds != 0).then(|| Timestamp::from_seconds(seconds)));
    Ok(Mutation::AmendOrder(AmendOrder {
        order_id: order_id.to_owned(),
        ticker: body.ticker,
        side: body.side,
        price,
        count,
        client_order_id: body.client_order_id.filter(|id| !id.is_empty()),
        updated_client_order_id: body.updated_client_order_id.filter(|id| !id.is_empty()),
        expires_at,
        exchange_index: body.exchange_index,
        subaccount: subaccount(params),
    }))
}

pub(super) fn decrease_order(order_id: &str, params: &Params, body: &[u8]) -> Result<Mutation, Rejection> {
    let body: DecreaseBody = parse(body, "DecreaseOrderV2Request")?;
    let quantity = |field: &str, text: &str| text.parse::<Quantity>().map_err(|error| unreadable(field, &error));
    let reduction = match (&body.reduce_by, &body.reduce_to) {
        (Some(by), None) => Reduction::By(quantity("reduce_by", by)?),
        (None, Some(to)) => Reduction::To(quantity("reduce_to", to)?),
        _ => return Err(Rejection::bad_request("exactly one of reduce_by and reduce_to must be provided")),
    };
    let order = CancelOrder {
        order_id: order_id.to_owned(),
        exchange_index: body.exchange_index,
        market_ticker: body.market_ticker,
        subaccount: subaccount(params),
    };
    Ok(Mutation::DecreaseOrder(DecreaseOrder { order, reduction }))
}
