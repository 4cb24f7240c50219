//! What requests cost in tokens, and from which bucket.
//!
//! The table is the exchange's own (`GET /account/endpoint_costs`, recorded 2026-09-25).

use rec_domain::ExchangeIndex;
use serde_json::{Value, json};

use crate::core::query::Params;

/// Tokens of whatever the table does not list.
pub const DEFAULT_COST: u32 = 10;

/// Method, path below `/trade-api/v2`, tokens. Those of a batch are for each of its orders.
const EXCEPTIONS: [(&str, &str, u32); 17] = [
    ("POST", "account/api_usage_level/upgrade", 30),
    ("GET", "cfbenchmarks", 50),
    ("GET", "cfbenchmarks/*endpoint", 50),
    ("POST", "communications/quotes", 2),
    ("DELETE", "communications/quotes/:quote_id", 2),
    ("GET", "communications/quotes/:quote_id", 2),
    ("DELETE", "communications/rfqs/:rfq_id/quotes/:quote_id", 2),
    ("GET", "communications/rfqs/:rfq_id/quotes/:quote_id", 2),
    ("PUT", "communications/rfqs/:rfq_id/quotes/:quote_id/confirm", 1),
    ("GET", "margin/balance", 5),
    ("DELETE", "margin/orders/:order_id", 1),
    ("POST", "margin/orders/:order_id/decrease", 1),
    ("DELETE", "portfolio/events/orders", 2),
    ("DELETE", "portfolio/events/orders/:order_id", 2),
    ("DELETE", "portfolio/events/orders/batched", 2),
    ("GET", "portfolio/orders/:order_id", 2),
    ("POST", "portfolio/subaccounts/positions/transfer/batched", 2),
];

/// The bucket that a request draws from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bucket {
    /// Reads.
    Read,
    /// Writes that name no shard, or the first one, and batches wherever they go.
    Write,
    /// Single writes that name a shard from 1 on: each shard has a whole budget of its own.
    ShardWrite(ExchangeIndex),
}

/// What a request costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// From where.
    pub bucket: Bucket,
    /// How much. A batch has to fit the bucket as a whole.
    pub tokens: u32,
}

/// What a request of `path` (relative to `/trade-api/v2`) costs. Reads that need no signature cost nothing when they
/// carry none, which is for the caller to see.
#[must_use]
pub fn cost(method: &str, path: &str, params: &Params, body: &[u8]) -> Cost {
    let path = path.trim_matches('/');
    let listed = EXCEPTIONS.iter().filter(|(listed, _, _)| *listed == method).filter(|(_, pattern, _)| {
        // A literal path is listed beside a pattern that it would match too, at the same price.
        matches(pattern, path)
    });
    let tokens = listed.map(|(_, _, tokens)| *tokens).next().unwrap_or(DEFAULT_COST);
    if method == "GET" {
        return Cost { bucket: Bucket::Read, tokens };
    }
    let body: Option<Value> = serde_json::from_slice(body).ok();
    if path.ends_with("/batched") {
        let items = body.as_ref().and_then(|body| body["orders"].as_array()).map_or(1, Vec::len).max(1);
        let items = u32::try_from(items).unwrap_or(u32::MAX);
        return Cost { bucket: Bucket::Write, tokens: tokens.saturating_mul(items) };
    }
    let named = body.as_ref().and_then(|body| body["exchange_index"].as_i64());
    let shard = named.or_else(|| params.number("exchange_index")).and_then(|number| i32::try_from(number).ok());
    let bucket = shard.filter(|shard| *shard >= 1).map_or(Bucket::Write, |shard| {
        // A shard is the same bucket whether the body or the query names it.
        Bucket::ShardWrite(ExchangeIndex::new(shard))
    });
    Cost { bucket, tokens }
}

fn matches(pattern: &str, path: &str) -> bool {
    let (mut pattern, mut path) = (pattern.split('/'), path.split('/'));
    loop {
        match (pattern.next(), path.next()) {
            (None, None) => return true,
            (Some(rest), Some(_)) if rest.starts_with('*') => return true,
            (Some(expected), Some(found)) if expected.starts_with(':') || expected == found => {}
            _ => return false,
        }
    }
}

/// The body of `GET /account/endpoint_costs`.
pub(crate) fn endpoint_costs() -> Value {
    let costs: Vec<Value> = EXCEPTIONS
        .iter()
        .map(|(method, path, cost)| json!({ "cost": cost, "method": method, "path": format!("/trade-api/v2/{path}") }))
        .collect();
    json!({ "default_cost": DEFAULT_COST, "endpoint_costs": costs })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_costs_and_buckets_that_are_documented() {
        let shard = Bucket::ShardWrite(ExchangeIndex::new(2));
        for (method, path, query, body, bucket, tokens) in [
            ("GET", "/portfolio/orders", "", "", Bucket::Read, 10),
            ("GET", "/portfolio/orders/abc", "", "", Bucket::Read, 2),
            ("GET", "/cfbenchmarks/history/values", "", "", Bucket::Read, 50),
            ("POST", "/portfolio/events/orders", "", r#"{"exchange_index":2}"#, shard, 10),
            ("POST", "/portfolio/events/orders", "", r#"{"exchange_index":-1}"#, Bucket::Write, 10),
            ("POST", "/portfolio/events/orders", "", r#"{"ticker":"T"}"#, Bucket::Write, 10),
            ("DELETE", "/portfolio/events/orders/abc", "exchange_index=2", "", shard, 2),
            ("DELETE", "/portfolio/events/orders/abc", "", "", Bucket::Write, 2),
            ("DELETE", "/portfolio/events/orders", "", "", Bucket::Write, 2),
            ("POST", "/portfolio/events/orders/batched", "", r#"{"orders":[{},{},{}]}"#, Bucket::Write, 30),
            ("DELETE", "/portfolio/events/orders/batched", "", r#"{"orders":[{},{}]}"#, Bucket::Write, 4),
            ("PUT", "/portfolio/order_groups/g/trigger", "exchange_index=2", "{}", shard, 10),
        ] {
            let found = cost(method, path, &Params::parse(query), body.as_bytes());
            assert_eq!(found, Cost { bucket, tokens }, "{method} {path} {query} {body}");
        }
    }
}
