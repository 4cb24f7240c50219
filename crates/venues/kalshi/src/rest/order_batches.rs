//! Several orders in one request. Each is taken or refused by itself; the whole batch is paid at once.

use rec_domain::{ExchangeIndex, OrderId, Timestamp};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{json, value::RawValue};

use super::{
    client::{Client, Write},
    error::ErrorBody,
    orders::{CancelAck, CreateAck, NewOrder, read_cancel_ack, read_create_ack},
    write::{Rejection, WriteFailure, not_found},
};
use crate::rows::list::object;

#[derive(Deserialize)]
struct Items<'a> {
    #[serde(borrow)]
    orders: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Refusal<'a> {
    #[serde(default, borrow)]
    error: Option<&'a RawValue>,
}

/// The items of an answer, which have to be as many as were sent.
fn items(body: &str, sent: usize) -> Result<Vec<&RawValue>, WriteFailure> {
    let items: Items<'_> =
        object(body).map_err(|error| WriteFailure::unknown(format!("the answer is unreadable: {error}")))?;
    if items.orders.len() == sent {
        Ok(items.orders)
    } else {
        Err(WriteFailure::unknown(format!("{} answers to {sent} orders", items.orders.len())))
    }
}

/// Codes, or how they begin, that say of an item that nothing was done. A status would say it of any code, but an item has
/// none, so that any other code, as of a service that fails, leaves open what became of it.
const CERTAIN: [&str; 12] = [
    "authentication_error",
    "available_balance_too_low",
    "bad_request",
    "forbidden",
    "insufficient_balance",
    "invalid_",
    "market_inactive",
    "order_group_",
    "order_id_and_client_order_id_mismatch",
    "order_side_mismatch",
    "order_ticker_mismatch",
    "trading_is_paused",
];

/// Sorts one item. The exchange gives the status of each only in words.
fn item<T>(json: &str, read: impl FnOnce(&str) -> Result<T, String>) -> Result<T, WriteFailure> {
    let refusal: Refusal<'_> = object(json).map_err(WriteFailure::unknown)?;
    let Some(error) = refusal.error.map(RawValue::get).filter(|error| *error != "null") else {
        return read(json).map_err(WriteFailure::unknown);
    };
    let error = ErrorBody::read(error);
    Err(match error.code.as_str() {
        _ if !error.recognised => WriteFailure::unknown(error),
        "order_already_exists" => WriteFailure::AlreadyExists,
        "too_many_requests" => WriteFailure::RateLimited,
        "not_found" => WriteFailure::Rejected(Rejection { status: 404, error }),
        _ if CERTAIN.iter().any(|code| error.is(code)) => WriteFailure::Rejected(Rejection { status: 400, error }),
        _ => WriteFailure::unknown(error),
    })
}

impl Client {
    /// Places several orders, once; gives what became of each, in their order.
    ///
    /// # Errors
    /// What happened to the batch as a whole. [`WriteFailure::Unknown`] then holds for every order of it.
    pub async fn create_orders(
        &self,
        orders: &[NewOrder],
        signed_at: Timestamp,
    ) -> Result<Vec<Result<CreateAck, WriteFailure>>, WriteFailure> {
        let wire: Vec<_> = orders.iter().map(|order| order.wire(self.subaccount_number())).collect();
        let body = serde_json::to_string(&json!({ "orders": wire }))
            .map_err(|error| WriteFailure::NotSent { reason: error.to_string() })?;
        let path = ["portfolio", "events", "orders", "batched"];
        let write = Write::new(Method::POST, &path, ExchangeIndex::new(0), signed_at).with_body(body);
        let urgent = orders.iter().all(|order| order.spec.reduce_only);
        let answer = self.write(write.batch(orders.len()).urgent(urgent)).await?;
        let answers = items(&answer, orders.len())?;
        Ok(orders
            .iter()
            .zip(answers)
            .map(|(order, answer)| item(answer.get(), |json| read_create_ack(json, order)))
            .collect())
    }

