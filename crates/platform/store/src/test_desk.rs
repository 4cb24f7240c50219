//! A test's database with the desk's schema.

use rec_domain::{DeskId, Mode};

use crate::{connection::Role, database::Database, schema::migrations, testing::TestDatabase};

/// The account that databases of tests belong to.
pub const TEST_ACCOUNT: &str = "test-account";

impl TestDatabase {
    /// A new database with every migration of this program; otherwise as [`TestDatabase::new`].
    ///
    /// # Panics
    /// As [`TestDatabase::new`].
    pub async fn migrated() -> Option<Self> {
        Self::new(migrations()).await
    }

    /// The same, marked with `mode` and [`TEST_ACCOUNT`].
    ///
    /// # Panics
    /// As [`TestDatabase::new`].
    pub async fn of_mode(mode: Mode) -> Option<(Self, DeskId)> {
        let test = Self::migrated().await?;
        let owner = test.open(Role::Owner).await;
        match owner.identity(mode, TEST_ACCOUNT).await {
            Ok(desk) => Some((test, desk)),
            Err(error) => panic!("cannot mark the test database: {error}"),
        }
    }

    /// A pool of a few connections as `role`.
    ///
    /// # Panics
    /// When the server cannot be reached or does not know the role.
    pub async fn open(&self, role: Role) -> Database {
        match Database::open_with(self.options(), role, 4).await {
            Ok(database) => database,
            Err(error) => panic!("cannot open the test database as {role:?}: {error}"),
        }
    }
}
