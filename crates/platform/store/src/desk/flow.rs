//! Movements of money, as far as they were seen to come.

use rec_domain::{Timestamp, flow::FlowReport};

use crate::{error::Result, link::Link, shape, time::to_db};

/// A movement that was heard of at `at`, or has come further since.
pub(super) async fn upsert(connection: &mut Link, at: Timestamp, report: &FlowReport) -> Result<()> {
    let body = shape::json("a movement of money", report)?;
    sqlx::query!(
        "INSERT INTO desk.flows (key, kind, amount_micros, body, at, seen_at) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (key) DO UPDATE SET amount_micros = excluded.amount_micros, body = excluded.body,
            at = excluded.at, seen_at = excluded.seen_at",
        shape::text(&report.key()),
        report.kind.name(),
        report.amount.micros(),
        body,
        to_db(report.at),
        to_db(at),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Every movement that was ever seen: one that was posted may be taken back at any time.
pub(super) async fn all(connection: &mut Link) -> Result<Vec<FlowReport>> {
    let bodies = sqlx::query_scalar!("SELECT body FROM desk.flows ORDER BY key").fetch_all(connection).await?;
    bodies.into_iter().map(|body| shape::from_json("a movement of money", body)).collect()
}
