//! Strike tables as they were at an instant: what decisions were made on.

use rec_domain::{EventTicker, Timestamp, strike_table::StrikeTable};

use super::MarketData;
use crate::{error::Result, shape, time::to_db};

impl MarketData {
    /// Appends strike tables.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn append_strike_tables(&self, tables: &[StrikeTable]) -> Result<()> {
        if tables.is_empty() {
            return Ok(());
        }
        self.ensure_partitions(tables.iter().map(|table| table.at)).await?;
        let instants: Vec<_> = tables.iter().map(|table| to_db(table.at)).collect();
        let events: Vec<String> = tables.iter().map(|table| table.event.as_str().to_owned()).collect();
        let bodies = tables.iter().map(|table| shape::json("a strike table", table)).collect::<Result<Vec<_>>>()?;
        let mut transaction = self.begin().await?;
        sqlx::query!(
            "INSERT INTO market.strike_snapshots (at, event, body)
             SELECT * FROM unnest($1::timestamptz[], $2::text[], $3::jsonb[])",
            &instants,
            &events,
            &bodies,
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// The last strike table of an event at or before `at`; `None` when none was stored.
    ///
    /// # Errors
    /// When the database does not answer, or the table cannot be read.
    pub async fn strike_table_at(&self, event: &EventTicker, at: Timestamp) -> Result<Option<StrikeTable>> {
        let body = sqlx::query_scalar!(
            "SELECT body FROM market.strike_snapshots WHERE event = $1 AND at <= $2 ORDER BY at DESC LIMIT 1",
            event.as_str(),
            to_db(at),
        )
        .fetch_optional(&self.database.pool)
        .await?;
        body.map(|body| shape::from_json("a strike table", body)).transpose()
    }
}
