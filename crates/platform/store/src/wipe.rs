//! Making a database empty again, for desks against the twin.

use rec_domain::{Mode, TimeSpan};

use crate::{
    database::{Database, migrations},
    error::{Incompatible, Result, StoreError},
    lease::Lease,
};

/// Everything that the migrations make, but the roles: those belong to the whole server. Tables of others stay.
const DROP_ALL: &str = "BEGIN;
    DROP SCHEMA IF EXISTS market, desk, model, ops CASCADE;
    DROP TABLE IF EXISTS _sqlx_migrations;
    COMMIT";

impl Database {
    /// The mode that the database is marked with; `None` when it is new or nobody marked it.
    ///
    /// # Errors
    /// When the database does not answer or its mark cannot be read.
    pub async fn marked_mode(&self) -> Result<Option<Mode>> {
        let all = migrations().iter().count();
        match self.check_schema().await {
            Err(StoreError::Incompatible(Incompatible::NotMigrated { missing, .. })) if missing == all => Ok(None),
            Ok(()) | Err(StoreError::Incompatible(_)) => {
                Ok(self.stored_identity().await?.map(|identity| identity.mode))
            }
            Err(error) => Err(error),
        }
    }

    /// Drops all that the desk has in the database, as the owner, and migrates it anew. The database itself stays, so
    /// that the owner need not be allowed to make databases.
    ///
    /// # Errors
    /// [`StoreError::LeaseHeld`] while a desk leads on it; else when the server refuses.
    pub async fn wipe(&self) -> Result<()> {
        let migrated = self.check_schema().await;
        if migrated.is_ok() {
            // Whoever leads would find its tables gone; taking the lease proves that nobody does.
            Lease::acquire(self, "rec db reset", TimeSpan::from_seconds(10)).await?;
        }
        sqlx::raw_sql(DROP_ALL).execute(&self.pool).await?;
        self.migrate().await
    }
}
