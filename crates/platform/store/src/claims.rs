//! The claim: the executor's right to send an intent, taken once, before a byte leaves.
//!
//! The rule is `may_claim` of the engine as one statement, so that nothing can change between the checks.

use rec_domain::{
    IntentId, Timestamp,
    answer::{Claim, ClaimRefusal},
    intent::Intent,
};

use crate::{
    database::Database,
    desk::intent::select_intents,
    error::{Result, StoreError},
    time::{from_db, to_db},
};

/// How often a claim is tried again whose reason to be refused was gone when it was looked for.
const ATTEMPTS: u32 = 3;

/// Intents and claims, as trade-executor.
#[derive(Debug, Clone)]
pub struct Claims {
    database: Database,
}

impl Database {
    /// Intents and claims.
    #[must_use]
    pub fn claims(&self) -> Claims {
        Claims { database: self.clone() }
    }
}

impl Claims {
    /// Claims an intent, so that it may be sent once with the signature time `signed_at`, or says by which rule it
    /// may not. The rules hold at `now`, which is never before that.
    ///
    /// The claim is committed when this returns `Ok(Ok(_))`. After an error it may be too: such an intent is not
    /// sent, and [`Claims::claims_without_answer`] shows it if it was claimed.
    ///
    /// # Errors
    /// When the database does not answer, or the intent cannot be read.
    pub async fn claim(
        &self,
        intent: IntentId,
        signed_at: Timestamp,
        now: Timestamp,
    ) -> Result<std::result::Result<Intent, ClaimRefusal>> {
        for _ in 0..ATTEMPTS {
            if self.insert(intent, signed_at, now).await? {
                return self.intent(intent).await?.map(Ok).ok_or_else(|| StoreError::unreadable("an intent", intent));
            }
            if let Some(refusal) = self.refusal(intent, now).await? {
                return Ok(Err(refusal));
            }
        }
        Err(StoreError::Unavailable(sqlx::Error::Io(std::io::Error::other(
            "a claim was refused several times by rules that did not hold any more when they were looked for",
        ))))
    }

    /// One statement, and one transaction.
    async fn insert(&self, intent: IntentId, signed_at: Timestamp, now: Timestamp) -> Result<bool> {
        // FOR SHARE: who takes the lease, halts or disarms waits for this claim, and this claim for him; when he was
        // first, the row as he left it is looked at again. What reduces exposure waits for no halt.
        let inserted = sqlx::query!(
            "INSERT INTO desk.claims (intent, signed_at)
             SELECT intents.id, $2
             FROM desk.intents
             JOIN desk.lease ON lease.epoch = intents.epoch AND lease.expires_at > clock_timestamp()
             JOIN desk.identity ON true
             WHERE intents.id = $1
                AND (intents.send_by IS NULL OR intents.send_by >= $3)
                AND (
                    intents.effect <> 'increases'
                    OR EXISTS (
                        SELECT FROM desk.gate
                        WHERE NOT gate.halted
                            AND (identity.mode NOT IN ('demo', 'prod') OR gate.armed_until > $3)
                        FOR SHARE
                    )
                )
             FOR SHARE OF lease
             ON CONFLICT (intent) DO NOTHING",
            intent.as_uuid(),
            to_db(signed_at),
            to_db(now),
        )
        .execute(&self.database.pool)
        .await?;
        Ok(inserted.rows_affected() == 1)
    }

    /// The first rule that forbids the claim, in the engine's order.
    async fn refusal(&self, intent: IntentId, now: Timestamp) -> Result<Option<ClaimRefusal>> {
        let facts = sqlx::query!(
            r#"SELECT
                EXISTS (SELECT FROM desk.claims WHERE claims.intent = intents.id) AS "claimed!",
                (lease.epoch = intents.epoch AND coalesce(lease.expires_at > clock_timestamp(), false))
                    AS "epoch_holds!",
                coalesce(intents.send_by < $2, false) AS "too_late!",
                intents.effect = 'increases' AS "increases!",
                gate.halted AS "halted!",
                identity.mode IN ('demo', 'prod') AS "needs_arming!",
                coalesce(gate.armed_until > $2, false) AS "armed!"
             FROM desk.intents
             JOIN desk.lease ON true
             JOIN desk.identity ON true
             JOIN desk.gate ON true
             WHERE intents.id = $1"#,
            intent.as_uuid(),
            to_db(now),
        )
        .fetch_optional(&self.database.pool)
        .await?;
        let Some(facts) = facts else {
            return Ok(Some(ClaimRefusal::Missing));
        };
        let refusals = [
            (facts.claimed, ClaimRefusal::AlreadyClaimed),
            (!facts.epoch_holds, ClaimRefusal::StaleEpoch),
            (facts.too_late, ClaimRefusal::TooLate),
            (facts.increases && facts.halted, ClaimRefusal::Halted),
            (facts.increases && facts.needs_arming && !facts.armed, ClaimRefusal::Disarmed),
        ];
        Ok(refusals.into_iter().find_map(|(holds, refusal)| holds.then_some(refusal)))
    }

    /// A committed intent; `None` when there is none.
    ///
    /// # Errors
    /// When the database does not answer, or the intent cannot be read.
    pub async fn intent(&self, intent: IntentId) -> Result<Option<Intent>> {
        let row =
            select_intents!("WHERE intents.id = $1", intent.as_uuid()).fetch_optional(&self.database.pool).await?;
        row.map(|row| row.into_domain()).transpose()
    }

    /// Up to `limit` committed intents that were neither claimed nor answered, oldest first: those whose dispatch was
    /// lost.
    ///
    /// # Errors
    /// When the database does not answer, or an intent cannot be read.
    pub async fn unanswered_intents(&self, limit: u32) -> Result<Vec<Intent>> {
        let rows = select_intents!(
            "WHERE intents.kind <> 'adopt'
                AND NOT EXISTS (SELECT FROM desk.claims WHERE claims.intent = intents.id)
                AND NOT EXISTS (SELECT FROM desk.answers WHERE answers.intent = intents.id)
             ORDER BY intents.created_at, intents.id LIMIT $1",
            i64::from(limit)
        );
        rows.fetch_all(&self.database.pool).await?.into_iter().map(|row| row.into_domain()).collect()
    }

    /// Claims whose outcome was never written: after a crash of the executor these may or may not have been sent.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn claims_without_answer(&self) -> Result<Vec<Claim>> {
        let rows = sqlx::query!(
            "SELECT intent, signed_at FROM desk.claims
             WHERE NOT EXISTS (SELECT FROM desk.answers WHERE answers.intent = claims.intent)
             ORDER BY claimed_at, intent"
        )
        .fetch_all(&self.database.pool)
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| Claim { intent: IntentId::from_uuid(row.intent), signed_at: from_db(row.signed_at) })
            .collect())
    }
}
