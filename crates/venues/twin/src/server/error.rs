//! Why the twin cannot start or go on.

use std::path::PathBuf;

use thiserror::Error;

/// A failure of the twin's server.
#[derive(Debug, Error)]
pub enum TwinError {
    /// A port is taken.
    #[error("the twin cannot listen on 127.0.0.1:{port}: {source}; choose another port")]
    Bind {
        /// The port.
        port: u16,
        /// What the system said.
        source: std::io::Error,
    },
    /// The journal cannot be read or written.
    #[error("the twin's journal {path}: {source}; check that the folder exists and is writable")]
    Journal {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The journal holds something that no twin wrote.
    #[error("the twin's journal {path} is damaged at line {line}; start afresh without resuming")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The line, counted from one.
        line: usize,
    },
    /// A journalled mutation was refused on replay: the journal belongs to another version.
    #[error("the twin's journal {path} does not replay at line {line}: {code}; start afresh without resuming")]
    DoesNotReplay {
        /// The file.
        path: PathBuf,
        /// The line, counted from one.
        line: usize,
        /// The refusal.
        code: String,
    },
    /// The journal is of a world that was made up, and a mirror is wanted, or the other way round.
    #[error("{0} holds the account of another kind of world: a mirror takes up a mirror only; start afresh")]
    OtherWorld(PathBuf),
    /// The world could not be built.
    #[error("the twin's world was not built: {0}")]
    Build(String),
    /// A key cannot be made or read.
    #[error("{0}")]
    Key(String),
    /// The market clock's speed is out of range.
    #[error("a market clock cannot run at speed {0}; choose between 0.01 and 1000")]
    Speed(f64),
}
