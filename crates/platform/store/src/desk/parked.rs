//! Reports that could not be booked yet. A row stays when it was booked, marked so.

use rec_domain::{
    Timestamp,
    report::{FillReport, Report, SettlementReport},
};

use crate::{error::Result, link::Link, shape, time::to_db};

fn settlement_key(report: &SettlementReport) -> String {
    Report::Settlement(report.clone()).key()
}

pub(super) async fn park_fill(connection: &mut Link, at: Timestamp, report: &FillReport) -> Result<()> {
    let body = shape::json("a parked fill", report)?;
    sqlx::query!(
        "INSERT INTO desk.parked_fills (fill_id, body, parked_at) VALUES ($1, $2, $3)
         ON CONFLICT (fill_id) DO UPDATE SET body = excluded.body, unparked_at = NULL",
        report.fill_id.as_str(),
        body,
        to_db(at),
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn unpark_fill(connection: &mut Link, at: Timestamp, report: &FillReport) -> Result<()> {
    sqlx::query!(
        "UPDATE desk.parked_fills SET unparked_at = $2 WHERE fill_id = $1",
        report.fill_id.as_str(),
        to_db(at),
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn park_settlement(connection: &mut Link, at: Timestamp, report: &SettlementReport) -> Result<()> {
    let body = shape::json("a parked settlement", report)?;
    sqlx::query!(
        "INSERT INTO desk.parked_settlements (key, body, parked_at) VALUES ($1, $2, $3)
         ON CONFLICT (key) DO UPDATE SET body = excluded.body, unparked_at = NULL",
        settlement_key(report),
        body,
        to_db(at),
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn unpark_settlement(connection: &mut Link, at: Timestamp, report: &SettlementReport) -> Result<()> {
    sqlx::query!(
        "UPDATE desk.parked_settlements SET unparked_at = $2 WHERE key = $1",
        settlement_key(report),
        to_db(at),
    )
    .execute(connection)
    .await?;
    Ok(())
}
