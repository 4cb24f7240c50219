//! Subaccounts, and cash on its way between them and between shards.
//!
//! The desk's keys cannot move money: what stands here is for the operator's own, with scope `write::transfer`.

use rec_domain::{ExchangeIndex, Money, Timestamp};
use reqwest::Method;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::json;
use uuid::Uuid;

use super::{
    client::{Auth, Client, Query, Write},
    error::RestError,
    market_data::{ROWS_PER_PAGE, at, query},
    paging::Pages,
    portfolio::DEPOSITS_PER_PAGE,
    write::WriteFailure,
};
use crate::rows::{
    ApiKeyRow, Cursor, Netting, Page, ShardTransfer, SubaccountBalance, SubaccountTransfer,
    list::{Row, Strictness, object, read_member, read_page},
    subaccount::EVENT_CONTRACTS,
};

/// Cash to move from one subaccount to another on the same shard. Whole cents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BetweenSubaccounts {
    /// Its identity: a repetition with the same one is refused.
    pub id: Uuid,
    /// From.
    pub from: u32,
    /// To.
    pub to: u32,
    /// How much.
    pub amount: Money,
    /// The shard that both are on.
    pub exchange_index: ExchangeIndex,
}

/// Cash to move from one shard to another. Units of $0.0001. It takes a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BetweenShards {
    /// Its identity: a repetition with the same one is refused.
    pub id: Uuid,
    /// From.
    pub from: ExchangeIndex,
    /// To.
    pub to: ExchangeIndex,
    /// How much.
    pub amount: Money,
    /// The subaccount on both.
    pub subaccount: u32,
}

const ZERO: ExchangeIndex = ExchangeIndex::new(0);

/// An amount as a whole number of units of so many millionths of a dollar.
fn whole(amount: Money, unit_micros: i64) -> Result<i64, WriteFailure> {
    let micros = amount.micros();
    if micros > 0 && micros % unit_micros == 0 {
        return Ok(micros / unit_micros);
    }
    Err(WriteFailure::NotSent { reason: format!("${amount} is no amount that can be moved") })
}

impl Client {
    async fn change<T: DeserializeOwned>(
        &self,
        path: &[&str],
        body: serde_json::Value,
        shard: ExchangeIndex,
        signed_at: Timestamp,
    ) -> Result<T, WriteFailure> {
        let write = Write::new(Method::POST, path, shard, signed_at).with_body(body.to_string());
        let answer = self.write(write).await?;
        object(&answer).map_err(|error| WriteFailure::unknown(format!("the answer is unreadable: {error}")))
    }

    async fn whole_list<T: Row>(&self, path: &[&str]) -> Result<Vec<T>, RestError> {
        let read = |body: &str| read_page(body, Strictness::Strict).map(|page| page.items);
        self.get(path, &Query::new(), Auth::Required, read).await
    }

    /// Makes the next subaccount on a shard, once, and gives its number.
    ///
    /// # Errors
    /// Whatever is not an acknowledgement.
    pub async fn create_subaccount(
        &self,
        exchange_index: ExchangeIndex,
        signed_at: Timestamp,
    ) -> Result<u32, WriteFailure> {
        #[derive(Deserialize)]
        struct Made {
            subaccount_number: u32,
        }
        let body = json!({ "exchange_index": exchange_index.get() });
        let made: Made = self.change(&["portfolio", "subaccounts"], body, exchange_index, signed_at).await?;
        Ok(made.subaccount_number)
    }

    /// The cash of each subaccount on each shard.
    ///
    /// # Errors
    /// When there is no readable answer.
    pub async fn subaccount_balances(&self) -> Result<Vec<SubaccountBalance>, RestError> {
        self.whole_list(&["portfolio", "subaccounts", "balances"]).await
    }

    /// Which subaccounts net YES against NO.
    ///
    /// # Errors
    /// When there is no readable answer.
    pub async fn subaccount_netting(&self) -> Result<Vec<Netting>, RestError> {
        self.whole_list(&["portfolio", "subaccounts", "netting"]).await
    }

