//! What can go wrong with the private cluster.

use std::path::{Path, PathBuf};

use thiserror::Error;

/// Why the private cluster cannot be used.
#[derive(Debug, Error)]
pub enum ClusterError {
    /// No Postgres is installed.
    #[error("no Postgres server programs (initdb, pg_ctl, postgres) were found; install them with: {install}")]
    NoBinaries {
        /// The command for this distribution.
        install: String,
    },
    /// A program of Postgres cannot be run.
    #[error("cannot run {program}: {source}")]
    Program {
        /// Which.
        program: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// A program of Postgres failed.
    #[error("{program} failed: {output}")]
    ProgramFailed {
        /// Which.
        program: PathBuf,
        /// Its last words.
        output: String,
    },
    /// Another process holds the cluster.
    #[error("the private Postgres in {state_dir} is in use by process {holder}; stop it or choose another --state-dir")]
    Held {
        /// Whose state.
        state_dir: PathBuf,
        /// The process that holds it, `unknown` when it does not say.
        holder: String,
    },
    /// The data was made by another major version.
    #[error(
        "the data in {data} was made by Postgres {found} and only version {installed} is installed; install Postgres \
         {found}, or move the folder away to start with an empty database"
    )]
    WrongVersion {
        /// The data folder.
        data: PathBuf,
        /// Its version.
        found: String,
        /// The versions of the programs that were found.
        installed: String,
    },
    /// Something that is no data folder stands in its place.
    #[error("{0} exists and is no Postgres data folder; move it away or choose another --state-dir")]
    NotData(PathBuf),
    /// The server's user cannot enter a folder.
    #[error("user {user}, as whom Postgres runs for root, cannot enter {folder}; allow it with: chmod o+x '{folder}'")]
    NotTraversable {
        /// The folder.
        folder: PathBuf,
        /// The user.
        user: String,
    },
    /// Root needs another user for the server, and there is none.
    #[error("Postgres does not run as root, and there is neither a user postgres nor a user nobody")]
    NoUser,
    /// No folder for the socket can be used.
    #[error(
        "no folder for the socket of Postgres can be used ({tried}); set XDG_RUNTIME_DIR to a short folder of your own"
    )]
    NoSocketFolder {
        /// What was tried, and why not.
        tried: String,
    },
    /// The server did not become ready.
    #[error("Postgres did not become ready within {seconds} s; its log ({log}) ends with:\n{tail}")]
    NotReady {
        /// How long it had.
        seconds: u64,
        /// The log.
        log: PathBuf,
        /// The log's last lines.
        tail: String,
    },
    /// The server ended while starting.
    #[error("Postgres ended while starting; its log ({log}) ends with:\n{tail}")]
    Ended {
        /// The log.
        log: PathBuf,
        /// The log's last lines.
        tail: String,
    },
    /// The server did not end.
    #[error("Postgres (process {pid}) does not end; look at it with: ps -fp {pid}")]
    WillNotStop {
        /// Its process id.
        pid: i32,
    },
    /// A server that was started again has another address, where nobody looks for it.
    #[error("Postgres listens in {to} and its desk looks for it in {from}; end the desk and start it again")]
    Moved {
        /// Folder of the socket that the desk knows.
        from: PathBuf,
        /// Folder of the socket now.
        to: PathBuf,
    },
    /// A file or folder cannot be used.
    #[error("cannot {action} {path}: {source}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// With what.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The server refused a statement or a connection.
    #[error("Postgres refused: {0}")]
    Sql(#[from] sqlx::Error),
    /// A background task of this process ended early.
    #[error("the preparation of Postgres was cut short: {0}")]
    Interrupted(String),
}

impl ClusterError {
    /// No programs were found on this machine.
    pub(crate) fn no_binaries() -> Self {
        Self::NoBinaries { install: super::install::install_command_here() }
    }

    pub(crate) fn from_join(error: tokio::task::JoinError) -> Self {
        Self::Interrupted(error.to_string())
    }
}

/// Names action and path of a failed file operation.
pub(crate) trait FileContext<T> {
    fn context(self, action: &'static str, path: &Path) -> Result<T, ClusterError>;
}

impl<T> FileContext<T> for std::io::Result<T> {
    fn context(self, action: &'static str, path: &Path) -> Result<T, ClusterError> {
        self.map_err(|source| ClusterError::Io { action, path: path.to_owned(), source })
    }
}

impl<T> FileContext<T> for rustix::io::Result<T> {
    fn context(self, action: &'static str, path: &Path) -> Result<T, ClusterError> {
        self.map_err(|source| ClusterError::Io { action, path: path.to_owned(), source: source.into() })
    }
}
