//! Subaccounts, transfers of cash, and keys.

use rec_domain::{ExchangeIndex, Money, Timestamp};
use serde::Deserialize;

use super::list::Row;
use crate::number::{Cents, Seconds, name, required};

/// The exchange's word for the account in which event contracts are held; there is one for margined ones beside it, with
/// shards of its own.
pub(crate) const EVENT_CONTRACTS: &str = "event_contract";

/// The cash of a subaccount on a shard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubaccountBalance {
    /// Its number; 0 is the primary one.
    pub subaccount: u32,
    /// The shard.
    pub exchange_index: ExchangeIndex,
    /// Cash.
    pub cash: Money,
}

#[derive(Deserialize)]
pub(crate) struct WireSubaccountBalance {
    subaccount_number: u32,
    #[serde(default)]
    exchange_index: i32,
    #[serde(deserialize_with = "required")]
    balance: Money,
}

impl Row for SubaccountBalance {
    type Wire = WireSubaccountBalance;
    const LIST: &'static str = "subaccount_balances";
    const WHAT: &'static str = "a subaccount's balance";

    fn from_wire(wire: WireSubaccountBalance) -> Result<Self, String> {
        let exchange_index = ExchangeIndex::new(wire.exchange_index);
        Ok(Self { subaccount: wire.subaccount_number, exchange_index, cash: wire.balance })
    }

    fn identity(&self) -> String {
        format!("{} {}", self.subaccount, self.exchange_index)
    }
}

/// Whether a subaccount nets YES against NO.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Netting {
    /// Its number; 0 is the primary one.
    pub subaccount: u32,
    /// The shard.
    pub exchange_index: ExchangeIndex,
    /// Whether it does.
    pub enabled: bool,
}

#[derive(Deserialize)]
pub(crate) struct WireNetting {
    subaccount_number: u32,
    #[serde(default)]
    exchange_index: i32,
    enabled: bool,
}

impl Row for Netting {
    type Wire = WireNetting;
    const LIST: &'static str = "netting_configs";
    const WHAT: &'static str = "a subaccount's netting";

    fn from_wire(wire: WireNetting) -> Result<Self, String> {
        let exchange_index = ExchangeIndex::new(wire.exchange_index);
        Ok(Self { subaccount: wire.subaccount_number, exchange_index, enabled: wire.enabled })
    }

    fn identity(&self) -> String {
        format!("{} {}", self.subaccount, self.exchange_index)
    }
}

/// Cash that moved between subaccounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubaccountTransfer {
    /// The exchange's identity of it.
    pub id: String,
    /// From.
    pub from: u32,
    /// To.
    pub to: u32,
    /// How much.
    pub amount: Money,
    /// The shard.
    pub exchange_index: ExchangeIndex,
    /// When.
    pub at: Timestamp,
}

#[derive(Deserialize)]
pub(crate) struct WireSubaccountTransfer {
    #[serde(deserialize_with = "name")]
    transfer_id: String,
    from_subaccount: u32,
    to_subaccount: u32,
    #[serde(deserialize_with = "required")]
    amount_cents: Cents,
    #[serde(deserialize_with = "required")]
    created_ts: Seconds,
    #[serde(default)]
    exchange_index: i32,
}

impl Row for SubaccountTransfer {
    type Wire = WireSubaccountTransfer;
    const LIST: &'static str = "transfers";
    const WHAT: &'static str = "a transfer between subaccounts";

    fn from_wire(wire: WireSubaccountTransfer) -> Result<Self, String> {
        Ok(Self {
            id: wire.transfer_id,
            from: wire.from_subaccount,
            to: wire.to_subaccount,
            amount: wire.amount_cents.0,
            exchange_index: ExchangeIndex::new(wire.exchange_index),
            at: wire.created_ts.0,
        })
    }

    fn identity(&self) -> String {
        self.id.clone()
    }
}

/// Cash on its way between shards, or arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShardTransfer {
    /// The exchange's identity of it.
    pub id: String,
    /// From; `None` where that is no account for event contracts.
    pub from: Option<ExchangeIndex>,
    /// To; `None` where that is no account for event contracts.
    pub to: Option<ExchangeIndex>,
    /// How much.
    pub amount: Money,
    /// `pending`, `complete` or something new.
    pub status: String,
    /// When it was asked for.
    pub at: Timestamp,
}

impl ShardTransfer {
    /// Whether it arrived.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.status == "complete"
    }
}

#[derive(Deserialize)]
pub(crate) struct WireShardTransfer {
    #[serde(deserialize_with = "name")]
    transfer_id: String,
    source: String,
    destination: String,
    source_exchange_shard: i32,
    destination_exchange_shard: i32,
    #[serde(deserialize_with = "required")]
    amount: Money,
    status: String,
    #[serde(deserialize_with = "required")]
    created_ts: Seconds,
}

impl Row for ShardTransfer {
    type Wire = WireShardTransfer;
    const LIST: &'static str = "transfers";
    const WHAT: &'static str = "a transfer between shards";

    fn from_wire(wire: WireShardTransfer) -> Result<Self, String> {
        let place = |instance: &str, shard| (instance == EVENT_CONTRACTS).then(|| ExchangeIndex::new(shard));
        Ok(Self {
            id: wire.transfer_id,
            from: place(&wire.source, wire.source_exchange_shard),
            to: place(&wire.destination, wire.destination_exchange_shard),
            amount: wire.amount,
            status: wire.status,
            at: wire.created_ts.0,
        })
    }

    fn identity(&self) -> String {
        self.id.clone()
    }
}

/// A key of the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKeyRow {
    /// Its identity.
    pub id: String,
    /// What its owner calls it.
    pub name: String,
    /// The exchange's words for what it may do: `read`, `write`, or parts of them as `write::trade`.
    pub scopes: Vec<String>,
    /// The only subaccount that it may use, where it is locked to one.
    pub subaccount: Option<u32>,
}

impl ApiKeyRow {
    fn has(&self, scope: &str) -> bool {
        self.scopes.iter().any(|one| one == scope || scope.split("::").next() == Some(one.as_str()))
    }

    /// Whether it may place and cancel orders.
    #[must_use]
    pub fn may_trade(&self) -> bool {
        self.has("write::trade")
    }

    /// Whether it may move cash, which no key of a desk should.
    #[must_use]
    pub fn may_transfer(&self) -> bool {
        self.has("write::transfer")
    }
}

#[derive(Deserialize)]
pub(crate) struct WireApiKey {
    api_key_id: String,
    name: String,
    scopes: Vec<String>,
    #[serde(default)]
    subaccount: Option<u32>,
}

impl Row for ApiKeyRow {
    type Wire = WireApiKey;
    const LIST: &'static str = "api_keys";
    const WHAT: &'static str = "a key";

    fn from_wire(wire: WireApiKey) -> Result<Self, String> {
        Ok(Self { id: wire.api_key_id, name: wire.name, scopes: wire.scopes, subaccount: wire.subaccount })
    }

    fn identity(&self) -> String {
        self.id.clone()
    }
}
