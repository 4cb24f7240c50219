//! Halts, refusals and comparisons with the exchange.

use rec_domain::{
    DecisionId, MarketTicker, Side, Timestamp, halt::Halt, reconciliation::Reconciliation, refusal::Refusal,
};

use super::Pages;
use crate::{
    desk::reconciliation::ReconciliationRow,
    error::Result,
    shape,
    time::{from_db, opt_from_db, to_db},
};

/// A halt with its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HaltRecord {
    /// The halt.
    pub halt: Halt,
    /// When it was cleared; `None` while it is in force.
    pub cleared_at: Option<Timestamp>,
    /// Why it was cleared.
    pub cleared_reason: Option<String>,
}

/// Refusals with one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusalCount {
    /// The reason's stable code.
    pub code: String,
    /// How often.
    pub times: u64,
}

/// Refusals with one reason in a market and side, one after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusalRun {
    /// The market.
    pub ticker: MarketTicker,
    /// The side.
    pub side: Side,
    /// The first one.
    pub refusal: Refusal,
    /// When the first one was.
    pub first_at: Timestamp,
    /// When the last one was.
    pub last_at: Timestamp,
    /// How many.
    pub times: u64,
    /// The request with which the first one came.
    pub decision: DecisionId,
    /// What the first one was decided on: the strike table's row, its instant, the ages of its inputs.
    pub evidence: serde_json::Value,
}

impl Pages {
    /// The last `limit` halts, newest first.
    ///
    /// # Errors
    /// When the database does not answer, or a halt cannot be read.
    pub async fn halts(&self, limit: u32) -> Result<Vec<HaltRecord>> {
        let rows = sqlx::query!(
            "SELECT source, reason, since, cleared_at, cleared_reason FROM desk.halts ORDER BY id DESC LIMIT $1",
            i64::from(limit),
        )
        .fetch_all(&self.database.pool)
        .await?;
        rows.into_iter()
            .map(|row| {
                let source = shape::word("a halt's source", &row.source)?;
                Ok(HaltRecord {
                    halt: Halt { source, reason: row.reason, since: from_db(row.since) },
                    cleared_at: opt_from_db(row.cleared_at),
                    cleared_reason: row.cleared_reason,
                })
            })
            .collect()
    }

    /// How often each reason was given in runs that reached past `since`, most frequent first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn refusal_counts(&self, since: Timestamp) -> Result<Vec<RefusalCount>> {
        let rows = sqlx::query!(
            r#"SELECT code, sum(times)::bigint AS "times!" FROM desk.refusals WHERE last_at >= $1
             GROUP BY code ORDER BY 2 DESC, code"#,
            to_db(since),
        )
        .fetch_all(&self.database.pool)
        .await?;
        rows.into_iter()
            .map(|row| Ok(RefusalCount { code: row.code, times: shape::count("a number of refusals", row.times)? }))
            .collect()
    }

    /// The last `limit` runs of refusals, newest first.
    ///
    /// # Errors
    /// When the database does not answer, or a refusal cannot be read.
    pub async fn refusals(&self, limit: u32) -> Result<Vec<RefusalRun>> {
        let rows = sqlx::query!(
            "SELECT ticker, side, code, message, first_at, last_at, times, decision, evidence FROM desk.refusals
             ORDER BY id DESC LIMIT $1",
            i64::from(limit),
        )
        .fetch_all(&self.database.pool)
        .await?;
        rows.into_iter()
            .map(|row| {
                Ok(RefusalRun {
                    ticker: MarketTicker::new(row.ticker),
                    side: shape::side(&row.side)?,
                    refusal: Refusal::new(shape::word("a refusal's code", &row.code)?, row.message),
                    first_at: from_db(row.first_at),
                    last_at: from_db(row.last_at),
                    times: shape::count("a number of refusals", row.times)?,
                    decision: DecisionId::from_uuid(row.decision),
                    evidence: row.evidence,
                })
            })
            .collect()
    }

    /// The last `limit` comparisons with the exchange, newest first.
    ///
    /// # Errors
    /// When the database does not answer, or a comparison cannot be read.
    pub async fn reconciliations(&self, limit: u32) -> Result<Vec<Reconciliation>> {
        let rows = sqlx::query_as!(
            ReconciliationRow,
            "SELECT at, as_of, books_changed_at, differences, compared FROM desk.reconciliations
             ORDER BY id DESC LIMIT $1",
            i64::from(limit),
        )
        .fetch_all(&self.database.pool)
        .await?;
        rows.into_iter().map(ReconciliationRow::into_domain).collect()
    }
}
