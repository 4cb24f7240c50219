//! Changes of resting orders: amend and decrease. Each is sent once, and its answer has to name the order.

use rec_domain::{BookSide, ClientOrderId, ExchangeIndex, MarketTicker, OrderId, Price, Quantity, Timestamp};
use reqwest::Method;
use serde::{Deserialize, Serialize};

use super::{
    client::{Client, Query, Write},
    write::{WriteFailure, not_found},
};
use crate::{
    number::{Millis, informative, optional},
    rows::list::object,
};

/// What an order is to be from now on. Only a smaller size and another end keep its place in the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Amendment {
    /// The order.
    pub order: OrderId,
    /// Its market.
    pub ticker: MarketTicker,
    /// Its shard.
    pub exchange_index: ExchangeIndex,
    /// Its side, which cannot change.
    pub side: BookSide,
    /// The YES price from now on.
    pub price: Price,
    /// What filled so far and what is to rest, together.
    pub total: Quantity,
    /// Its identity as the desk knows it, to be checked.
    pub client_order_id: Option<ClientOrderId>,
    /// Its identity from now on.
    pub new_client_order_id: Option<ClientOrderId>,
    /// When it ends by itself from now on: `None` keeps what was, the inner `None` takes it away.
    pub expires_at: Option<Option<Timestamp>>,
}

#[derive(Serialize)]
struct WireAmendment<'a> {
    ticker: &'a str,
    side: &'a str,
    price: String,
    count: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_order_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_client_order_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expiration_time: Option<i64>,
    exchange_index: i32,
}

/// The exchange amended an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AmendAck {
    /// Contracts that filled by it; `None` where the exchange says nothing, which is when none did.
    pub filled: Option<Quantity>,
    /// Contracts that rest; `None` where the exchange says nothing, which is when as many rest as before.
    pub remaining: Option<Quantity>,
    /// The exchange's time of it.
    pub at: Option<Timestamp>,
}

/// How far an order is decreased. It keeps its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reduction {
    /// Contracts that are taken away.
    By(Quantity),
    /// Contracts that stay.
    To(Quantity),
}

/// The exchange decreased an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecreaseAck {
    /// Contracts that still rest.
    pub remaining: Quantity,
    /// The exchange's time of it.
    pub at: Option<Timestamp>,
}

/// The answers to both, as far as they are read.
#[derive(Deserialize)]
struct WireChanged {
    order_id: String,
    #[serde(default, deserialize_with = "optional")]
    fill_count: Option<Quantity>,
    #[serde(default, deserialize_with = "optional")]
    remaining_count: Option<Quantity>,
    #[serde(default, deserialize_with = "informative")]
    ts_ms: Option<Millis>,
}

fn read_changed(body: &str, order: &OrderId) -> Result<WireChanged, WriteFailure> {
    let unreadable = |error| WriteFailure::unknown(format!("the answer is unreadable: {error}"));
    let changed: WireChanged = object(body).map_err(unreadable)?;
    // The exchange was known to describe another order in some answers.
    if changed.order_id != order.as_str() {
        return Err(WriteFailure::unknown("the answer describes another order"));
    }
    Ok(changed)
}

impl Client {
    /// Amends a resting order, once. It may fill by it.
    ///
    /// # Errors
    /// Whatever is not an acknowledgement for this order.
    pub async fn amend_order(&self, wanted: &Amendment, signed_at: Timestamp) -> Result<AmendAck, WriteFailure> {
        let body = serde_json::to_string(&WireAmendment {
            ticker: wanted.ticker.as_str(),
            side: wanted.side.name(),
            price: wanted.price.to_string(),
            count: wanted.total.to_string(),
            client_order_id: wanted.client_order_id.as_ref().map(ClientOrderId::as_str),
            updated_client_order_id: wanted.new_client_order_id.as_ref().map(ClientOrderId::as_str),
            expiration_time: wanted.expires_at.map(|end| end.map_or(0, Timestamp::seconds)),
            exchange_index: wanted.exchange_index.get(),
        })
        .map_err(|error| WriteFailure::NotSent { reason: error.to_string() })?;
        let path = ["portfolio", "events", "orders", wanted.order.as_str(), "amend"];
        let write = Write::new(Method::POST, &path, wanted.exchange_index, signed_at).with_body(body);
        let answer = self.write(write.with_query(self.subaccount().collect())).await.map_err(not_found)?;
        let WireChanged { fill_count: filled, remaining_count: remaining, ts_ms, .. } =
            read_changed(&answer, &wanted.order)?;
        let told = filled.unwrap_or(Quantity::ZERO) + remaining.unwrap_or(Quantity::ZERO);
        if told > wanted.total {
            return Err(WriteFailure::unknown("the answer has more contracts than the order"));
        }
        Ok(AmendAck { filled, remaining, at: ts_ms.map(|millis| millis.0) })
    }

