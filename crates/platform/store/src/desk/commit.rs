//! The desk's transaction: all rows of a commit, or none.

use rec_domain::row::Commit;
use tracing::warn;

use super::{Desk, write};
use crate::{
    error::{Result, StoreError},
    link::{Link, Transaction},
    shape,
    time::to_db,
};

/// What became of a commit.
#[derive(Debug)]
pub enum CommitOutcome {
    /// It happened.
    Committed,
    /// It certainly did not happen: it failed before COMMIT was sent.
    Failed(StoreError),
    /// COMMIT was sent and no good answer came. [`Desk::was_committed`] finds out.
    Unknown(StoreError),
}

impl Desk {
    /// Writes a commit if the lease still has its epoch.
    ///
    /// Not to be dropped before it is done: run it in a task of its own.
    pub async fn commit(&self, commit: &Commit) -> CommitOutcome {
        #[cfg(any(test, feature = "testing"))]
        let fault = self.faults.take();
        #[cfg(any(test, feature = "testing"))]
        if let Some(super::fault::Fault::Failed) = fault {
            return CommitOutcome::Failed(super::fault::injected());
        }
        let transaction = match self.prepare(commit).await {
            Ok(transaction) => transaction,
            Err(error) => return CommitOutcome::Failed(error),
        };
        #[cfg(any(test, feature = "testing"))]
        if let Some(super::fault::Fault::UnknownNotCommitted) = fault {
            drop(transaction);
            return CommitOutcome::Unknown(super::fault::injected());
        }
        match transaction.commit().await {
            #[cfg(any(test, feature = "testing"))]
            Ok(()) if fault.is_some() => CommitOutcome::Unknown(super::fault::injected()),
            Ok(()) => CommitOutcome::Committed,
            Err(error) => CommitOutcome::Unknown(error.into()),
        }
    }

    /// Everything but COMMIT.
    async fn prepare(&self, commit: &Commit) -> Result<Transaction> {
        let mut transaction = self.database.pool.begin().await?;
        match write_all(&mut transaction, commit).await {
            Ok(()) => Ok(transaction),
            Err(error) => {
                if let Err(rollback) = transaction.rollback().await {
                    // The server forgets the transaction with the connection.
                    warn!(%rollback, "rollback failed");
                }
                Err(error)
            }
        }
    }

    /// Whether the commit numbered `number` of `epoch` happened: for one whose outcome is unknown.
    ///
    /// Locks the lease, which waits until the transaction in question has ended, one way or the other.
    ///
    /// # Errors
    /// When the database does not answer, or the transaction has not ended after some seconds: ask again.
    pub async fn was_committed(&self, epoch: u32, number: i64) -> Result<bool> {
        let mut transaction = self.database.pool.begin().await?;
        sqlx::query!("SELECT epoch FROM desk.lease FOR UPDATE").fetch_one(&mut *transaction).await?;
        // A statement of its own, since it must see what was committed while the first one waited.
        let found = sqlx::query_scalar!(
            r#"SELECT EXISTS (SELECT FROM desk.commits WHERE epoch = $1 AND number = $2) AS "found!""#,
            i64::from(epoch),
            number,
        )
        .fetch_one(&mut *transaction)
        .await?;
        transaction.rollback().await?;
        Ok(found)
    }
}

async fn write_all(connection: &mut Link, commit: &Commit) -> Result<()> {
    // FOR SHARE: nobody takes the lease before this transaction has ended.
    let held = sqlx::query_scalar!(
        "SELECT epoch FROM desk.lease WHERE epoch = $1 AND expires_at > clock_timestamp() FOR SHARE",
        i64::from(commit.epoch),
    )
    .fetch_optional(&mut *connection)
    .await?;
    if held.is_none() {
        return Err(StoreError::LeaseLost { epoch: commit.epoch });
    }
    let inputs: Vec<String> = commit.inputs.iter().map(|input| shape::text(input)).collect();
    sqlx::query!(
        "INSERT INTO desk.commits (epoch, number, at, inputs) VALUES ($1, $2, $3, $4)",
        i64::from(commit.epoch),
        commit.number,
        to_db(commit.at),
        &inputs,
    )
    .execute(&mut *connection)
    .await?;
    for row in &commit.rows {
        write::row(connection, commit.at, row).await?;
    }
    write::hints(connection, &commit.rows).await?;
    // Deferred rules are checked here and not by COMMIT, whose failure would leave the outcome open.
    sqlx::query!("SET CONSTRAINTS ALL IMMEDIATE").execute(connection).await?;
    Ok(())
}
