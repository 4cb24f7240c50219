//! What can go wrong with the database, told apart by what the caller can do about it.

use rec_domain::Mode;
use thiserror::Error;

/// Result of everything that this crate does.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

/// What went wrong.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The server cannot be reached, is stopping, or took too long. Trying again may help.
    #[error("the database does not answer: {0}; check that Postgres runs and that the database settings name it")]
    Unavailable(#[source] sqlx::Error),
    /// Another desk leads, or the lease ran out: whoever sees this must stop leading.
    #[error("the lease of epoch {epoch} is lost: it ran out or another process took it; start again from the database")]
    LeaseLost {
        /// The epoch that is over.
        epoch: u32,
    },
    /// The lease cannot be had, since somebody else holds it.
    #[error("\"{holder}\" leads this desk for another {remaining_ms} ms; stop it, or wait until its lease runs out")]
    LeaseHeld {
        /// Who holds it.
        holder: String,
        /// For how long at most, in milliseconds by the server's clock.
        remaining_ms: i64,
    },
    /// The rows break a rule of the database. The same rows break it again.
    #[error("the database refuses the rows by its rule {constraint}: {message}")]
    Constraint {
        /// The rule's name; empty when the server does not name it.
        constraint: String,
        /// The server's words.
        message: String,
    },
    /// This program and this database do not belong together.
    #[error(transparent)]
    Incompatible(#[from] Incompatible),
    /// A stored value cannot be read by this version.
    #[error("{what} in the database cannot be read: {detail}; was it written by another version?")]
    Unreadable {
        /// What was to be read.
        what: &'static str,
        /// What is wrong with it.
        detail: String,
    },
    /// Anything else; a defect of this program more often than not.
    #[error("the database refuses a statement: {0}")]
    Other(#[source] sqlx::Error),
}

/// Why this program and this database do not belong together.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Incompatible {
    /// There is no schema yet, or an older one.
    #[error("the database \"{database}\" lacks {missing} migration(s) of this program; run `rec db migrate`")]
    NotMigrated {
        /// The database.
        database: String,
        /// Migrations that it lacks.
        missing: usize,
    },
    /// A newer version was here.
    #[error(
        "the database \"{database}\" has migration {version}, which this program does not know: a newer version made \
         it; install that version, or use another database"
    )]
    NewerSchema {
        /// The database.
        database: String,
        /// The unknown migration.
        version: i64,
    },
    /// A migration was changed after it had been applied.
    #[error(
        "migration {version} was applied to the database \"{database}\" with another content than this program has: \
         migrations are never changed; use the program that made it, or another database"
    )]
    ChangedMigration {
        /// The database.
        database: String,
        /// The migration.
        version: i64,
    },
    /// The database belongs to another mode.
    #[error(
        "this database belongs to mode {theirs} and the desk runs in mode {ours}: their books never mix; name another \
         database, or set the mode to {theirs}"
    )]
    OtherMode {
        /// The mode that the desk runs in.
        ours: Mode,
        /// The mode that the database is marked with.
        theirs: Mode,
    },
    /// The database belongs to another account.
    #[error(
        "this database belongs to the account \"{theirs}\" and the desk runs for \"{ours}\"; name another database, or \
         use the credentials of \"{theirs}\""
    )]
    OtherAccount {
        /// The account that the desk runs for.
        ours: String,
        /// The account that the database is marked with.
        theirs: String,
    },
    /// Nobody said yet whose the database is.
    #[error("this database is not marked with a mode and an account yet; `rec prepare` or `rec up` marks it")]
    NoIdentity,
}

impl StoreError {
    /// Whether doing the same again can never succeed.
    #[must_use]
    pub const fn is_permanent(&self) -> bool {
        matches!(
            self,
            Self::LeaseLost { .. } | Self::Constraint { .. } | Self::Incompatible(_) | Self::Unreadable { .. }
        )
    }

    pub(crate) fn unreadable(what: &'static str, detail: impl std::fmt::Display) -> Self {
        Self::Unreadable { what, detail: detail.to_string() }
    }
}

/// Classes and codes of SQLSTATE after which the same statement may succeed later: connection, resources, operator's
/// intervention, and conflicts that the server resolved by giving up.
/// <https://www.postgresql.org/docs/15/errcodes-appendix.html>
fn is_transient(code: &str) -> bool {
    matches!(code.get(..2), Some("08" | "53" | "57" | "58")) || matches!(code, "40001" | "40P01" | "55P03" | "25P03")
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => Self::Unavailable(error),
            sqlx::Error::Database(database) => {
                let code = database.code().unwrap_or_default();
                if is_transient(&code) {
                    Self::Unavailable(error)
                } else if code.starts_with("23") {
                    Self::Constraint {
                        constraint: database.constraint().unwrap_or_default().to_owned(),
                        message: database.message().to_owned(),
                    }
                } else {
                    Self::Other(error)
                }
            }
            _ => Self::Other(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_pass_is_told_from_what_never_will() {
        for code in ["08006", "53300", "57P01", "57014", "40P01", "55P03"] {
            assert!(is_transient(code), "{code}");
        }
        for code in ["23505", "42501", "22P02", "", "4"] {
            assert!(!is_transient(code), "{code}");
        }
        assert!(matches!(StoreError::from(sqlx::Error::PoolTimedOut), StoreError::Unavailable(_)));
        assert!(StoreError::LeaseLost { epoch: 1 }.is_permanent());
    }
}
