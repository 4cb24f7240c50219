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

/// The tokens that most requests cost.
const ONE_REQUEST: u32 = 10;

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

/// Requests that the desk may make and that cost other than the default, as the exchange listed them on 25 September
/// 2026; those of a batch are for each of its orders.
const DOCUMENTED: [(&str, &str, u32); 6] = [
    ("GET", "/trade-api/v2/cfbenchmarks/*endpoint", 50),
    ("GET", "/trade-api/v2/portfolio/orders/:order_id", 2),
    ("DELETE", "/trade-api/v2/portfolio/events/orders", 2),
    ("DELETE", "/trade-api/v2/portfolio/events/orders/:order_id", 2),
    ("DELETE", "/trade-api/v2/portfolio/events/orders/batched", 2),
    ("POST", "/trade-api/v2/account/api_usage_level/upgrade", 30),
];

impl EndpointCosts {
    /// What is documented, until the exchange was asked.
    #[must_use]
    pub fn documented() -> Self {
        let exception = |(method, path, cost): (&str, &str, u32)| EndpointCost {
            method: method.to_owned(),
            path: path.to_owned(),
            cost,
        };
        Self { default: ONE_REQUEST, exceptions: DOCUMENTED.map(exception).into() }
    }

    /// The tokens of one request of a path, given in its parts below the interface's root.
    #[must_use]
    pub fn of(&self, method: &str, path: &[&str]) -> u32 {
        let fits = |cost: &&EndpointCost| cost.method == method && matches(&cost.path, path);
        // A literal path is listed beside a pattern that it would match too, and is the one that counts.
        let listed = self.exceptions.iter().filter(fits);
        listed.min_by_key(|cost| cost.path.matches([':', '*']).count()).map_or(self.default, |cost| cost.cost)
    }
}

/// Whether a path is of a pattern: `:name` stands for one part, `*name` for all that follow.
fn matches(pattern: &str, path: &[&str]) -> bool {
    let below = pattern.strip_prefix("/trade-api/v2/").unwrap_or(pattern.trim_start_matches('/'));
    let (mut expected, mut found) = (below.split('/'), path.iter());
    loop {
        match (expected.next(), found.next()) {
            (None, None) => return true,
            (Some(rest), Some(_)) if rest.starts_with('*') => return true,
            (Some(part), Some(given)) if part.starts_with(':') || part == *given => {}
            _ => return false,
        }
    }
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
    let what = "the account's limits";
    let wire: Wire = read_object(body, what)?;
    // Kept to, such limits would let nothing leave any more, closes included.
    if [wire.read, wire.write].iter().any(|bucket| bucket.per_second == 0 || bucket.capacity < ONE_REQUEST) {
        return Err(ReadError::new(what, "they allow no request"));
    }
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
    fn a_request_costs_what_its_path_is_listed_with() {
        let costs = EndpointCosts::documented();
        for (method, path, tokens) in [
            ("GET", &["portfolio", "orders"][..], 10),
            ("GET", &["portfolio", "orders", "o"], 2),
            ("GET", &["portfolio", "orders", "o", "queue_position"], 10),
            ("GET", &["cfbenchmarks", "history", "values"], 50),
            ("POST", &["portfolio", "events", "orders"], 10),
            ("DELETE", &["portfolio", "events", "orders", "o"], 2),
            ("PUT", &["portfolio", "order_groups", "g", "trigger"], 10),
        ] {
            assert_eq!(costs.of(method, path), tokens, "{method} {path:?}");
        }
    }

    #[test]
    fn limits_are_read() {
        let limits = read_limits(
            r#"{"usage_tier":"basic","read":{"refill_rate":200,"bucket_capacity":600},
            "write":{"refill_rate":100,"bucket_capacity":100},"grants":[]}"#,
        )
        .expect("limits");
        assert_eq!((limits.tier.as_str(), limits.write.per_second, limits.read.capacity), ("basic", 100, 600));
    }

    #[test]
    fn limits_that_allow_nothing_are_no_limits() {
        let of = |rate: u32, capacity: u32| {
            read_limits(&format!(
                r#"{{"usage_tier":"basic","read":{{"refill_rate":200,"bucket_capacity":600}},
                "write":{{"refill_rate":{rate},"bucket_capacity":{capacity}}},"grants":[]}}"#
            ))
        };
        assert!(of(10, 10).is_ok());
        assert!(of(0, 100).is_err() && of(100, 0).is_err() && of(100, 9).is_err());
    }
}
