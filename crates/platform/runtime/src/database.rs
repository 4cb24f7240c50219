//! How a service comes to its database.

use std::{fmt, sync::Arc};

use anyhow::Context as _;
use rec_config::DatabaseConfig;
use rec_domain::DeskId;
use rec_store::{Connection, Database, Password, Role, SslMode, cluster::Address};

use crate::{BoxFuture, ServiceContext};

/// The account's name in the books while a desk has one account.
pub const ACCOUNT: &str = "primary";

type Open = dyn Fn(Role, u32) -> BoxFuture<rec_store::Result<Database>> + Send + Sync;

/// How the database is reached by the services of a process. Cheap to clone; prints no password.
#[derive(Clone)]
pub struct DatabaseAccess(Option<Arc<Open>>);

/// Where the configured database is.
///
/// # Errors
/// When no host is configured or the password's file cannot be read.
pub fn connection(config: &DatabaseConfig) -> anyhow::Result<Connection> {
    let host = config.host.clone().context(
        "no database is configured: set database.host (REC_DB_HOST) to a host name or to the folder of a unix socket; \
         `rec up` runs the whole desk with a private database instead",
    )?;
    let password = config
        .read_password()
        .context("the database's password cannot be read: set database.password_file (REC_DB_PASS_FILE)")?;
    Ok(Connection {
        host,
        port: config.port,
        database: config.name.clone(),
        user: config.user.clone(),
        password: password.map(|secret| Password::new(secret.expose())),
        ssl_mode: match config.sslmode {
            rec_config::SslMode::Disable => SslMode::Disable,
            rec_config::SslMode::Prefer => SslMode::Prefer,
            rec_config::SslMode::Require => SslMode::Require,
            rec_config::SslMode::VerifyCa => SslMode::VerifyCa,
            rec_config::SslMode::VerifyFull => SslMode::VerifyFull,
        },
    })
}

impl DatabaseAccess {
    /// For services that need none; opening fails.
    #[must_use]
    pub const fn none() -> Self {
        Self(None)
    }

    /// The database that the configuration names.
    ///
    /// # Errors
    /// As [`connection`].
    pub fn of_config(config: &DatabaseConfig) -> anyhow::Result<Self> {
        let connection = connection(config)?;
        Ok(Self::with(move |role, connections| {
            let connection = connection.clone();
            Box::pin(async move { Database::open(&connection, role, connections).await })
        }))
    }

    /// A database of a private cluster.
    #[must_use]
    pub fn of_cluster(address: &Address, database: &str) -> Self {
        let options = address.connect_options(database);
        Self::with(move |role, connections| Box::pin(Database::open_with(options.clone(), role, connections)))
    }

    /// Whatever `open` opens, as the databases of tests.
    #[must_use]
    pub fn with(open: impl Fn(Role, u32) -> BoxFuture<rec_store::Result<Database>> + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(open)))
    }

    /// Connects in a role with up to `connections` connections.
    ///
    /// # Errors
    /// When there is none, or it cannot be reached.
    pub async fn open_as(&self, role: Role, connections: u32) -> anyhow::Result<Database> {
        let open = self.0.as_ref().context("this process was started without a database")?;
        Ok(open(role, connections).await?)
    }
}

impl fmt::Debug for DatabaseAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DatabaseAccess").field(&self.0.is_some()).finish()
    }
}

impl ServiceContext {
    /// A pool of up to `connections`, with the grants of this service and nothing more.
    ///
    /// # Errors
    /// When the database cannot be reached, has another schema, or belongs to another mode.
    pub async fn open_database(&self, connections: u32) -> anyhow::Result<Database> {
        let database = self.database.open_as(Role::Service(self.service), connections).await?;
        database.check_schema().await?;
        database.check_identity(self.config.mode, ACCOUNT).await?;
        Ok(database)
    }

    /// The desk that the database belongs to.
    ///
    /// # Errors
    /// When the database does not answer or belongs to another mode.
    pub async fn desk_id(&self, database: &Database) -> anyhow::Result<DeskId> {
        Ok(database.check_identity(self.config.mode, ACCOUNT).await?)
    }
}