    /// Cancels what rests of several orders, each on its shard, once; gives what became of each, in their order.
    ///
    /// # Errors
    /// What happened to the batch as a whole. [`WriteFailure::Unknown`] then holds for every order of it.
    pub async fn cancel_orders(
        &self,
        orders: &[(OrderId, ExchangeIndex)],
        signed_at: Timestamp,
    ) -> Result<Vec<Result<CancelAck, WriteFailure>>, WriteFailure> {
        let wire = orders.iter().map(|(order, shard)| {
            let mut item = json!({ "order_id": order.as_str(), "exchange_index": shard.get() });
            if let Some(subaccount) = self.subaccount_number() {
                item["subaccount"] = subaccount.into();
            }
            item
        });
        let body = json!({ "orders": wire.collect::<Vec<_>>() }).to_string();
        let path = ["portfolio", "events", "orders", "batched"];
        let write = Write::new(Method::DELETE, &path, ExchangeIndex::new(0), signed_at).with_body(body);
        let answer = self.write(write.batch(orders.len()).urgent(true)).await?;
        let answers = items(&answer, orders.len())?;
        Ok(orders
            .iter()
            .zip(answers)
            .map(|((order, _), answer)| item(answer.get(), |json| read_cancel_ack(json, order)).map_err(not_found))
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use rec_domain::{
        BookSide, ClientOrderId, MarketTicker, OrderGroupId, Price, Quantity, Side,
        intent::{OrderSpec, TimeInForce},
    };

    use super::*;
    use crate::rest::canned::{Canned, client};

    fn order(id: &str) -> NewOrder {
        let spec = OrderSpec {
            ticker: MarketTicker::new("T"),
            exchange_index: ExchangeIndex::new(2),
            side: Side::Yes,
            book_side: BookSide::Bid,
            price: Price::from_cents(9),
            quantity: Quantity::from_contracts(2),
            time_in_force: TimeInForce::GoodTillCanceled,
            reduce_only: false,
            group: OrderGroupId::new("g"),
        };
        NewOrder::new(spec, ClientOrderId::new(id))
    }

    const NOW: Timestamp = Timestamp::from_seconds(7);

    #[tokio::test]
    async fn each_order_of_a_batch_has_its_own_fate() {
        let body = r#"{"orders":[
            {"order_id":"o","client_order_id":"a","fill_count":"0.00","remaining_count":"2.00","ts_ms":1},
            {"client_order_id":"b","fill_count":null,"remaining_count":null,
             "error":{"code":"insufficient_balance","message":"insufficient balance"}},
            {"client_order_id":"c","error":{"code":"order_already_exists","message":"order already exists"}},
            {"order_id":"p","client_order_id":"x","fill_count":"0.00","remaining_count":"2.00","ts_ms":1}]}"#;
        let (client, log) = client(vec![Canned::answer(201, body), Canned::answer(201, r#"{"orders":[]}"#)]).await;
        let orders = ["a", "b", "c", "d"].map(order);
        let fates = client.create_orders(&orders, NOW).await.expect("answered");
        assert_eq!(fates[0].as_ref().map(|ack| ack.remaining), Ok(Quantity::from_contracts(2)));
        assert!(matches!(&fates[1], Err(WriteFailure::Rejected(no)) if no.error.is("insufficient_balance")));
        assert_eq!(fates[2], Err(WriteFailure::AlreadyExists));
        assert!(matches!(fates[3], Err(WriteFailure::Unknown { .. })), "it describes another order");
        let missing = client.create_orders(&orders, NOW).await;
        assert!(matches!(missing, Err(WriteFailure::Unknown { .. })), "four orders and no answer");
        assert!(log.requests()[0].contains(r#"{"orders":[{"#), "{}", log.requests()[0]);
    }

    #[test]
    fn an_error_that_does_not_say_what_became_of_an_order_is_no_refusal() {
        let fate = |error: &str| item::<()>(&format!(r#"{{"error":{error}}}"#), |_| Ok(())).expect_err("an error");
        for error in [
            r#"{"code":"service_unavailable","message":"service unavailable"}"#,
            r#"{"message":"deadline exceeded"}"#,
            r#"{"code":"internal_error"}"#,
            r#""try again""#,
            "{}",
        ] {
            assert!(matches!(fate(error), WriteFailure::Unknown { .. }), "{error}");
        }
        for error in [r#"{"code":"invalid_price"}"#, r#"{"code":"MARKET_INACTIVE"}"#, r#"{"code":"not_found"}"#] {
            assert!(matches!(fate(error), WriteFailure::Rejected(_)), "{error}");
        }
    }

    #[tokio::test]
    async fn a_batch_larger_than_the_bucket_never_leaves() {
        let (client, log) = client(vec![]).await;
        let orders: Vec<NewOrder> = (0..11).map(|number| order(&number.to_string())).collect();
        let refused = client.create_orders(&orders, NOW).await;
        assert!(matches!(refused, Err(WriteFailure::NotSent { .. })), "{refused:?}");
        assert!(log.requests().is_empty());
    }

    #[tokio::test]
    async fn cancels_of_a_batch_name_their_shards_and_know_what_is_gone() {
        let body = r#"{"orders":[{"order_id":"a","reduced_by":"2.00","ts_ms":1},
            {"order_id":"b","reduced_by":"0.00","ts_ms":null,"error":{"code":"not_found","message":"not found"}}]}"#;
        let (client, log) = client(vec![Canned::answer(200, body)]).await;
        let shard = ExchangeIndex::new(2);
        let orders = [(OrderId::new("a"), shard), (OrderId::new("b"), shard)];
        let fates = client.cancel_orders(&orders, NOW).await.expect("answered");
        assert_eq!(fates[0].as_ref().map(|ack| ack.reduced_by), Ok(Quantity::from_contracts(2)));
        assert_eq!(fates[1], Err(WriteFailure::NotFound));
        assert!(log.requests()[0].contains(r#"{"exchange_index":2,"order_id":"a"}"#), "{}", log.requests()[0]);
    }
}
