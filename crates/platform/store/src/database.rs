//! A pool of connections to the desk's database, as one service or as the owner.

use sqlx::postgres::PgConnectOptions;

use crate::{
    connection::{Connection, Role},
    error::{Incompatible, Result, StoreError},
    link::Pool,
    schema::migrations,
};

/// A pool of connections. Clones share it.
#[derive(Clone)]
pub struct Database {
    pub(crate) pool: Pool,
    pub(crate) options: PgConnectOptions,
    role: Role,
}

// By hand, since the options print the password.
impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database").field("name", &self.name()).field("role", &self.role).finish_non_exhaustive()
    }
}

impl Database {
    /// Connects once and keeps up to `max_connections`.
    ///
    /// # Errors
    /// When the server cannot be reached, refuses the user, or does not know the role yet.
    pub async fn open(connection: &Connection, role: Role, max_connections: u32) -> Result<Self> {
        Self::open_with(connection.options(), role, max_connections).await
    }

    /// The same with options as the private cluster and the databases of tests give them.
    ///
    /// # Errors
    /// As [`Database::open`].
    pub async fn open_with(options: PgConnectOptions, role: Role, max_connections: u32) -> Result<Self> {
        let options = role.apply(options);
        let opened = Pool::connect(options.clone(), max_connections, role.deadline()).await;
        let pool = opened.map_err(|error| explain_role(error, &options, role))?;
        Ok(Self { pool, options, role })
    }

    /// The same without connecting yet: each use connects, and fails while the server cannot be reached.
    #[must_use]
    pub fn open_lazily(options: PgConnectOptions, role: Role, max_connections: u32) -> Self {
        let options = role.apply(options);
        let pool = Pool::connect_lazily(options.clone(), max_connections, role.deadline());
        Self { pool, options, role }
    }

    /// Name of the database.
    #[must_use]
    pub fn name(&self) -> &str {
        self.options.get_database().unwrap_or_default()
    }

    /// As whom it works.
    #[must_use]
    pub const fn role(&self) -> Role {
        self.role
    }

    /// Whether the server answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<()> {
        sqlx::query_scalar!("SELECT 1").fetch_one(&self.pool).await?;
        Ok(())
    }

    /// Closes every connection.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// A role that does not exist means that the schema does not exist either.
fn explain_role(error: sqlx::Error, options: &PgConnectOptions, role: Role) -> StoreError {
    let unknown_role = error
        .as_database_error()
        .is_some_and(|database| database.code().as_deref() == Some("22023") && role != Role::Owner);
    if unknown_role {
        let database = options.get_database().unwrap_or_default().to_owned();
        return Incompatible::NotMigrated { database, missing: migrations().iter().count() }.into();
    }
    error.into()
}
