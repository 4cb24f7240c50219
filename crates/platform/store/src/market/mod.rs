//! What is seen of the market: ticks, index prints, momentum, markets, strike tables.
//!
//! Nobody's money depends on the last second of it, so its transactions do not wait for the disk.

mod listing;
mod partition;
mod series;
mod strikes;

use crate::{database::Database, error::Result, link::Transaction};
use partition::Partitions;

/// Market data. Clones share what they know of partitions.
#[derive(Debug, Clone)]
pub struct MarketData {
    database: Database,
    partitions: Partitions,
}

impl Database {
    /// Market data.
    #[must_use]
    pub fn market_data(&self) -> MarketData {
        MarketData { database: self.clone(), partitions: Partitions::default() }
    }
}

impl MarketData {
    /// A transaction that is done when the server has it in memory.
    async fn begin(&self) -> Result<Transaction> {
        let mut transaction = self.database.pool.begin().await?;
        sqlx::query!("SET LOCAL synchronous_commit = off").execute(&mut *transaction).await?;
        Ok(transaction)
    }
}
