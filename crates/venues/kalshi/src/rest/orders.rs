//! Orders: create and cancel. Each is sent once.
//!
//! The signature's time is the caller's: it is taken before the last check that the order may still be sent, so that
//! the exchange itself refuses what was delayed on its way.

use rec_domain::{
    ClientOrderId, ExchangeIndex, Money, OrderId, Quantity, Timestamp,
    answer::Outcome,
    intent::{OrderSpec, TimeInForce},
};
use reqwest::Method;
use serde::{Deserialize, Serialize};

use super::{
    ahead::Signature,
    client::{Client, Query, Write},
    write::{WriteFailure, not_found},
};
use crate::{
    number::{Millis, informative, optional_text, required},
    rows::list::object,
};

/// How and where a new order is sent.
pub(super) const METHOD: Method = Method::POST;
pub(super) const PATH: [&str; 3] = ["portfolio", "events", "orders"];

/// What happens where an order would trade with another of the same account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SelfTradePrevention {
    /// The incoming order is cancelled.
    TakerAtCross,
    /// The resting order is cancelled.
    Maker,
}

/// A new order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewOrder {
    /// What is ordered.
    pub spec: OrderSpec,
    /// Its identity: a repetition with the same one is refused for ever.
    pub client_order_id: ClientOrderId,
    /// Whether it must rest rather than trade.
    pub post_only: bool,
    /// Whether a pause of trading cancels it.
    pub cancel_order_on_pause: bool,
    /// What happens where it would trade with ourselves.
    pub self_trade_prevention: SelfTradePrevention,
    /// When a resting order ends by itself.
    pub expires_at: Option<Timestamp>,
}

impl NewOrder {
    /// An order as the desk sends it: never against itself, and none that rests survives a pause of trading.
    #[must_use]
    pub fn new(spec: OrderSpec, client_order_id: ClientOrderId) -> Self {
        Self {
            cancel_order_on_pause: spec.time_in_force == TimeInForce::GoodTillCanceled,
            spec,
            client_order_id,
            post_only: false,
            self_trade_prevention: SelfTradePrevention::TakerAtCross,
            expires_at: None,
        }
    }

    /// The body; numbers are texts, since the exchange refuses JSON numbers.
    fn body(&self, subaccount: Option<u32>) -> Result<String, serde_json::Error> {
        serde_json::to_string(&self.wire(subaccount))
    }

    /// As it stands in a body, alone or in a batch.
    pub(crate) fn wire(&self, subaccount: Option<u32>) -> WireNewOrder<'_> {
        let spec = &self.spec;
        WireNewOrder {
            ticker: spec.ticker.as_str(),
            client_order_id: self.client_order_id.as_str(),
            side: spec.book_side.name(),
            count: spec.quantity.to_string(),
            price: spec.price.to_string(),
            time_in_force: match spec.time_in_force {
                TimeInForce::ImmediateOrCancel => "immediate_or_cancel",
                TimeInForce::GoodTillCanceled => "good_till_canceled",
                TimeInForce::FillOrKill => "fill_or_kill",
            },
            self_trade_prevention_type: match self.self_trade_prevention {
                SelfTradePrevention::TakerAtCross => "taker_at_cross",
                SelfTradePrevention::Maker => "maker",
            },
            post_only: self.post_only,
            reduce_only: spec.reduce_only,
            cancel_order_on_pause: self.cancel_order_on_pause,
            order_group_id: spec.group.as_str(),
            exchange_index: spec.exchange_index.get(),
            expiration_time: self.expires_at.map(Timestamp::seconds),
            subaccount,
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_false(value: &bool) -> bool {
    !*value
}

#[derive(Serialize)]
pub(crate) struct WireNewOrder<'a> {
    ticker: &'a str,
    client_order_id: &'a str,
    side: &'a str,
    count: String,
    price: String,
    time_in_force: &'a str,
    self_trade_prevention_type: &'a str,
    #[serde(skip_serializing_if = "is_false")]
    post_only: bool,
    #[serde(skip_serializing_if = "is_false")]
    reduce_only: bool,
    #[serde(skip_serializing_if = "is_false")]
    cancel_order_on_pause: bool,
    #[serde(skip_serializing_if = "str::is_empty")]
    order_group_id: &'a str,
    exchange_index: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    expiration_time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subaccount: Option<u32>,
}

/// The exchange took an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateAck {
    /// The exchange's identity of it.
    pub order: OrderId,
    /// Contracts filled at once.
    pub filled: Quantity,
    /// Contracts that rest; nothing filled and nothing left means that it was cancelled (nothing to meet, or ourselves).
    pub remaining: Quantity,
    /// Mean price of what filled, where stated; for information, the fills themselves count.
    pub average_price: Option<Money>,
    /// Mean fee of what filled, where stated; for information.
    pub average_fee: Option<Money>,
    /// The exchange's time of it.
    pub at: Option<Timestamp>,
}

