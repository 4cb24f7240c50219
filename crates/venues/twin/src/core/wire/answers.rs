//! Answers to accepted mutations.

use rec_domain::decimal;
use serde::Serialize;
use serde_json::{Value, json};

use crate::core::{
    mutation::{Applied, CancelAnswer, OrderAnswer},
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

/// The status code and body of an accepted mutation.
#[must_use]
pub fn body(applied: &Applied) -> (u16, Value) {
    match applied {
        Applied::Order(answer) => (201, order(answer)),
        Applied::Cancelled(answer) => (200, cancelled(answer)),
        Applied::Group { order_group_id, exchange_index } => {
            (201, json!({ "order_group_id": order_group_id, "subaccount": 0, "exchange_index": exchange_index.get() }))
        }
        Applied::Done => (200, json!({})),
    }
}

fn order(answer: &OrderAnswer) -> Value {
    let micros = |value: Option<i64>| value.map(|micros| decimal::format(micros, 6, 4));
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

fn cancelled(answer: &CancelAnswer) -> Value {
    json!(CancelOrderResponse {
        order_id: &answer.order_id,
        client_order_id: answer.client_order_id.as_deref(),
        reduced_by: count(answer.reduced_by),
        ts_ms: answer.at.millis(),
    })
}
