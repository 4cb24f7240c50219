//! Cash at the exchange.

use std::collections::BTreeSet;

use rec_domain::{ExchangeIndex, Money, Timestamp};
use serde::Deserialize;

use super::list::{ReadError, read_object};
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

const WHAT: &str = "the balance";

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
    let wire: WireBalance = read_object(body, WHAT)?;
    let shards = wire.balance_breakdown.unwrap_or_default();
    let numbers: BTreeSet<i32> = shards.iter().map(|shard| shard.exchange_index).collect();
    if numbers.len() < shards.len() {
        return Err(ReadError::new(WHAT, "a shard stands in it twice"));
    }
    Ok(Balance {
        cash: wire.balance_dollars,
        shards: shards.iter().map(|shard| (ExchangeIndex::new(shard.exchange_index), shard.balance)).collect(),
        updated_at: wire.updated_ts.map(|seconds| seconds.0),
    })
}

/// Reads the cash of the whole account, of which the shards have each their part.
pub(crate) fn read_whole_balance(body: &str) -> Result<Balance, ReadError> {
    let balance = read_balance(body)?;
    let apart = balance.shards.iter().map(|(_, cash)| i128::from(cash.micros())).sum::<i128>();
    // Each part may be cut off below its last digit.
    let lost_in_rounding = i128::from(Money::from_cents(1).micros());
    if !balance.shards.is_empty() && (apart - i128::from(balance.cash.micros())).abs() > lost_in_rounding {
        return Err(ReadError::new(WHAT, format!("its shards do not add up to {}", balance.cash)));
    }
    Ok(balance)
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
