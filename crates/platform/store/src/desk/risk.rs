//! What the risk gate compared, caps that were lowered, and the peak of equity.

use std::collections::BTreeMap;

use rec_domain::{
    DecisionId, IntentId, Money, Timestamp,
    caps::{CapCheck, EquityPeak, Tightening},
    desk_snapshot::RiskSnapshot,
    refusal::RefusalCode,
};

use crate::{
    error::Result,
    link::Link,
    shape,
    time::{from_db, to_db},
};

/// What an admitted request was held against.
pub(super) async fn admitted(
    connection: &mut Link,
    at: Timestamp,
    intent: IntentId,
    decision: DecisionId,
    checks: &[CapCheck],
    evidence: &str,
) -> Result<()> {
    let checks = shape::json("the caps' checks", &checks)?;
    sqlx::query!(
        "INSERT INTO desk.admissions (intent, at, decision, checks, evidence) VALUES ($1, $2, $3, $4, $5)",
        intent.as_uuid(),
        to_db(at),
        decision.as_uuid(),
        checks,
        shape::json_of_text(evidence),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// All caps that are lowered by now.
pub(super) async fn tightened(connection: &mut Link, tightening: &Tightening) -> Result<()> {
    let caps = shape::json("lowered caps", &tightening.caps)?;
    sqlx::query!(
        "INSERT INTO desk.tightenings (at, revision, caps, reason) VALUES ($1, $2, $3, $4)",
        to_db(tightening.at),
        i64::from(tightening.revision),
        caps,
        shape::text(&tightening.reason),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The peak of equity from now on.
pub(super) async fn equity_peak(connection: &mut Link, peak: &EquityPeak) -> Result<()> {
    sqlx::query!(
        "INSERT INTO desk.equity_peaks (at, revision, equity_micros) VALUES ($1, $2, $3)",
        to_db(peak.at),
        i64::from(peak.revision),
        peak.equity.micros(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What limits are counted from: refusals of the day since `day_start`, exits since `minute_start`.
pub(super) async fn snapshot(
    connection: &mut Link,
    day_start: Timestamp,
    minute_start: Timestamp,
) -> Result<RiskSnapshot> {
    Ok(RiskSnapshot {
        tightened: tightening(connection).await?,
        peak: last_peak(connection).await?,
        exit_times: exit_times(connection, minute_start).await?,
        refusals: refusals(connection, day_start).await?,
    })
}

/// The last tightening, of whatever revision.
async fn tightening(connection: &mut Link) -> Result<Option<Tightening>> {
    let row = sqlx::query!("SELECT at, revision, caps, reason FROM desk.tightenings ORDER BY id DESC LIMIT 1")
        .fetch_optional(connection)
        .await?;
    row.map(|row| {
        Ok(Tightening {
            at: from_db(row.at),
            caps: shape::from_json("lowered caps", row.caps)?,
            reason: row.reason,
            revision: shape::count("a revision", row.revision)?,
        })
    })
    .transpose()
}

/// The last peak, of whatever revision.
async fn last_peak(connection: &mut Link) -> Result<Option<EquityPeak>> {
    let row = sqlx::query!("SELECT at, revision, equity_micros FROM desk.equity_peaks ORDER BY id DESC LIMIT 1")
        .fetch_optional(connection)
        .await?;
    row.map(|row| {
        Ok(EquityPeak {
            at: from_db(row.at),
            equity: Money::from_micros(row.equity_micros),
            revision: shape::count("a revision", row.revision)?,
        })
    })
    .transpose()
}

/// How often each reason refused in runs that reached past `since`. A code that this program does not know is left out.
async fn refusals(connection: &mut Link, since: Timestamp) -> Result<BTreeMap<RefusalCode, u64>> {
    let rows = sqlx::query!(
        r#"SELECT code, sum(times)::bigint AS "times!" FROM desk.refusals WHERE last_at >= $1 GROUP BY code"#,
        to_db(since),
    )
    .fetch_all(connection)
    .await?;
    let mut counts = BTreeMap::new();
    for row in rows {
        if let Some(code) = RefusalCode::ALL.iter().find(|code| code.name() == row.code) {
            counts.insert(*code, shape::count("a number of refusals", row.times)?);
        }
    }
    Ok(counts)
}

/// When orders that only reduce were committed after `after`, in order.
async fn exit_times(connection: &mut Link, after: Timestamp) -> Result<Vec<Timestamp>> {
    let times = sqlx::query_scalar!(
        "SELECT created_at FROM desk.intents WHERE effect = 'reduces' AND created_at > $1 ORDER BY created_at",
        to_db(after),
    )
    .fetch_all(connection)
    .await?;
    Ok(times.into_iter().map(from_db).collect())
}