impl CreateAck {
    /// As the executor records it.
    #[must_use]
    pub fn outcome(self, signed_at: Timestamp) -> Outcome {
        Outcome::Acknowledged { order: self.order, filled: self.filled, remaining: self.remaining, signed_at }
    }
}

#[derive(Deserialize)]
struct WireCreateAck {
    order_id: String,
    #[serde(default, deserialize_with = "optional_text")]
    client_order_id: Option<ClientOrderId>,
    #[serde(deserialize_with = "required")]
    fill_count: Quantity,
    #[serde(deserialize_with = "required")]
    remaining_count: Quantity,
    #[serde(default, deserialize_with = "informative")]
    average_fill_price: Option<Money>,
    #[serde(default, deserialize_with = "informative")]
    average_fee_paid: Option<Money>,
    #[serde(default, deserialize_with = "informative")]
    ts_ms: Option<Millis>,
}

pub(crate) fn read_create_ack(body: &str, order: &NewOrder) -> Result<CreateAck, String> {
    let wire: WireCreateAck = object(body).map_err(|error| format!("the answer is unreadable: {error}"))?;
    // The exchange was known to describe another order in some answers.
    if wire.client_order_id.as_ref().is_some_and(|id| *id != order.client_order_id)
        || wire.order_id.is_empty()
        || wire.fill_count + wire.remaining_count > order.spec.quantity
    {
        return Err("the answer describes another order".to_owned());
    }
    Ok(CreateAck {
        order: OrderId::new(wire.order_id),
        filled: wire.fill_count,
        remaining: wire.remaining_count,
        average_price: wire.average_fill_price,
        average_fee: wire.average_fee_paid,
        at: wire.ts_ms.map(|millis| millis.0),
    })
}

/// The exchange cancelled an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancelAck {
    /// Contracts that no longer rest.
    pub reduced_by: Quantity,
    /// The exchange's time of it.
    pub at: Option<Timestamp>,
}

impl CancelAck {
    /// As the executor records it.
    #[must_use]
    pub fn outcome(self) -> Outcome {
        Outcome::Canceled { reduced_by: self.reduced_by }
    }
}

pub(crate) fn read_cancel_ack(body: &str, order: &OrderId) -> Result<CancelAck, String> {
    #[derive(Deserialize)]
    struct Body {
        order_id: String,
        #[serde(deserialize_with = "required")]
        reduced_by: Quantity,
        #[serde(default, deserialize_with = "informative")]
        ts_ms: Option<Millis>,
    }
    let body: Body = object(body).map_err(|error| format!("the answer is unreadable: {error}"))?;
    if body.order_id != order.as_str() {
        return Err("the answer describes another order".to_owned());
    }
    Ok(CancelAck { reduced_by: body.reduced_by, at: body.ts_ms.map(|millis| millis.0) })
}

impl Client {
    /// Places an order, once.
    ///
    /// # Errors
    /// Whatever is not an acknowledgement of this order. [`WriteFailure::AlreadyExists`] means that an earlier
    /// attempt with the same identity landed.
    pub async fn create_order(
        &self,
        order: &NewOrder,
        signature: impl Into<Signature>,
    ) -> Result<CreateAck, WriteFailure> {
        let body = order
            .body(self.subaccount_number())
            .map_err(|error| WriteFailure::NotSent { reason: error.to_string() })?;
        let write = Write::new(METHOD, &PATH, order.spec.exchange_index, signature).with_body(body);
        let answer = self.write(write.urgent(order.spec.reduce_only)).await?;
        read_create_ack(&answer, order).map_err(WriteFailure::unknown)
    }

    /// Cancels what rests of an order, once.
    ///
    /// # Errors
    /// Whatever is not an acknowledgement for this order. [`WriteFailure::NotFound`] does not tell whether the order
    /// was filled, cancelled before, or never existed.
    pub async fn cancel_order(
        &self,
        order: &OrderId,
        exchange_index: ExchangeIndex,
        signed_at: Timestamp,
    ) -> Result<CancelAck, WriteFailure> {
        // Without its shard a cancel goes to shard 0, where the order is not.
        let mut parameters: Query = vec![("exchange_index", exchange_index.to_string())];
        parameters.extend(self.subaccount());
        let path = ["portfolio", "events", "orders", order.as_str()];
        let write = Write::new(Method::DELETE, &path, exchange_index, signed_at).with_query(parameters);
        let answer = self.write(write.urgent(true)).await.map_err(not_found)?;
        read_cancel_ack(&answer, order).map_err(WriteFailure::unknown)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rec_domain::{BookSide, MarketTicker, OrderGroupId, Price, Side};

    use super::*;
    use crate::rest::canned::{Canned, client};

    fn order() -> NewOrder {
        NewOrder::new(
            OrderSpec {
                ticker: MarketTicker::new("KXBTCD-26SEP2516-T92799.99"),
                exchange_index: ExchangeIndex::new(2),
                side: Side::No,
                book_side: BookSide::Ask,
                price: Price::from_units(950),
                quantity: Quantity::from_contracts(10),
                time_in_force: TimeInForce::ImmediateOrCancel,
                reduce_only: true,
                group: OrderGroupId::new("g"),
            },
            ClientOrderId::new("c"),
        )
    }

    const ACK: &str = r#"{"order_id":"o","client_order_id":"c","fill_count":"4.00","remaining_count":"0.00",
        "average_fill_price":"0.52333333","ts_ms":1790363592101}"#;

