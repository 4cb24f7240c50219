//! Intents.

use chrono::{DateTime, Utc};
use rec_domain::{DecisionId, IntentId, Money, TradeId, intent::Intent};
use sqlx::types::Uuid;

use crate::{
    error::Result,
    link::Link,
    shape,
    time::{from_db, opt_from_db, opt_to_db, to_db},
};

/// An intent's columns.
pub(crate) struct IntentRow {
    pub(crate) id: Uuid,
    pub(crate) epoch: i64,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) action: serde_json::Value,
    pub(crate) effect: String,
    pub(crate) trade_id: Option<i64>,
    pub(crate) decision: Uuid,
    pub(crate) reason: String,
    pub(crate) worst_case_micros: i64,
    pub(crate) send_by: Option<DateTime<Utc>>,
}

impl IntentRow {
    pub(crate) fn into_domain(self) -> Result<Intent> {
        Ok(Intent {
            id: IntentId::from_uuid(self.id),
            epoch: shape::count("an intent's epoch", self.epoch)?,
            created_at: from_db(self.created_at),
            action: shape::from_json("an intent's action", self.action)?,
            effect: shape::word("an intent's effect", &self.effect)?,
            trade: self.trade_id.map(TradeId::new),
            decision: DecisionId::from_uuid(self.decision),
            reason: self.reason,
            worst_case: Money::from_micros(self.worst_case_micros),
            send_by: opt_from_db(self.send_by),
        })
    }
}

/// Intents that a condition holds for. The columns stand once.
macro_rules! select_intents {
    ($rest:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            $crate::desk::intent::IntentRow,
            "SELECT intents.id, intents.epoch, intents.created_at, intents.action, intents.effect, intents.trade_id,
                intents.decision, intents.reason, intents.worst_case_micros, intents.send_by
             FROM desk.intents " + $rest
            $(, $argument)*
        )
    };
}
pub(crate) use select_intents;

/// A new intent.
pub(super) async fn insert(connection: &mut Link, intent: &Intent) -> Result<()> {
    let action = shape::json("an intent's action", &intent.action)?;
    sqlx::query!(
        "INSERT INTO desk.intents
            (id, epoch, created_at, kind, action, effect, trade_id, decision, reason, worst_case_micros, send_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        intent.id.as_uuid(),
        i64::from(intent.epoch),
        to_db(intent.created_at),
        shape::action_kind(&intent.action),
        action,
        shape::effect(intent.effect),
        intent.trade.map(TradeId::get),
        intent.decision.as_uuid(),
        shape::text(&intent.reason),
        intent.worst_case.micros(),
        opt_to_db(intent.send_by),
    )
    .execute(connection)
    .await?;
    Ok(())
}
