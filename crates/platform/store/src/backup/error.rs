//! What can go wrong with a dump, each with what to do about it.

use std::path::{Path, PathBuf};

use rec_domain::Mode;
use thiserror::Error;

use crate::{cluster::ClusterError, error::StoreError};

/// Why a dump cannot be made, restored or proven.
#[derive(Debug, Error)]
pub enum BackupError {
    /// The file is no dump that can be restored.
    #[error("{file} is {what}: a dump is restored that pg_dump made with --format=plain or --format=custom")]
    Unsupported {
        /// The file.
        file: PathBuf,
        /// What it is instead.
        what: &'static str,
    },
    /// The dump is of something else than REC, or of a part of it.
    #[error("{file} is no dump of a whole database of REC: it lacks the rows of {lacking}")]
    Foreign {
        /// The file.
        file: PathBuf,
        /// The table that it lacks.
        lacking: &'static str,
    },
    /// The dump belongs to another mode.
    #[error(
        "{file} holds the books of mode {theirs} and the desk runs in mode {ours}: they never mix; set the mode to \
         {theirs}, or choose another dump"
    )]
    OtherMode {
        /// The file.
        file: PathBuf,
        /// The mode that is configured.
        ours: Mode,
        /// The mode of the dump.
        theirs: Mode,
    },
    /// A newer version of REC made the dumped database.
    #[error(
        "{file} has migration {version}, which this program does not know: a newer version made it; restore it with \
         that version"
    )]
    Newer {
        /// The file.
        file: PathBuf,
        /// The unknown migration.
        version: i64,
    },
    /// A migration of the dumped database had another content.
    #[error("{file} has migration {version} with another content than this program: use the program that made it")]
    Changed {
        /// The file.
        file: PathBuf,
        /// The migration.
        version: i64,
    },
    /// A newer Postgres made the dump.
    #[error(
        "{file} was made by Postgres {made_by}, which is newer than {ours}: restore it with that version or a later one"
    )]
    NewerPostgres {
        /// The file.
        file: PathBuf,
        /// Version that made it.
        made_by: String,
        /// Version of the server or the programs at hand.
        ours: u32,
    },
    /// The database to restore into holds something.
    #[error(
        "the database \"{database}\" is not empty: a dump is restored into a fresh database only; stop the desk, then \
         drop the database and make it anew, or name another one"
    )]
    NotFresh {
        /// The database.
        database: String,
    },
    /// There is a file already where the dump should go.
    #[error("{0} is there already, and a dump is never written over; name another file")]
    Exists(PathBuf),
    /// The dump is not what its manifest says.
    #[error("{file} is not what its manifest says: {what}; it was damaged or exchanged, use another dump")]
    Damaged {
        /// The file.
        file: PathBuf,
        /// What differs.
        what: String,
    },
    /// No installed version can do it.
    #[error("pg_dump, pg_restore and psql of Postgres {wanted} or later are needed; found are: {found}")]
    NoTools {
        /// The oldest version that can do it.
        wanted: u32,
        /// The versions that were found.
        found: String,
    },
    /// A program of Postgres failed.
    #[error("{program} failed, and nothing was changed: {output}")]
    Program {
        /// Which.
        program: &'static str,
        /// Its last words.
        output: String,
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
    /// The database refuses, or is not ours.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The scratch cluster cannot be used.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
}

impl From<sqlx::Error> for BackupError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Names action and path of a failed file operation.
pub(super) trait FileContext<T> {
    fn context(self, action: &'static str, path: &Path) -> Result<T, BackupError>;
}

impl<T> FileContext<T> for std::io::Result<T> {
    fn context(self, action: &'static str, path: &Path) -> Result<T, BackupError> {
        self.map_err(|source| BackupError::Io { action, path: path.to_owned(), source })
    }
}
