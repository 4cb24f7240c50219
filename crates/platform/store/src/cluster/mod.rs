//! The private Postgres of a laptop or a test: its own data folder, reached over a unix socket only.
//!
//! A desk that is killed must not take its database with it, since that would end transactions which the desk
//! after it has to find. So the server runs in a session of its own, outlives its desk, and the next desk adopts
//! it: an advisory file lock says which desk holds the cluster, the server's own pid file says which server runs.
//! Two desks cannot hold one cluster, and no second server is ever started on the same data.
//!
//! Postgres refuses to run as root. For root the data belongs to an unprivileged user (`postgres`, or else
//! `nobody`) and the server runs as that user.

mod address;
mod binaries;
mod error;
mod install;
mod lock;
mod options;
mod owner;
mod pidfile;
mod server;
mod socket;

#[cfg(test)]
mod tests;

use sqlx::postgres::PgConnectOptions;

pub use address::Address;
pub use binaries::{Binaries, SearchPlaces};
pub use error::ClusterError;
pub use install::install_command;
#[cfg(any(test, feature = "testing"))]
pub(crate) use lock::take_lock;
pub use options::{ClusterOptions, Durability};
#[cfg(any(test, feature = "testing"))]
pub(crate) use pidfile::is_alive;
pub(crate) use server::Server;

/// A running private cluster that this process holds. Dropping it gives up the lock and leaves the server
/// running, as an unclean end would; [`Cluster::stop`] ends the server.
#[derive(Debug)]
pub struct Cluster {
    server: Server,
    lock: lock::ClusterLock,
}

impl Cluster {
    /// Takes the cluster in `options.state_dir`: adopts a server that outlived its desk, or starts one, after making
    /// the data folder where there is none.
    ///
    /// # Errors
    /// When another process holds the cluster, no Postgres is installed, the data belongs to another major version,
    /// a folder cannot be used, or the server does not become ready in time; the server's last words are in the error.
    pub async fn start(options: ClusterOptions) -> Result<Self, ClusterError> {
        let prepared = tokio::task::spawn_blocking(move || {
            let places = options::Places::prepare(&options)?;
            let lock = lock::ClusterLock::take(&places.lock_file)?;
            Ok::<_, ClusterError>((Server::launch(&options, &places)?, lock))
        });
        let (server, lock) = prepared.await.map_err(ClusterError::from_join)??;
        let server = server.ready().await?;
        Ok(Self { server, lock })
    }

    /// Whether the server's process lives and its socket is there. It does not say whether the server answers.
    #[must_use]
    pub fn is_serving(&self) -> bool {
        self.server.is_serving()
    }

    /// Starts a server that has ended again, at the same address, and waits until it answers; one that serves the data
    /// already is adopted, so that there are never two. The lock was held all the time.
    ///
    /// # Errors
    /// As [`Cluster::start`]; the cluster stays as it was, and this may be tried again.
    pub async fn start_again(&mut self) -> Result<(), ClusterError> {
        self.server = self.server.start_again().await?;
        Ok(())
    }

    /// How the cluster is reached.
    #[must_use]
    pub const fn address(&self) -> &Address {
        self.server.address()
    }

    /// How to connect to a database of the cluster, as its superuser.
    #[must_use]
    pub fn connect_options(&self, database: &str) -> PgConnectOptions {
        self.server.address().connect_options(database)
    }

    /// The address of a database for `psql` and other tools.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        self.server.address().url(database)
    }

    /// Makes a database unless it exists. Returns whether it was made.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn ensure_database(&self, database: &str) -> Result<bool, ClusterError> {
        self.server.ensure_database(database).await
    }

    /// Drops a database and the connections to it, if it exists.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn drop_database(&self, database: &str) -> Result<(), ClusterError> {
        self.server.drop_database(database).await
    }

    /// Process id of the server.
    #[must_use]
    pub const fn pid(&self) -> i32 {
        self.server.pid()
    }

    /// Whether the server had outlived its desk and was adopted.
    #[must_use]
    pub const fn was_adopted(&self) -> bool {
        self.server.was_adopted()
    }

    /// Whether the data folder was made by this start.
    #[must_use]
    pub const fn is_new(&self) -> bool {
        self.server.is_new()
    }

    /// Major version of the server's programs.
    #[must_use]
    pub const fn major_version(&self) -> u32 {
        self.server.major_version()
    }

    /// Keeps the server's log bounded: shortens it to its newest part when it has grown past 8 MB. Starting does
    /// the same; a desk that runs for days calls it once an hour.
    ///
    /// # Errors
    /// When the log cannot be read or written.
    pub fn bound_log(&self) -> std::io::Result<()> {
        self.server.bound_log()
    }

    /// Ends the server: sessions are disconnected, data is written; where that takes more than ten seconds the
    /// server is ended at once and recovers at its next start. Gives up the lock.
    ///
    /// # Errors
    /// When the server does not end.
    pub async fn stop(self) -> Result<(), ClusterError> {
        let stopped = self.server.stop().await;
        drop(self.lock);
        stopped
    }
}
