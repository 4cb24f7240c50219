//! Cash at the exchange.

use rec_domain::{ExchangeIndex, Money, Timestamp};
use serde::Deserialize;

use super::list::ReadError;
use crate::number::{Seconds, informative, required};

/// Cash at the exchange. What resting orders reserve is not part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Balance {
    /// All cash, or that of the shard asked for.
    pub cash: Money,
    /// Cash per shard; empty for keys that are locked to one subaccount.
    pub shards: Vec<(ExchangeIndex, Money)>,
    /// When the exchange last changed it.
    pub updated_at: Option<Timestamp>,
}

#[derive(Deserialize)]
struct WireBalance {
    #[serde(deserialize_with = "required")]
    balance_dollars: Money,
    #[serde(default)]
    balance_breakdown: Option<Vec<WireShard>>,
    #[serde(default, deserialize_with = "informative")]
    updated_ts: Option<Seconds>,
}

#[derive(Deserialize)]
struct WireShard {
    exchange_index: i32,
    #[serde(deserialize_with = "required")]
    balance: Money,
}

pub(crate) fn read_balance(body: &str) -> Result<Balance, ReadError> {
    let wire: WireBalance = serde_json::from_str(body).map_err(|error| ReadError::new("the balance", error))?;
    let shards = wire.balance_breakdown.unwrap_or_default();
    Ok(Balance {
        cash: wire.balance_dollars,
        shards: shards.iter().map(|shard| (ExchangeIndex::new(shard.exchange_index), shard.balance)).collect(),
        updated_at: wire.updated_ts.map(|seconds| seconds.0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dollars_are_read_and_truncated_cents_are_not() {
        let balance = read_balance(
            r#"{"balance":1234,"balance_dollars":"12.345600","portfolio_value":0,"updated_ts":1790363592,
            "balance_breakdown":[{"exchange_index":0,"balance":"2.0000"},{"exchange_index":2,"balance":"10.3456"}]}"#,
        )
        .expect("balance");
        assert_eq!(balance.cash.to_string(), "12.3456");
        assert_eq!(balance.shards[1], (ExchangeIndex::new(2), Money::from_micros(10_345_600)));
        assert!(read_balance(r#"{"balance":1234}"#).is_err());
    }
}
