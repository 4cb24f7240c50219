//! Answers to accepted mutations.

use rec_domain::decimal;
use serde::Serialize;
use serde_json::{Value, json};

use crate::core::{
    mutation::{AmendAnswer, Applied, CancelAnswer, DecreaseAnswer, OrderAnswer},
    rejection::Rejection,
    wire::count,
};

#[derive(Serialize)]
struct CreateOrderResponse<'a> {
    order_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_order_id: Option<&'a str>,
    fill_count: String,
    remaining_count: String,
    /// Absent when nothing filled.
    #[serde(skip_serializing_if = "Option::is_none")]
    average_fill_price: Option<String>,
    /// Absent when nothing filled.
    #[serde(skip_serializing_if = "Option::is_none")]
    average_fee_paid: Option<String>,
    ts_ms: i64,
}

#[derive(Serialize)]
struct CancelOrderResponse<'a> {
    order_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_order_id: Option<&'a str>,
    reduced_by: String,
    ts_ms: i64,
}

#[derive(Serialize)]
struct DecreaseOrderResponse<'a> {
    order_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_order_id: Option<&'a str>,
    remaining_count: String,
    ts_ms: i64,
}

/// The status code and body of an accepted mutation; a null body is none at all.
#[must_use]
pub fn body(applied: &Applied) -> (u16, Value) {
    match applied {
        Applied::Order(answer) => (201, order(answer)),
        Applied::Cancelled(answer) => (200, cancelled(answer)),
        Applied::Amended(answer) => (200, amended(answer)),
        Applied::Decreased(answer) => (200, decreased(answer)),
        Applied::Orders(answers) => {
            let items = answers.iter().map(|item| match item {
                Ok(answer) => order_item(answer),
                Err((client_order_id, refused)) => refused_order_item(client_order_id.as_deref(), refused),
            });
            (201, json!({ "orders": items.collect::<Vec<_>>() }))
        }
        Applied::Cancels(answers) => {
            let items = answers.iter().map(|item| match item {
                Ok(answer) => cancelled(answer),
                Err((order_id, refused)) => refused_cancel_item(order_id, refused),
            });
            (200, json!({ "orders": items.collect::<Vec<_>>() }))
        }
        Applied::CancelledAll => (204, Value::Null),
        Applied::Subaccount(number) => (201, json!({ "subaccount_number": number })),
        Applied::Transfer { transfer_id } => (200, json!({ "transfer_id": transfer_id })),
        Applied::Group { order_group_id, exchange_index, subaccount } => (
            201,
            json!({
                "order_group_id": order_group_id,
                "subaccount": subaccount,
                "exchange_index": exchange_index.get(),
            }),
        ),
        Applied::Mirrored { .. } | Applied::Done => (200, json!({})),
    }
}

fn micros(value: Option<i64>) -> Option<String> {
    value.map(|micros| decimal::format(micros, 6, 4))
}

fn order(answer: &OrderAnswer) -> Value {
    json!(CreateOrderResponse {
        order_id: &answer.order_id,
        client_order_id: answer.client_order_id.as_deref(),
        fill_count: count(answer.filled),
        remaining_count: count(answer.remaining),
        average_fill_price: micros(answer.average_price_micros),
        average_fee_paid: micros(answer.average_fee_micros),
        ts_ms: answer.at.millis(),
    })
}

/// In batches and amendments what is not stated is null, not absent.
fn order_item(answer: &OrderAnswer) -> Value {
    json!({
        "order_id": answer.order_id,
        "client_order_id": answer.client_order_id,
        "fill_count": count(answer.filled),
        "remaining_count": count(answer.remaining),
        "average_fill_price": micros(answer.average_price_micros),
        "average_fee_paid": micros(answer.average_fee_micros),
        "ts_ms": answer.at.millis(),
    })
}

fn refused_order_item(client_order_id: Option<&str>, refused: &Rejection) -> Value {
    json!({
        "client_order_id": client_order_id,
        "fill_count": null,
        "remaining_count": null,
        "average_fill_price": null,
        "average_fee_paid": null,
        "ts_ms": null,
        "error": refused.item(),
    })
}

fn refused_cancel_item(order_id: &str, refused: &Rejection) -> Value {
    json!({ "order_id": order_id, "reduced_by": "0.00", "ts_ms": null, "error": refused.item() })
}

fn amended(answer: &AmendAnswer) -> Value {
    let order = &answer.order;
    let mut body = json!({
        "order_id": order.order_id,
        "fill_count": answer.counts_changed.then(|| count(order.filled)),
        "remaining_count": answer.counts_changed.then(|| count(order.remaining)),
        "average_fill_price": micros(order.average_price_micros),
        "average_fee_paid": micros(order.average_fee_micros),
        "ts_ms": order.at.millis(),
    });
    if let Some(id) = &order.client_order_id {
        body["client_order_id"] = json!(id);
    }
    body
}

fn decreased(answer: &DecreaseAnswer) -> Value {
    json!(DecreaseOrderResponse {
        order_id: &answer.order_id,
        client_order_id: answer.client_order_id.as_deref(),
        remaining_count: count(answer.remaining),
        ts_ms: answer.at.millis(),
    })
}

fn cancelled(answer: &CancelAnswer) -> Value {
    json!(CancelOrderResponse {
        order_id: &answer.order_id,
        client_order_id: answer.client_order_id.as_deref(),
        reduced_by: count(answer.reduced_by),
        ts_ms: answer.at.millis(),
    })
}
