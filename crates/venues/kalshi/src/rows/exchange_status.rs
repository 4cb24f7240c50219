//! Whether the exchange, and each of its shards, is open.

use rec_domain::{ExchangeIndex, Timestamp};
use serde::Deserialize;

use super::list::{ReadError, read_object};
use crate::number::informative;

/// Whether the exchange is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExchangeStatus {
    /// Whether it works at all; otherwise not even cancels do.
    pub exchange_active: bool,
    /// Whether it trades; otherwise only cancels work.
    pub trading_active: bool,
    /// When it expects to be back.
    pub resumes_at: Option<Timestamp>,
    /// Each shard by itself.
    pub shards: Vec<ShardStatus>,
}

/// Whether one shard is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShardStatus {
    /// The shard.
    pub exchange_index: ExchangeIndex,
    /// Whether it works at all.
    pub exchange_active: bool,
    /// Whether it trades.
    pub trading_active: bool,
}

impl ExchangeStatus {
    /// Whether orders are taken on `shard`: by its own entry, or by the whole exchange's where it has none.
    #[must_use]
    pub fn trades(&self, shard: ExchangeIndex) -> bool {
        let own = self.shards.iter().find(|status| status.exchange_index == shard);
        let shard_trades = own.is_none_or(|status| status.exchange_active && status.trading_active);
        self.exchange_active && self.trading_active && shard_trades
    }
}

#[derive(Deserialize)]
struct WireStatus {
    exchange_active: bool,
    trading_active: bool,
    #[serde(default, deserialize_with = "informative")]
    exchange_estimated_resume_time: Option<Timestamp>,
    #[serde(default)]
    exchange_index_statuses: Option<Vec<WireShardStatus>>,
}

#[derive(Deserialize)]
struct WireShardStatus {
    exchange_index: i32,
    exchange_active: bool,
    trading_active: bool,
}

/// Reads the body, which also comes with 500, 503 and 504.
pub(crate) fn read_status(body: &str) -> Result<ExchangeStatus, ReadError> {
    let wire: WireStatus = read_object(body, "the exchange's status")?;
    let shards = wire.exchange_index_statuses.unwrap_or_default();
    Ok(ExchangeStatus {
        exchange_active: wire.exchange_active,
        trading_active: wire.trading_active,
        resumes_at: wire.exchange_estimated_resume_time,
        shards: shards
            .iter()
            .map(|shard| ShardStatus {
                exchange_index: ExchangeIndex::new(shard.exchange_index),
                exchange_active: shard.exchange_active,
                trading_active: shard.trading_active,
            })
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shard_may_be_closed_by_itself() {
        let status = read_status(
            r#"{"exchange_active":true,"trading_active":true,"exchange_index_statuses":[
            {"exchange_index":2,"description":"crypto","exchange_active":true,"trading_active":false}]}"#,
        )
        .expect("status");
        assert!(status.trades(ExchangeIndex::new(0)));
        assert!(!status.trades(ExchangeIndex::new(2)));
        assert!(read_status("<html>502</html>").is_err());
    }
}
