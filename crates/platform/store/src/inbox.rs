//! The inbox: what the exchange said, appended as it came, each fact once.
//!
//! Ids are a safe cursor only if they become visible in ascending order. A sequence alone does not give that: it
//! hands out numbers before transactions commit, in any order. So writers of a table exclude one another until they
//! have committed, by an advisory lock that holds over a lost connection and over two processes too.

use rec_domain::{Timestamp, report::Report};

use crate::{
    database::Database,
    error::Result,
    hint::Hint,
    shape,
    time::{from_db, to_db},
};

/// Key of the lock under which reports are appended.
const REPORT_WRITER: i64 = 0x5245_4301;

/// The inbox. Written by kalshi-account-sync alone, read by trade-manager.
#[derive(Debug, Clone)]
pub struct Inbox {
    database: Database,
}

impl Database {
    /// The inbox of the exchange's reports.
    #[must_use]
    pub fn inbox(&self) -> Inbox {
        Inbox { database: self.clone() }
    }
}

const fn kind(report: &Report) -> &'static str {
    match report {
        Report::Order(_) => "order",
        Report::Fill(_) => "fill",
        Report::Settlement(_) => "settlement",
        Report::Flow(_) => "flow",
        Report::Group(_) => "group",
        Report::Sweep(_) => "sweep",
    }
}

impl Inbox {
    /// Appends what is not there yet, in order, and says how many that was. All of them or none: after an error the
    /// same reports can be given again, and those that did arrive are not appended twice.
    ///
    /// Of a settlement it is the last word that counts: one that was said before and then amended at the same instant
    /// is news when it is said again, unless both are said at once.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn append_reports(&self, reports: &[Report], received_at: Timestamp) -> Result<u64> {
        if reports.is_empty() {
            return Ok(0);
        }
        let keys: Vec<String> = reports.iter().map(|report| shape::text(&report.key())).collect();
        let kinds: Vec<String> = reports.iter().map(|report| kind(report).to_owned()).collect();
        let bodies = reports.iter().map(|report| shape::json("a report", report)).collect::<Result<Vec<_>>>()?;
        let mut transaction = self.database.pool.begin().await?;
        sqlx::query!("SELECT pg_advisory_xact_lock($1)", REPORT_WRITER).execute(&mut *transaction).await?;
        let appended = sqlx::query!(
            "INSERT INTO desk.exchange_reports (key, kind, body, received_at)
             SELECT CASE WHEN last.key = ANY ($1) THEN reports.key
                    ELSE reports.key || coalesce(' after ' || last.id, '') END,
                 reports.kind, reports.body, $4
             FROM unnest($1::text[], $2::text[], $3::jsonb[]) WITH ORDINALITY AS reports (key, kind, body, place)
             LEFT JOIN LATERAL (
                 SELECT id, split_part(said.key, ' after ', 1) AS key FROM desk.exchange_reports AS said
                 WHERE reports.kind = 'settlement' AND said.kind = 'settlement'
                     AND said.body ->> 'ticker' = reports.body ->> 'ticker'
                     AND said.body -> 'settled_at' = reports.body -> 'settled_at'
                 ORDER BY id DESC LIMIT 1
             ) AS last ON true
             WHERE last.key IS DISTINCT FROM reports.key
             ORDER BY place
             ON CONFLICT (key) DO NOTHING",
            &keys,
            &kinds,
            &bodies,
            to_db(received_at),
        )
        .execute(&mut *transaction)
        .await?
        .rows_affected();
        if appended > 0 {
            sqlx::query!("SELECT pg_notify($1, '')", Hint::Reports.channel()).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(appended)
    }

    /// Up to `limit` reports after the one numbered `id`, in order.
    ///
    /// # Errors
    /// When the database does not answer, or a report cannot be read.
    pub async fn reports_after(&self, id: i64, limit: u32) -> Result<Vec<(i64, Report)>> {
        let rows = sqlx::query!(
            "SELECT id, body FROM desk.exchange_reports WHERE id > $1 ORDER BY id LIMIT $2",
            id,
            i64::from(limit),
        )
        .fetch_all(&self.database.pool)
        .await?;
        rows.into_iter().map(|row| Ok((row.id, shape::from_json("a report", row.body)?))).collect()
    }

    /// When the last report of any kind came; `None` while there is none.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn last_received_at(&self) -> Result<Option<Timestamp>> {
        let last = sqlx::query_scalar!("SELECT received_at FROM desk.exchange_reports ORDER BY id DESC LIMIT 1")
            .fetch_optional(&self.database.pool)
            .await?;
        Ok(last.map(from_db))
    }
}
