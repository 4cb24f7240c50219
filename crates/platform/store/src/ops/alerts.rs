//! Alerts: something that a person must see, until it is over.

use rec_domain::Timestamp;
use serde::{Deserialize, Serialize};

use super::Ops;
use crate::{
    error::Result,
    shape,
    time::{from_db, opt_from_db, to_db},
};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Good to know.
    Info,
    /// Somebody should look.
    Warning,
    /// Somebody must act.
    Critical,
}

impl Severity {
    /// Lower-case name, as stored.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

/// An alert. Of one code and subject there is at most one that is not over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// How bad it is.
    pub severity: Severity,
    /// Stable name of what happened, as `feed_stale`.
    pub code: String,
    /// To what, as a service's name.
    pub subject: String,
    /// For people.
    pub message: String,
    /// Since when.
    pub raised_at: Timestamp,
    /// When it was over; `None` while it is not.
    pub resolved_at: Option<Timestamp>,
}

impl Ops {
    /// Raises an alert; says whether it is new. One that stands already keeps its beginning and gets the new words.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn raise_alert(
        &self,
        severity: Severity,
        code: &str,
        subject: &str,
        message: &str,
        at: Timestamp,
    ) -> Result<bool> {
        let new = sqlx::query_scalar!(
            r#"INSERT INTO ops.alerts (severity, code, subject, message, raised_at) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (code, subject) WHERE resolved_at IS NULL
             DO UPDATE SET severity = excluded.severity, message = excluded.message
             RETURNING (xmax = 0) AS "new!""#,
            severity.name(),
            code,
            shape::text(subject),
            shape::text(message),
            to_db(at),
        )
        .fetch_one(&self.database.pool)
        .await?;
        Ok(new)
    }

    /// Ends an alert; says whether there was one.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn resolve_alert(&self, code: &str, subject: &str, at: Timestamp) -> Result<bool> {
        let resolved = sqlx::query!(
            "UPDATE ops.alerts SET resolved_at = $3 WHERE code = $1 AND subject = $2 AND resolved_at IS NULL",
            code,
            shape::text(subject),
            to_db(at),
        )
        .execute(&self.database.pool)
        .await?;
        Ok(resolved.rows_affected() > 0)
    }

    /// The last `limit` alerts, those that are not over first.
    ///
    /// # Errors
    /// When the database does not answer, or an alert cannot be read.
    pub async fn alerts(&self, limit: u32) -> Result<Vec<Alert>> {
        let rows = sqlx::query!(
            "SELECT severity, code, subject, message, raised_at, resolved_at FROM ops.alerts
             ORDER BY (resolved_at IS NULL) DESC, id DESC LIMIT $1",
            i64::from(limit),
        )
        .fetch_all(&self.database.pool)
        .await?;
        rows.into_iter()
            .map(|row| {
                Ok(Alert {
                    severity: shape::word("an alert's severity", &row.severity)?,
                    code: row.code,
                    subject: row.subject,
                    message: row.message,
                    raised_at: from_db(row.raised_at),
                    resolved_at: opt_from_db(row.resolved_at),
                })
            })
            .collect()
    }
}
