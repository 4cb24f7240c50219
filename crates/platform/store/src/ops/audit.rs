//! Who did what.

use rec_domain::Timestamp;
use serde_json::Value;

use super::Ops;
use crate::{error::Result, shape, time::from_db};

/// Something that somebody did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// When, by the server's clock.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// What, as `log_in`.
    pub action: String,
    /// Its particulars.
    pub detail: Value,
}

impl Ops {
    /// Notes that `actor` did `action`.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn audit(&self, actor: &str, action: &str, detail: &Value) -> Result<()> {
        sqlx::query!(
            "INSERT INTO ops.audit (actor, action, detail) VALUES ($1, $2, $3)",
            shape::text(actor),
            shape::text(action),
            shape::json("an audit entry", detail)?,
        )
        .execute(&self.database.pool)
        .await?;
        Ok(())
    }

    /// The last `limit` entries, newest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn audit_entries(&self, limit: u32) -> Result<Vec<AuditEntry>> {
        let rows =
            sqlx::query!("SELECT at, actor, action, detail FROM ops.audit ORDER BY id DESC LIMIT $1", i64::from(limit))
                .fetch_all(&self.database.pool)
                .await?;
        let entries = rows.into_iter().map(|row| AuditEntry {
            at: from_db(row.at),
            actor: row.actor,
            action: row.action,
            detail: row.detail,
        });
        Ok(entries.collect())
    }
}
