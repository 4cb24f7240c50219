//! The executor's answers. Their ids are a cursor for the same reason as those of the inbox: see [`crate::inbox`].

use rec_domain::{
    IntentId,
    answer::{Answer, Outcome},
};

use crate::{
    database::Database,
    error::Result,
    hint::Hint,
    shape,
    time::{from_db, to_db},
};

/// Key of the lock under which answers are appended.
const ANSWER_WRITER: i64 = 0x5245_4302;

/// The executor's answers. Written by trade-executor alone, read by trade-manager.
#[derive(Debug, Clone)]
pub struct Answers {
    database: Database,
}

impl Database {
    /// The executor's answers.
    #[must_use]
    pub fn answers(&self) -> Answers {
        Answers { database: self.clone() }
    }
}

const fn kind(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Acknowledged { .. } => "acknowledged",
        Outcome::AlreadyExists { .. } => "already_exists",
        Outcome::Canceled { .. } => "canceled",
        Outcome::NotFound => "not_found",
        Outcome::GroupCreated { .. } => "group_created",
        Outcome::Done => "done",
        Outcome::Rejected { .. } => "rejected",
        Outcome::NotSent { .. } => "not_sent",
        Outcome::Unknown { .. } => "unknown",
    }
}

impl Answers {
    /// Appends an answer; whether the lease still holds does not matter, since what was sent was sent. The same
    /// answer again is taken once. Gives `false` when there is no such intent, so that nothing could be answered.
    ///
    /// # Errors
    /// When the database does not answer. Give the same answer again.
    pub async fn append_answer(&self, answer: &Answer) -> Result<bool> {
        let outcome = shape::json("an answer", &answer.outcome)?;
        let mut transaction = self.database.pool.begin().await?;
        sqlx::query!("SELECT pg_advisory_xact_lock($1)", ANSWER_WRITER).execute(&mut *transaction).await?;
        let known = sqlx::query_scalar!(
            r#"WITH known AS (SELECT id FROM desk.intents WHERE id = $1),
             appended AS (
                INSERT INTO desk.answers (intent, at, kind, outcome) SELECT id, $2, $3, $4 FROM known
                ON CONFLICT (intent, at, kind) DO NOTHING
             )
             SELECT EXISTS (SELECT FROM known) AS "known!""#,
            answer.intent.as_uuid(),
            to_db(answer.at),
            kind(&answer.outcome),
            outcome,
        )
        .fetch_one(&mut *transaction)
        .await?;
        sqlx::query!("SELECT pg_notify($1, '')", Hint::Answers.channel()).execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(known)
    }

    /// Up to `limit` answers after the one numbered `id`, in order.
    ///
    /// # Errors
    /// When the database does not answer, or an answer cannot be read.
    pub async fn answers_after(&self, id: i64, limit: u32) -> Result<Vec<(i64, Answer)>> {
        let rows = sqlx::query!(
            "SELECT id, intent, at, outcome FROM desk.answers WHERE id > $1 ORDER BY id LIMIT $2",
            id,
            i64::from(limit),
        )
        .fetch_all(&self.database.pool)
        .await?;
        rows.into_iter()
            .map(|row| {
                let outcome = shape::from_json("an answer", row.outcome)?;
                Ok((row.id, Answer { intent: IntentId::from_uuid(row.intent), at: from_db(row.at), outcome }))
            })
            .collect()
    }
}
