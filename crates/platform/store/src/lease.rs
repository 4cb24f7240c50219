//! The lease: whoever holds it leads the desk. Each acquisition raises the epoch, and every transaction of the desk
//! demands its own epoch, so that a leader that was cut off cannot write after another one has begun.
//!
//! Time is the server's: desks on several machines have no common clock.

use rec_domain::TimeSpan;

use crate::{
    database::Database,
    error::{Result, StoreError},
    shape::count,
    time::interval,
};

/// The lease as held by this process.
#[derive(Debug, Clone)]
pub struct Lease {
    database: Database,
    holder: String,
    epoch: u32,
    abandoned: bool,
}

impl Lease {
    /// Takes the lease for `ttl` when it is free, has run out, or belongs to the same holder.
    ///
    /// Waits for transactions of the old epoch that are being committed, claims included: what is read afterwards
    /// holds all that the old leader ever wrote.
    ///
    /// # Errors
    /// [`StoreError::LeaseHeld`] while somebody else holds it.
    pub async fn acquire(database: &Database, holder: &str, ttl: TimeSpan) -> Result<Self> {
        Self::take(database, holder, ttl, false).await
    }

    /// The same from a desk that lives: it finds its lease lost at its next renewal, and every commit and claim of its
    /// epoch is refused from now on.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn take_over(database: &Database, holder: &str, ttl: TimeSpan) -> Result<Self> {
        Self::take(database, holder, ttl, true).await
    }

    async fn take(database: &Database, holder: &str, ttl: TimeSpan, from_the_living: bool) -> Result<Self> {
        let taken = sqlx::query!(
            r#"WITH before AS (SELECT holder FROM desk.lease FOR UPDATE)
             UPDATE desk.lease
             SET epoch = epoch + 1, holder = $1, acquired_at = clock_timestamp(), expires_at = clock_timestamp() + $2
             FROM before
             WHERE lease.holder IS NULL OR lease.holder = $1 OR lease.expires_at <= clock_timestamp() OR $3
             RETURNING lease.epoch, before.holder IS NOT NULL AS "abandoned!""#,
            holder,
            interval(ttl),
            from_the_living,
        )
        .fetch_optional(&database.pool)
        .await?;
        if let Some(row) = taken {
            let epoch = count("the lease's epoch", row.epoch)?;
            let (database, holder) = (database.clone(), holder.to_owned());
            return Ok(Self { database, holder, epoch, abandoned: row.abandoned });
        }
        let row = sqlx::query!(
            r#"SELECT coalesce(holder, '') AS "holder!",
                coalesce(ceil(extract(epoch FROM expires_at - clock_timestamp()) * 1000), 0)::bigint AS "remaining_ms!"
             FROM desk.lease"#
        )
        .fetch_one(&database.pool)
        .await?;
        Err(StoreError::LeaseHeld { holder: row.holder, remaining_ms: row.remaining_ms.max(0) })
    }

    /// The epoch that began with this acquisition.
    #[must_use]
    pub const fn epoch(&self) -> u32 {
        self.epoch
    }

    /// Whether whoever held it before did not give it up: it crashed, or was cut off, or lives and was taken over.
    #[must_use]
    pub const fn was_abandoned(&self) -> bool {
        self.abandoned
    }

    /// Holds it for another `ttl` from now.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] when it ran out or another process took it.
    pub async fn renew(&self, ttl: TimeSpan) -> Result<()> {
        let renewed = sqlx::query!(
            "UPDATE desk.lease SET expires_at = clock_timestamp() + $3
             WHERE epoch = $1 AND holder = $2 AND expires_at > clock_timestamp()",
            i64::from(self.epoch),
            self.holder,
            interval(ttl),
        )
        .execute(&self.database.pool)
        .await?;
        if renewed.rows_affected() == 1 { Ok(()) } else { Err(StoreError::LeaseLost { epoch: self.epoch }) }
    }

    /// Gives it up, so that the next holder need not wait. Does nothing when it is lost already.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn release(self) -> Result<()> {
        sqlx::query!(
            "UPDATE desk.lease SET holder = NULL, expires_at = NULL WHERE epoch = $1 AND holder = $2",
            i64::from(self.epoch),
            self.holder,
        )
        .execute(&self.database.pool)
        .await?;
        Ok(())
    }
}
