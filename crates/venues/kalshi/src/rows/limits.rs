//! What the exchange allows: token buckets, what requests cost, and how far back its ordinary lists reach.

use rec_domain::Timestamp;
use serde::Deserialize;

use super::list::{ReadError, read_object};
use crate::number::{optional, required};

/// What the account may ask for. Reads and writes draw from buckets of their own; most requests cost 10 tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountLimits {
    /// The exchange's word for the account's tier.
    pub tier: String,
    /// For reads.
    pub read: RateBucket,
    /// For writes. Explicit shards have one each.
    pub write: RateBucket,
}

/// A token bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct RateBucket {
    /// Tokens that come in a second.
    #[serde(rename = "refill_rate")]
    pub per_second: u32,
    /// Tokens that it holds.
    #[serde(rename = "bucket_capacity")]
    pub capacity: u32,
}

/// What requests cost in tokens.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct EndpointCosts {
    /// Whatever is not listed.
    #[serde(rename = "default_cost")]
    pub default: u32,
    /// The exceptions.
    #[serde(rename = "endpoint_costs")]
    pub exceptions: Vec<EndpointCost>,
}

/// What one kind of request costs.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct EndpointCost {
    /// HTTP method.
    pub method: String,
    /// Whole path, with `:name` and `*name` for its variable parts.
    pub path: String,
    /// Tokens.
    pub cost: u32,
}

/// Since when the ordinary lists have rows; what is older stands in lists of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HistoricalCutoff {
    /// Markets paid since then.
    pub markets: Timestamp,
    /// Trades since then, and fills.
    pub trades: Timestamp,
    /// Orders that ended since then.
    pub orders: Timestamp,
    /// Positions that changed since then, where stated.
    pub positions: Option<Timestamp>,
}

pub(crate) fn read_limits(body: &str) -> Result<AccountLimits, ReadError> {
    #[derive(Deserialize)]
    struct Wire {
        usage_tier: String,
        read: RateBucket,
        write: RateBucket,
    }
    let wire: Wire = read_object(body, "the account's limits")?;
    Ok(AccountLimits { tier: wire.usage_tier, read: wire.read, write: wire.write })
}

pub(crate) fn read_costs(body: &str) -> Result<EndpointCosts, ReadError> {
    read_object(body, "the costs of requests")
}

pub(crate) fn read_cutoff(body: &str) -> Result<HistoricalCutoff, ReadError> {
    #[derive(Deserialize)]
    struct Wire {
        #[serde(deserialize_with = "required")]
        market_settled_ts: Timestamp,
        #[serde(deserialize_with = "required")]
        trades_created_ts: Timestamp,
        #[serde(deserialize_with = "required")]
        orders_updated_ts: Timestamp,
        #[serde(default, deserialize_with = "optional")]
        market_positions_last_updated_ts: Option<Timestamp>,
    }
    let wire: Wire = read_object(body, "the cutoff of lists")?;
    Ok(HistoricalCutoff {
        markets: wire.market_settled_ts,
        trades: wire.trades_created_ts,
        orders: wire.orders_updated_ts,
        positions: wire.market_positions_last_updated_ts,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read() {
        let limits = read_limits(
            r#"{"usage_tier":"basic","read":{"refill_rate":200,"bucket_capacity":600},
            "write":{"refill_rate":100,"bucket_capacity":100},"grants":[]}"#,
        )
        .expect("limits");
        assert_eq!((limits.tier.as_str(), limits.write.per_second, limits.read.capacity), ("basic", 100, 600));
    }
}
