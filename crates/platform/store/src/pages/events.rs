//! What the desk told the world.

use rec_domain::outbox::OutboxEvent;

use super::Pages;
use crate::{error::Result, shape, time::from_db};

impl Pages {
    /// The last `limit` events of the desk, newest first. One that a newer program wrote, and this one cannot read, is
    /// left out.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn events(&self, limit: u32) -> Result<Vec<OutboxEvent>> {
        let rows = sqlx::query!("SELECT id, at, event FROM ops.outbox ORDER BY id DESC LIMIT $1", i64::from(limit))
            .fetch_all(&self.database.pool)
            .await?;
        Ok(rows
            .into_iter()
            .filter_map(|row| {
                let event = shape::from_json("an event", row.event).ok()?;
                Some(OutboxEvent { number: row.id, at: from_db(row.at), event })
            })
            .collect())
    }
}