    async fn create(answers: Vec<Canned>) -> (Result<CreateAck, WriteFailure>, Arc<crate::rest::canned::Log>) {
        let (client, log) = client(answers).await;
        (client.create_order(&order(), Timestamp::from_seconds(7)).await, log)
    }

    #[tokio::test]
    async fn an_order_goes_out_as_text_with_its_shard_and_the_callers_signature_time() {
        let (ack, log) = create(vec![Canned::answer(201, ACK)]).await;
        let ack = ack.expect("acknowledged");
        assert_eq!((ack.filled, ack.remaining), (Quantity::from_contracts(4), Quantity::ZERO));
        let request = log.requests().remove(0);
        assert!(request.starts_with("POST /trade-api/v2/portfolio/events/orders HTTP/1.1"), "{request}");
        assert!(request.to_lowercase().contains("kalshi-access-timestamp: 7000"), "{request}");
        assert!(request.to_lowercase().contains("content-type: application/json"), "{request}");
        let body = request.split("\r\n\r\n").nth(1).expect("body");
        assert_eq!(
            body,
            r#"{"ticker":"KXBTCD-26SEP2516-T92799.99","client_order_id":"c","side":"ask","count":"10.00","price":"0.0950","time_in_force":"immediate_or_cancel","self_trade_prevention_type":"taker_at_cross","reduce_only":true,"order_group_id":"g","exchange_index":2}"#
        );
    }

    #[tokio::test]
    async fn an_order_signed_ahead_carries_that_signature_and_nothing_is_signed_again() {
        let (client, log) = client(vec![Canned::answer(201, ACK)]).await;
        let ahead = client.sign_order_ahead(Timestamp::from_seconds(6)).expect("a key");
        let expected = ahead.headers.pairs.clone();
        client.create_order(&order(), Signature::Ahead(ahead)).await.expect("acknowledged");
        let request = log.requests().remove(0);
        for (name, value) in expected {
            assert!(request.contains(&format!("{}: {value}\r\n", name.to_lowercase())), "{name} in {request}");
        }
        assert!(request.contains("kalshi-access-timestamp: 6000\r\n"), "{request}");
        assert_eq!(request.matches("kalshi-access-signature").count(), 1);
    }

    #[tokio::test]
    async fn a_write_is_sent_once_and_what_is_not_certain_is_unknown() {
        for answer in [
            Canned::answer(503, r#"{"error":{"code":"unavailable","message":"try later"}}"#),
            Canned::answer(502, "<html></html>"),
            Canned::answer(201, "{\"order_id\":"),
            Canned::answer(
                201,
                r#"{"order_id":"o","client_order_id":"other","fill_count":"1.00","remaining_count":"0"}"#,
            ),
            Canned::answer(201, r#"{"order_id":"o","fill_count":"11.00","remaining_count":"0.00"}"#),
            Canned::CloseAfterReading,
            Canned::Silence,
        ] {
            // A second answer would acknowledge a second attempt.
            let (result, log) = create(vec![answer, Canned::answer(201, ACK)]).await;
            assert!(matches!(result, Err(WriteFailure::Unknown { .. })), "{result:?}");
            assert_eq!(log.requests().len(), 1);
        }
    }

    #[tokio::test]
    async fn an_exchange_that_cannot_be_reached_was_sent_nothing() {
        let client = crate::rest::canned::unreachable().await;
        let result = client.create_order(&order(), Timestamp::from_seconds(7)).await;
        assert!(matches!(result, Err(WriteFailure::NotSent { .. })), "{result:?}");
    }

    #[tokio::test]
    async fn a_cancel_names_its_shard_and_knows_a_missing_order() {
        let missing = Canned::answer(404, r#"{"error":{"code":"not_found","message":"not found"}}"#);
        let done = Canned::answer(200, r#"{"order_id":"o","reduced_by":"3.00","ts_ms":1}"#);
        let other = Canned::answer(200, r#"{"order_id":"p","reduced_by":"3.00","ts_ms":1}"#);
        let (client, log) = client(vec![missing, done, other]).await;
        let id = OrderId::new("o");
        let cancel = || client.cancel_order(&id, ExchangeIndex::new(2), Timestamp::from_seconds(7));
        assert_eq!(cancel().await, Err(WriteFailure::NotFound));
        assert_eq!(cancel().await.map(|ack| ack.reduced_by), Ok(Quantity::from_contracts(3)));
        assert!(matches!(cancel().await, Err(WriteFailure::Unknown { .. })));
        let request = &log.requests()[0];
        assert!(request.starts_with("DELETE /trade-api/v2/portfolio/events/orders/o?exchange_index=2 "), "{request}");
    }
}