    /// Says whether a subaccount nets YES against NO, once.
    ///
    /// # Errors
    /// Whatever is not an acknowledgement; repeating it does no harm.
    pub async fn net_subaccount(
        &self,
        subaccount: u32,
        enabled: bool,
        signed_at: Timestamp,
    ) -> Result<(), WriteFailure> {
        let path = ["portfolio", "subaccounts", "netting"];
        let body = json!({ "subaccount_number": subaccount, "enabled": enabled }).to_string();
        self.write(Write::new(Method::PUT, &path, ZERO, signed_at).with_body(body)).await.map(|_empty| ())
    }

    /// Moves cash to another subaccount, once.
    ///
    /// # Errors
    /// Whatever is not an acknowledgement. A 409 comes as unknown: an earlier attempt with the same identity landed.
    pub async fn transfer_between_subaccounts(
        &self,
        wanted: &BetweenSubaccounts,
        signed_at: Timestamp,
    ) -> Result<(), WriteFailure> {
        let body = json!({
            "client_transfer_id": wanted.id,
            "from_subaccount": wanted.from,
            "to_subaccount": wanted.to,
            "amount_cents": whole(wanted.amount, 10_000)?,
            "exchange_index": wanted.exchange_index.get(),
        });
        let path = ["portfolio", "subaccounts", "transfer"];
        let write = Write::new(Method::POST, &path, wanted.exchange_index, signed_at).with_body(body.to_string());
        self.write(write).await.map(|_empty| ())
    }

    /// One page of transfers between subaccounts.
    ///
    /// # Errors
    /// When there is no readable answer; a row that cannot be read is named and left out.
    pub async fn subaccount_transfers_page(
        &self,
        cursor: Option<&Cursor>,
    ) -> Result<Page<SubaccountTransfer>, RestError> {
        let parameters = query([("limit", Some(ROWS_PER_PAGE.to_string())), ("cursor", at(cursor))]);
        let read = |body: &str| read_page(body, Strictness::Tolerant);
        self.get(&["portfolio", "subaccounts", "transfers"], &parameters, Auth::Required, read).await
    }

