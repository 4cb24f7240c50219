//! The outbox: the desk's events, written with the facts themselves and published afterwards.

use rec_domain::outbox::OutboxEvent;

use crate::{database::Database, error::Result, link::Transaction, shape, time::from_db};

/// The outbox, as db-poller.
#[derive(Debug, Clone)]
pub struct Outbox {
    database: Database,
}

/// Unpublished events, locked until they are marked or dropped.
#[derive(Debug)]
pub struct OutboxBatch {
    /// The events, in the order of their numbers.
    pub events: Vec<OutboxEvent>,
    transaction: Transaction,
}

impl Database {
    /// The outbox.
    #[must_use]
    pub fn outbox(&self) -> Outbox {
        Outbox { database: self.clone() }
    }
}

impl Outbox {
    /// Takes up to `limit` unpublished events that nobody else is publishing. What is dropped without
    /// [`OutboxBatch::published`] is taken again: an event may be published twice, never not at all.
    ///
    /// # Errors
    /// When the database does not answer, or an event cannot be read.
    pub async fn take_unpublished(&self, limit: u32) -> Result<OutboxBatch> {
        let mut transaction = self.database.pool.begin().await?;
        let rows = sqlx::query!(
            "SELECT id, at, event FROM ops.outbox WHERE published_at IS NULL ORDER BY id LIMIT $1
             FOR UPDATE SKIP LOCKED",
            i64::from(limit),
        )
        .fetch_all(&mut *transaction)
        .await?;
        let events = rows
            .into_iter()
            .map(|row| {
                let event = shape::from_json("an event", row.event)?;
                Ok(OutboxEvent { number: row.id, at: from_db(row.at), event })
            })
            .collect::<Result<_>>()?;
        Ok(OutboxBatch { events, transaction })
    }

    /// How many events wait.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn waiting(&self) -> Result<u64> {
        let waiting = sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM ops.outbox WHERE published_at IS NULL"#)
            .fetch_one(&self.database.pool)
            .await?;
        shape::count("a number of events", waiting)
    }
}

impl OutboxBatch {
    /// Marks the events as published, after they were.
    ///
    /// # Errors
    /// When the database does not answer: the events will come again.
    pub async fn published(mut self) -> Result<()> {
        let ids: Vec<i64> = self.events.iter().map(|event| event.number).collect();
        if !ids.is_empty() {
            sqlx::query!("UPDATE ops.outbox SET published_at = clock_timestamp() WHERE id = ANY ($1)", &ids)
                .execute(&mut *self.transaction)
                .await?;
        }
        self.transaction.commit().await?;
        Ok(())
    }
}
