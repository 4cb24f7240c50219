//! What steers the desk, and what it decided.

use rec_domain::{
    DecisionId, ExchangeIndex, MarketTicker, OrderGroupId, Side, Timestamp,
    arming::Arming,
    caps::CapCheck,
    command::DeskReply,
    halt::{Halt, HaltSource},
    intent::GroupRole,
    refusal::Refusal,
    settings::AutomationSettings,
};

use crate::{error::Result, link::Link, shape, time::to_db};

/// A halt began, or has another reason now.
pub(super) async fn halted(connection: &mut Link, at: Timestamp, halt: &Halt) -> Result<()> {
    let reason = shape::text(&halt.reason);
    sqlx::query!(
        "WITH halt AS (
            INSERT INTO desk.halts (source, reason, since) VALUES ($1, $2, $3)
            ON CONFLICT (account, mode, source) WHERE cleared_at IS NULL
            DO UPDATE SET reason = excluded.reason
            RETURNING id
         )
         INSERT INTO desk.halt_events (halt, at, what, reason) SELECT id, $4, 'halted', $2 FROM halt",
        halt.source.name(),
        reason,
        to_db(halt.since),
        to_db(at),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The halt of a source ended, if there was one.
pub(super) async fn resumed(connection: &mut Link, at: Timestamp, source: HaltSource, reason: &str) -> Result<()> {
    sqlx::query!(
        "WITH halt AS (
            UPDATE desk.halts SET cleared_at = $3, cleared_reason = $2 WHERE source = $1 AND cleared_at IS NULL
            RETURNING id
         )
         INSERT INTO desk.halt_events (halt, at, what, reason) SELECT id, $3, 'resumed', $2 FROM halt",
        source.name(),
        shape::text(reason),
        to_db(at),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// An arming began, or stands otherwise now.
pub(super) async fn armed(connection: &mut Link, arming: &Arming) -> Result<()> {
    let crashes: Vec<_> = arming.crashes.iter().map(|at| to_db(*at)).collect();
    sqlx::query!(
        "INSERT INTO desk.armings
            (since, until, requester, reason, configuration, release, boot, crashes, unproven)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (account, mode) WHERE ended_at IS NULL
         DO UPDATE SET crashes = excluded.crashes, unproven = excluded.unproven",
        to_db(arming.since),
        to_db(arming.until),
        shape::text(&arming.requester),
        shape::text(&arming.reason),
        arming.binding.configuration,
        arming.binding.release,
        arming.binding.boot,
        &crashes,
        arming.unproven,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The arming in force ended, if there was one.
pub(super) async fn disarmed(connection: &mut Link, at: Timestamp, reason: &str) -> Result<()> {
    sqlx::query!(
        "UPDATE desk.armings SET ended_at = $1, ended_reason = $2 WHERE ended_at IS NULL",
        to_db(at),
        shape::text(reason),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A code of the second factor was tried.
pub(super) async fn code_tried(connection: &mut Link, at: Timestamp, step: Option<i64>) -> Result<()> {
    sqlx::query!("INSERT INTO desk.code_attempts (at, step) VALUES ($1, $2)", to_db(at), step)
        .execute(connection)
        .await?;
    Ok(())
}

/// Switches and strategy from now on.
pub(super) async fn automation(connection: &mut Link, at: Timestamp, settings: &AutomationSettings) -> Result<()> {
    let settings = shape::json("the automation settings", settings)?;
    sqlx::query!("INSERT INTO desk.automation (at, settings) VALUES ($1, $2)", to_db(at), settings)
        .execute(connection)
        .await?;
    Ok(())
}

/// An order group; one of another identity takes the place of the last in its role and shard.
pub(super) async fn group(
    connection: &mut Link,
    at: Timestamp,
    role: GroupRole,
    exchange_index: ExchangeIndex,
    group: &OrderGroupId,
    tripped: bool,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO desk.order_groups (role, exchange_index, group_id, tripped, updated_at)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (account, mode, role, exchange_index, group_id)
         DO UPDATE SET tripped = excluded.tripped, updated_at = excluded.updated_at",
        role.name(),
        exchange_index.get(),
        group.as_str(),
        tripped,
        to_db(at),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The answer to a request; the first one stands.
pub(super) async fn decision(
    connection: &mut Link,
    at: Timestamp,
    decision: DecisionId,
    requester: &str,
    reply: &DeskReply,
) -> Result<()> {
    let reply = shape::json("a reply", reply)?;
    sqlx::query!(
        "INSERT INTO desk.decisions (decision, requester, at, reply) VALUES ($1, $2, $3, $4)
         ON CONFLICT (decision) DO NOTHING",
        decision.as_uuid(),
        shape::text(requester),
        to_db(at),
        reply,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Why something was refused: the rule, the caps it was held against, what it was decided on.
pub(super) struct Why<'a> {
    pub(super) refusal: &'a Refusal,
    pub(super) checks: &'a [CapCheck],
    pub(super) evidence: &'a str,
}

/// A refusal: counted while the reason stays the same for the market and side, stored when it changes.
pub(super) async fn refused(
    connection: &mut Link,
    at: Timestamp,
    ticker: &MarketTicker,
    side: Side,
    decision: DecisionId,
    why: Why<'_>,
) -> Result<()> {
    let Why { refusal, checks, evidence } = why;
    let counted = sqlx::query!(
        "UPDATE desk.refusals SET times = times + 1, last_at = $4
         WHERE code = $3
            AND id = (SELECT max(id) FROM desk.refusals WHERE ticker = $1 AND side = $2)",
        ticker.as_str(),
        side.name(),
        refusal.code.name(),
        to_db(at),
    )
    .execute(&mut *connection)
    .await?;
    if counted.rows_affected() > 0 {
        return Ok(());
    }
    let checks = shape::json("the caps' checks", &checks)?;
    sqlx::query!(
        "INSERT INTO desk.refusals (ticker, side, code, message, decision, evidence, first_at, last_at, checks)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8)",
        ticker.as_str(),
        side.name(),
        refusal.code.name(),
        shape::text(&refusal.message),
        decision.as_uuid(),
        shape::json_of_text(evidence),
        to_db(at),
        checks,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Somebody asked for something.
pub(super) async fn audit(connection: &mut Link, actor: &str, action: &str, detail: &str) -> Result<()> {
    sqlx::query!(
        "INSERT INTO ops.audit (actor, action, detail) VALUES ($1, $2, $3)",
        shape::text(actor),
        action,
        shape::json_of_text(detail),
    )
    .execute(connection)
    .await?;
    Ok(())
}
