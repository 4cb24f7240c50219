//! Making a database empty again, for desks against the twin.

use rec_domain::{Mode, TimeSpan};

use crate::{
    database::Database,
    error::{Incompatible, Result, StoreError},
    lease::Lease,
    schema::migrations,
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
        if !self.has_schema().await? {
            return Ok(None);
        }
        Ok(self.stored_identity().await?.map(|identity| identity.mode))
    }

    /// Whether a single migration of this or another version was applied.
    async fn has_schema(&self) -> Result<bool> {
        let all = migrations().iter().count();
        match self.check_schema().await {
            Err(StoreError::Incompatible(Incompatible::NotMigrated { missing, .. })) => Ok(missing < all),
            Ok(()) | Err(StoreError::Incompatible(_)) => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// Drops all that the desk has in the database, as the owner, and migrates it anew. The database itself stays, so
    /// that the owner need not be allowed to make databases.
    ///
    /// # Errors
    /// [`StoreError::LeaseHeld`] while a desk leads on it; else when the server refuses.
    pub async fn wipe(&self) -> Result<()> {
        if self.has_schema().await? {
            // Whoever leads would find its tables gone. A lease of another version's form hinders nobody.
            let lease = Lease::acquire(self, "rec db reset", TimeSpan::from_seconds(10)).await;
            if let Err(held @ (StoreError::LeaseHeld { .. } | StoreError::Unavailable(_))) = lease {
                return Err(held);
            }
        }
        sqlx::raw_sql(DROP_ALL).execute(&self.pool).await?;
        self.migrate().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{connection::Role, testing::TestDatabase};

    #[tokio::test]
    async fn what_was_there_is_gone_and_the_schema_is_whole() {
        let Some(test) = TestDatabase::new(migrations()).await else { return };
        let database = Database::open_with(test.options(), Role::Owner, 2).await.expect("open");
        database.identity(Mode::Twin, "primary").await.expect("marked");
        assert_eq!(database.marked_mode().await.expect("readable"), Some(Mode::Twin));
        database.wipe().await.expect("nobody leads");
        assert_eq!(database.marked_mode().await.expect("readable"), None);
        database.check_schema().await.expect("whole");
        database.close().await;
    }

    #[tokio::test]
    async fn an_empty_database_has_no_mode_and_can_be_made() {
        let Some(test) = TestDatabase::empty().await else { return };
        let database = Database::open_with(test.options(), Role::Owner, 2).await.expect("open");
        assert_eq!(database.marked_mode().await.expect("readable"), None);
        database.wipe().await.expect("made");
        database.check_schema().await.expect("whole");
        database.close().await;
    }

    #[tokio::test]
    async fn a_desk_that_leads_is_not_robbed_of_its_books() {
        let Some(test) = TestDatabase::new(migrations()).await else { return };
        let database = Database::open_with(test.options(), Role::Owner, 2).await.expect("open");
        database.identity(Mode::Twin, "primary").await.expect("marked");
        let _lease = Lease::acquire(&database, "desk", TimeSpan::from_seconds(600)).await.expect("free");
        let held = database.wipe().await.expect_err("a desk leads");
        assert!(matches!(held, StoreError::LeaseHeld { .. }), "{held}");
        assert_eq!(database.marked_mode().await.expect("readable"), Some(Mode::Twin));
        database.close().await;
    }
}