    /// All transfers between subaccounts, page by page.
    #[must_use]
    pub fn subaccount_transfers(&self) -> Pages<'_, SubaccountTransfer> {
        Pages::new(move |cursor| Box::pin(async move { self.subaccount_transfers_page(cursor.as_ref()).await }))
    }

    /// Sends cash to another shard, once, and gives the exchange's identity of the transfer. [`Client::shard_transfer`]
    /// says when it arrived.
    ///
    /// # Errors
    /// Whatever is not an acknowledgement. A 409 comes as unknown: an earlier attempt with the same identity landed.
    pub async fn transfer_between_shards(
        &self,
        wanted: &BetweenShards,
        signed_at: Timestamp,
    ) -> Result<String, WriteFailure> {
        #[derive(Deserialize)]
        struct Sent {
            transfer_id: String,
        }
        let body = json!({
            "source": EVENT_CONTRACTS,
            "destination": EVENT_CONTRACTS,
            "amount": whole(wanted.amount, 100)?,
            "source_exchange_shard": wanted.from.get(),
            "destination_exchange_shard": wanted.to.get(),
            "source_subaccount": wanted.subaccount,
            "destination_subaccount": wanted.subaccount,
            "client_transfer_id": wanted.id,
        });
        let path = ["portfolio", "intra_exchange_instance_transfer"];
        // It names two shards, and none of them as the one that it is sent to.
        let sent: Sent = self.change(&path, body, ZERO, signed_at).await?;
        Ok(sent.transfer_id)
    }

    /// One transfer between shards.
    ///
    /// # Errors
    /// When there is no readable answer.
    pub async fn shard_transfer(&self, id: &str) -> Result<ShardTransfer, RestError> {
        let path = ["portfolio", "intra_exchange_instance_transfers", id];
        self.get(&path, &Query::new(), Auth::Required, |body| read_member(body, "transfer")).await
    }

    /// One page of transfers between shards.
    ///
    /// # Errors
    /// When there is no readable answer; a row that cannot be read is named and left out.
    pub async fn shard_transfers_page(&self, cursor: Option<&Cursor>) -> Result<Page<ShardTransfer>, RestError> {
        let parameters = query([("limit", Some(DEPOSITS_PER_PAGE.to_string())), ("cursor", at(cursor))]);
        let read = |body: &str| read_page(body, Strictness::Tolerant);
        self.get(&["portfolio", "intra_exchange_instance_transfers"], &parameters, Auth::Required, read).await
    }

    /// All transfers between shards, page by page.
    #[must_use]
    pub fn shard_transfers(&self) -> Pages<'_, ShardTransfer> {
        Pages::new(move |cursor| Box::pin(async move { self.shard_transfers_page(cursor.as_ref()).await }))
    }

    /// The account's keys and what each may do.
    ///
    /// # Errors
    /// When there is no readable answer.
    pub async fn api_keys(&self) -> Result<Vec<ApiKeyRow>, RestError> {
        self.whole_list(&["api_keys"]).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rest::canned::{Canned, client};

    const NOW: Timestamp = Timestamp::from_seconds(7);

    #[tokio::test]
    async fn amounts_go_out_in_the_units_of_each_transfer() {
        let (client, log) = client(vec![
            Canned::answer(200, "{}"),
            Canned::answer(200, r#"{"transfer_id":"t"}"#),
            Canned::answer(409, r#"{"error":{"code":"transfer_already_exists","message":"exists"}}"#),
        ])
        .await;
        let id = Uuid::from_u128(5);
        let two = ExchangeIndex::new(2);
        let wanted = BetweenSubaccounts { id, from: 0, to: 1, amount: Money::from_cents(1_250), exchange_index: two };
        client.transfer_between_subaccounts(&wanted, NOW).await.expect("moved");
        let fine = BetweenSubaccounts { amount: Money::from_micros(12_500), ..wanted.clone() };
        let refused = client.transfer_between_subaccounts(&fine, NOW).await;
        assert!(matches!(refused, Err(WriteFailure::NotSent { .. })), "a fraction of a cent: {refused:?}");
        let wanted = BetweenShards { id, from: ZERO, to: two, amount: Money::from_micros(12_500), subaccount: 0 };
        assert_eq!(client.transfer_between_shards(&wanted, NOW).await.as_deref(), Ok("t"));
        let again = client.transfer_between_shards(&wanted, NOW).await;
        assert!(matches!(again, Err(WriteFailure::Unknown { .. })), "{again:?}");
        let requests = log.requests();
        assert!(requests[0].contains(r#""amount_cents":1250,"#), "{}", requests[0]);
        assert!(requests[1].contains(r#""amount":125,"#) && requests[1].contains(r#""source_exchange_shard":0,"#));
    }

    #[tokio::test]
    async fn balances_keys_and_transfers_are_read() {
        let (client, _log) = client(vec![
            Canned::answer(
                200,
                r#"{"subaccount_balances":[{"subaccount_number":1,"exchange_index":2,"balance":"12.5000","updated_ts":7}]}"#,
            ),
            Canned::answer(
                200,
                r#"{"api_keys":[{"api_key_id":"k","name":"desk","scopes":["read","write::trade"],"subaccount":3},
                {"api_key_id":"l","name":"all","scopes":["read","write"]}]}"#,
            ),
            Canned::answer(
                200,
                r#"{"transfer":{"transfer_id":"t","source":"event_contract","destination":"event_contract",
                "source_exchange_shard":0,"destination_exchange_shard":2,"amount":"12.5000","status":"pending",
                "created_ts":7}}"#,
            ),
            Canned::answer(200, r#"{"netting_configs":[{"subaccount_number":0,"enabled":true,"exchange_index":2}]}"#),
        ])
        .await;
        let balances = client.subaccount_balances().await.expect("read");
        assert_eq!((balances[0].subaccount, balances[0].cash), (1, Money::from_cents(1_250)));
        let keys = client.api_keys().await.expect("read");
        assert_eq!((keys[0].may_trade(), keys[0].may_transfer(), keys[0].subaccount), (true, false, Some(3)));
        assert!(keys[1].may_trade() && keys[1].may_transfer());
        let transfer = client.shard_transfer("t").await.expect("read");
        assert_eq!((transfer.is_complete(), transfer.amount), (false, Money::from_cents(1_250)));
        assert!(client.subaccount_netting().await.expect("read")[0].enabled);
    }
}
