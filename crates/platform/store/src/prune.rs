//! What is only of use for a while goes after a while. Reports of orders, fills and settlements stay for ever, and so
//! does whatever was not consumed or published.

use rec_domain::TimeSpan;

use crate::{database::Database, error::Result, shape::count, time::interval};

/// How long what goes is kept, in market time, measured against the newest of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Complete readings of the account that the desk has consumed; the newest one stays.
    pub sweeps: TimeSpan,
    /// Events of the outbox that were published.
    pub events: TimeSpan,
    /// Days of ticks, index prints, momentum and strike tables, of each as many.
    pub market_days: u32,
}

impl Retention {
    /// Two days of readings, thirty days of events, fourteen days of market data.
    pub const USUAL: Self = Self {
        sweeps: TimeSpan::from_minutes(2 * 24 * 60),
        events: TimeSpan::from_minutes(30 * 24 * 60),
        market_days: 14,
    };
}

/// How much went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pruned {
    /// Complete readings of the account.
    pub sweeps: u64,
    /// Events of the outbox.
    pub events: u64,
    /// Tables of a day of market data.
    pub partitions: u64,
}

impl Database {
    /// Removes what `retention` no longer keeps, at most `most` of each kind, as db-poller.
    ///
    /// # Errors
    /// When the database does not answer, or this service may not prune.
    pub async fn prune(&self, retention: &Retention, most: u32) -> Result<Pruned> {
        let most = i64::from(most);
        let sweeps =
            sqlx::query_scalar!(r#"SELECT desk.prune_sweeps($1, $2) AS "pruned!""#, interval(retention.sweeps), most)
                .fetch_one(&self.pool)
                .await?;
        let events =
            sqlx::query_scalar!(r#"SELECT ops.prune_outbox($1, $2) AS "pruned!""#, interval(retention.events), most)
                .fetch_one(&self.pool)
                .await?;
        let partitions = sqlx::query_scalar!(
            r#"SELECT market.prune_partitions($1, $2) AS "pruned!""#,
            i64::from(retention.market_days),
            most
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(Pruned {
            sweeps: count("a number of readings", sweeps)?,
            events: count("a number of events", events)?,
            partitions: count("a number of days", partitions)?,
        })
    }
}
