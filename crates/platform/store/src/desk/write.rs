//! Each kind of row to its table.

use rec_domain::{Timestamp, desk_view::Cursors, outbox::DeskEvent, row::Row};

use super::{control, fill, flow, intent, order, parked, posting, reconciliation, risk, settlement, trade};
use crate::{error::Result, hint::Hint, link::Link, shape, time::to_db};

/// Writes one row of a commit that was put together at `at`.
pub(super) async fn row(connection: &mut Link, at: Timestamp, row: &Row) -> Result<()> {
    match row {
        Row::Intent(intent) => intent::insert(connection, intent).await,
        Row::Order(order) => order::upsert(connection, at, order).await,
        Row::Fill(fill) => fill::insert(connection, fill).await,
        Row::ParkedFill(report) => parked::park_fill(connection, at, report).await,
        Row::UnparkedFill(report) => parked::unpark_fill(connection, at, report).await,
        Row::ParkedSettlement(report) => parked::park_settlement(connection, at, report).await,
        Row::UnparkedSettlement(report) => parked::unpark_settlement(connection, at, report).await,
        Row::Trade(trade) => trade::upsert(connection, at, trade).await,
        Row::Posting(posting) => posting::insert(connection, posting).await,
        Row::Flow(report) => flow::upsert(connection, at, report).await,
        Row::Settlement(settlement) => settlement::insert(connection, settlement).await,
        Row::Decision { decision, requester, reply } => {
            control::decision(connection, at, *decision, requester, reply).await
        }
        Row::Admitted { intent, decision, checks, evidence } => {
            risk::admitted(connection, at, *intent, *decision, checks, evidence).await
        }
        Row::Refused { ticker, side, decision, refusal, checks, evidence } => {
            let why = control::Why { refusal, checks, evidence };
            control::refused(connection, at, ticker, *side, *decision, why).await
        }
        Row::Audit { actor, action, detail } => control::audit(connection, actor, action, detail).await,
        Row::Halted(halt) => control::halted(connection, at, halt).await,
        Row::Resumed { source, reason } => control::resumed(connection, at, *source, reason).await,
        Row::Armed(arming) => control::armed(connection, arming).await,
        Row::Disarmed { reason } => control::disarmed(connection, at, reason).await,
        Row::CodeTried { step } => control::code_tried(connection, at, *step).await,
        Row::Automation(settings) => control::automation(connection, at, settings).await,
        Row::Tightened(tightening) => risk::tightened(connection, tightening).await,
        Row::EquityPeak(peak) => risk::equity_peak(connection, peak).await,
        Row::Group { role, exchange_index, group, tripped } => {
            control::group(connection, at, *role, *exchange_index, group, *tripped).await
        }
        Row::Reconciliation(reconciliation) => reconciliation::insert(connection, reconciliation).await,
        Row::Cursors(new) => cursors(connection, *new).await,
        Row::Event(event) => outbox(connection, at, event).await,
    }
}

/// Tells listeners what is new, when the transaction commits.
pub(super) async fn hints(connection: &mut Link, rows: &[Row]) -> Result<()> {
    let kinds = [
        (Hint::Outbox, rows.iter().any(|row| matches!(row, Row::Event(_)))),
        (Hint::Intents, rows.iter().any(|row| matches!(row, Row::Intent(_)))),
    ];
    for (hint, _) in kinds.into_iter().filter(|(_, new)| *new) {
        sqlx::query!("SELECT pg_notify($1, '')", hint.channel()).execute(&mut *connection).await?;
    }
    Ok(())
}

async fn cursors(connection: &mut Link, cursors: Cursors) -> Result<()> {
    sqlx::query!("UPDATE desk.cursors SET report = $1, answer = $2", cursors.report, cursors.answer)
        .execute(connection)
        .await?;
    Ok(())
}

async fn outbox(connection: &mut Link, at: Timestamp, event: &DeskEvent) -> Result<()> {
    let event = shape::json("an event", event)?;
    sqlx::query!("INSERT INTO ops.outbox (at, event) VALUES ($1, $2)", to_db(at), event).execute(connection).await?;
    Ok(())
}