    /// Takes contracts off a resting order, once.
    ///
    /// # Errors
    /// Whatever is not an acknowledgement for this order.
    pub async fn decrease_order(
        &self,
        order: &OrderId,
        reduction: Reduction,
        exchange_index: ExchangeIndex,
        signed_at: Timestamp,
    ) -> Result<DecreaseAck, WriteFailure> {
        let (key, count) = match reduction {
            Reduction::By(count) => ("reduce_by", count),
            Reduction::To(count) => ("reduce_to", count),
        };
        let body = serde_json::json!({ key: count.to_string(), "exchange_index": exchange_index.get() }).to_string();
        let path = ["portfolio", "events", "orders", order.as_str(), "decrease"];
        let query: Query = self.subaccount().collect();
        let write = Write::new(Method::POST, &path, exchange_index, signed_at).with_query(query).with_body(body);
        let answer = self.write(write.urgent(true)).await.map_err(not_found)?;
        let changed = read_changed(&answer, order)?;
        let remaining = changed.remaining_count;
        let remaining = remaining.ok_or_else(|| WriteFailure::unknown("the answer does not say what still rests"))?;
        Ok(DecreaseAck { remaining, at: changed.ts_ms.map(|millis| millis.0) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rest::canned::{Canned, client};

    fn amendment(expires_at: Option<Option<Timestamp>>) -> Amendment {
        Amendment {
            order: OrderId::new("o"),
            ticker: MarketTicker::new("T"),
            exchange_index: ExchangeIndex::new(2),
            side: BookSide::Bid,
            price: Price::from_cents(57),
            total: Quantity::from_contracts(8),
            client_order_id: None,
            new_client_order_id: Some(ClientOrderId::new("n")),
            expires_at,
        }
    }

    #[tokio::test]
    async fn an_amendment_keeps_changes_or_takes_away_the_end_and_checks_whom_the_answer_is_about() {
        let none = r#"{"order_id":"o","client_order_id":"n","fill_count":null,"remaining_count":null,"ts_ms":1}"#;
        let some = r#"{"order_id":"o","fill_count":"3.00","remaining_count":"5.00","ts_ms":1}"#;
        let (client, log) = client(vec![
            Canned::answer(200, none),
            Canned::answer(200, some),
            Canned::answer(200, &some.replace("\"o\"", "\"p\"")),
            Canned::answer(200, &some.replace("3.00", "4.00")),
        ])
        .await;
        let now = Timestamp::from_seconds(7);
        let amend = |end| {
            let client = &client;
            async move { client.amend_order(&amendment(end), now).await }
        };
        assert_eq!(amend(None).await.expect("amended").remaining, None);
        assert_eq!(amend(Some(None)).await.expect("amended").filled, Some(Quantity::from_contracts(3)));
        assert!(matches!(amend(Some(Some(now))).await, Err(WriteFailure::Unknown { .. })), "another order");
        assert!(matches!(amend(None).await, Err(WriteFailure::Unknown { .. })), "nine of eight contracts");
        let requests = log.requests();
        assert!(
            requests[0].ends_with(
                r#"{"ticker":"T","side":"bid","price":"0.5700","count":"8.00","updated_client_order_id":"n","exchange_index":2}"#
            ),
            "{}",
            requests[0]
        );
        assert!(requests[1].contains(r#""expiration_time":0,"#) && requests[2].contains(r#""expiration_time":7,"#));
        assert!(requests[0].starts_with("POST /trade-api/v2/portfolio/events/orders/o/amend "));
    }

    #[tokio::test]
    async fn a_decrease_says_what_still_rests() {
        let (client, log) = client(vec![
            Canned::answer(200, r#"{"order_id":"o","remaining_count":"8.00","ts_ms":1}"#),
            Canned::answer(200, r#"{"order_id":"o","ts_ms":1}"#),
        ])
        .await;
        let (shard, now, id) = (ExchangeIndex::new(2), Timestamp::from_seconds(7), OrderId::new("o"));
        let by = Reduction::By(Quantity::from_contracts(2));
        let ack = client.decrease_order(&id, by, shard, now).await.expect("decreased");
        assert_eq!(ack.remaining, Quantity::from_contracts(8));
        let to = Reduction::To(Quantity::from_contracts(1));
        assert!(matches!(client.decrease_order(&id, to, shard, now).await, Err(WriteFailure::Unknown { .. })));
        let requests = log.requests();
        assert!(requests[0].ends_with(r#"{"exchange_index":2,"reduce_by":"2.00"}"#), "{}", requests[0]);
        assert!(requests[1].ends_with(r#"{"exchange_index":2,"reduce_to":"1.00"}"#), "{}", requests[1]);
    }
}
