//! Order groups. They belong to one shard, which every call names.

use rec_domain::{ExchangeIndex, OrderGroupId, Quantity, Timestamp};
use reqwest::Method;
use serde::Deserialize;

use super::{
    client::{Auth, Client, Query, Write},
    error::RestError,
    market_data::query,
    write::{WriteFailure, not_found},
};
use crate::rows::{
    OrderGroup,
    list::{Strictness, object, read_page},
    order_group::read_group,
};

impl Client {
    fn group_parameters(&self, exchange_index: ExchangeIndex) -> Query {
        let mut parameters: Query = vec![("exchange_index", exchange_index.to_string())];
        parameters.extend(self.subaccount());
        parameters
    }

    /// Makes a group whose orders may fill `limit` contracts in any 15 seconds, once.
    ///
    /// # Errors
    /// Whatever is not an acknowledgement; an unknown group shows in [`Client::order_groups`].
    pub async fn create_order_group(
        &self,
        limit: Quantity,
        exchange_index: ExchangeIndex,
        signed_at: Timestamp,
    ) -> Result<OrderGroupId, WriteFailure> {
        #[derive(Deserialize)]
        struct Body {
            order_group_id: String,
        }
        let mut body = serde_json::json!({
            "contracts_limit_fp": limit.to_string(),
            "exchange_index": exchange_index.get(),
        });
        if let Some(subaccount) = self.subaccount_number() {
            body["subaccount"] = subaccount.into();
        }
        let path = ["portfolio", "order_groups", "create"];
        let answer =
            self.write(Write::new(Method::POST, &path, exchange_index, signed_at).with_body(body.to_string())).await?;
        let body: Body =
            object(&answer).map_err(|error| WriteFailure::unknown(format!("the answer is unreadable: {error}")))?;
        if body.order_group_id.is_empty() {
            return Err(WriteFailure::unknown("the answer names no group"));
        }
        Ok(OrderGroupId::new(body.order_group_id))
    }

    /// A group and the orders in it. Right after it was made the exchange may say 404.
    ///
    /// # Errors
    /// When there is no readable answer.
    pub async fn order_group(
        &self,
        group: &OrderGroupId,
        exchange_index: ExchangeIndex,
    ) -> Result<OrderGroup, RestError> {
        let parameters = self.group_parameters(exchange_index);
        let path = ["portfolio", "order_groups", group.as_str()];
        self.get(&path, &parameters, Auth::Required, |body| read_group(body, group)).await
    }

    /// All groups, or those of one shard.
    ///
    /// # Errors
    /// When there is no readable answer.
    pub async fn order_groups(&self, shard: Option<ExchangeIndex>) -> Result<Vec<OrderGroup>, RestError> {
        let mut parameters = query([("exchange_index", shard.map(|shard| shard.to_string()))]);
        parameters.extend(self.subaccount());
        // The key is left out where there are no groups.
        let read = |body: &str| {
            if body.trim() == "{}" {
                return Ok(Vec::new());
            }
            read_page(body, Strictness::Strict).map(|page| page.items)
        };
        self.get(&["portfolio", "order_groups"], &parameters, Auth::Required, read).await
    }

    /// Changes how many contracts may fill in any 15 seconds.
    ///
    /// # Errors
    /// Whatever is not an acknowledgement; repeating it does no harm.
    pub async fn limit_order_group(
        &self,
        group: &OrderGroupId,
        limit: Quantity,
        exchange_index: ExchangeIndex,
        signed_at: Timestamp,
    ) -> Result<(), WriteFailure> {
        let body = serde_json::json!({ "contracts_limit_fp": limit.to_string() }).to_string();
        self.change_group(group, "limit", body, exchange_index, signed_at).await
    }

    /// Trips a group: its orders are cancelled and new ones refused until it is reset.
    ///
    /// # Errors
    /// Whatever is not an acknowledgement; repeating it does no harm.
    pub async fn trigger_order_group(
        &self,
        group: &OrderGroupId,
        exchange_index: ExchangeIndex,
        signed_at: Timestamp,
    ) -> Result<(), WriteFailure> {
        self.change_group(group, "trigger", "{}".to_owned(), exchange_index, signed_at).await
    }

    /// Makes a tripped group take orders again.
    ///
    /// # Errors
    /// Whatever is not an acknowledgement; repeating it does no harm.
    pub async fn reset_order_group(
        &self,
        group: &OrderGroupId,
        exchange_index: ExchangeIndex,
        signed_at: Timestamp,
    ) -> Result<(), WriteFailure> {
        self.change_group(group, "reset", "{}".to_owned(), exchange_index, signed_at).await
    }

    async fn change_group(
        &self,
        group: &OrderGroupId,
        change: &str,
        body: String,
        exchange_index: ExchangeIndex,
        signed_at: Timestamp,
    ) -> Result<(), WriteFailure> {
        let parameters = self.group_parameters(exchange_index);
        let path = ["portfolio", "order_groups", group.as_str(), change];
        // Whatever changes a group may be what stops entries.
        let write = Write::new(Method::PUT, &path, exchange_index, signed_at).with_query(parameters).with_body(body);
        let answer = self.write(write.urgent(true)).await;
        answer.map(|_empty| ()).map_err(not_found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rest::canned::{Canned, client};

    #[tokio::test]
    async fn a_group_is_made_tripped_and_read_on_its_shard() {
        let (client, log) = client(vec![
            Canned::answer(201, r#"{"order_group_id":"g","subaccount":0,"exchange_index":2}"#),
            Canned::answer(200, "{}"),
            Canned::answer(
                200,
                r#"{"is_auto_cancel_enabled":true,"contracts_limit_fp":"50.00","orders":["a"],"exchange_index":2}"#,
            ),
            Canned::answer(200, "{}"),
        ])
        .await;
        let (shard, now) = (ExchangeIndex::new(2), Timestamp::from_seconds(7));
        let group = client.create_order_group(Quantity::from_contracts(50), shard, now).await.expect("made");
        client.trigger_order_group(&group, shard, now).await.expect("tripped");
        let state = client.order_group(&group, shard).await.expect("read");
        assert_eq!((state.id.as_str(), state.limit), ("g", Some(Quantity::from_contracts(50))));
        assert!(client.order_groups(None).await.expect("read").is_empty());
        let requests = log.requests();
        assert!(requests[0].ends_with(r#"{"contracts_limit_fp":"50.00","exchange_index":2}"#), "{}", requests[0]);
        assert!(requests[1].starts_with("PUT /trade-api/v2/portfolio/order_groups/g/trigger?exchange_index=2 "));
        assert!(requests[1].ends_with("\r\n\r\n{}"), "a body is never empty: {}", requests[1]);
    }
}
