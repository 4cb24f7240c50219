//! Whose the database is: one desk, one account, one mode, for ever.

pub use rec_domain::desk_snapshot::Identity;
use rec_domain::{DeskId, Mode};

use crate::{
    database::Database,
    error::{Incompatible, Result, StoreError},
};

impl Database {
    /// Marks a new database with `mode` and `account`, or checks that it belongs to them.
    ///
    /// # Errors
    /// [`Incompatible`] when it belongs to another mode or account.
    pub async fn identity(&self, mode: Mode, account: &str) -> Result<DeskId> {
        sqlx::query!(
            "INSERT INTO desk.identity (desk_id, account, mode)
             VALUES (('x' || left(gen_random_uuid()::text, 7))::bit(28)::integer, $1, $2)
             ON CONFLICT (singleton) DO NOTHING",
            account,
            mode.name(),
        )
        .execute(&self.pool)
        .await?;
        self.check_identity(mode, account).await
    }

    /// The same without marking: for services that may not.
    ///
    /// # Errors
    /// [`Incompatible`] when it belongs to another mode or account, or to nobody yet.
    pub async fn check_identity(&self, mode: Mode, account: &str) -> Result<DeskId> {
        let found = self.stored_identity().await?.ok_or(Incompatible::NoIdentity)?;
        if found.mode != mode {
            return Err(Incompatible::OtherMode { ours: mode, theirs: found.mode }.into());
        }
        if found.account != account {
            return Err(Incompatible::OtherAccount { ours: account.to_owned(), theirs: found.account }.into());
        }
        Ok(found.desk)
    }

    /// Whose the database is; `None` while nobody said.
    ///
    /// # Errors
    /// When the database does not answer or its mark cannot be read.
    pub async fn stored_identity(&self) -> Result<Option<Identity>> {
        let row = sqlx::query!("SELECT desk_id, account, mode FROM desk.identity").fetch_optional(&self.pool).await?;
        row.map(|row| {
            let mode = row.mode.parse().map_err(|error| StoreError::unreadable("the mode", error))?;
            Ok(Identity { desk: DeskId::from_bits(row.desk_id.unsigned_abs()), mode, account: row.account })
        })
        .transpose()
    }
}
