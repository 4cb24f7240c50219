//! Where a value came from.

use std::{fmt, path::PathBuf};

use serde::Serialize;

/// Where a value came from. Ordered by precedence: a later one wins.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Origin {
    /// Computed because it was not set; what it follows from.
    Derived {
        /// The settings it follows from, as `state_dir`.
        from: String,
    },
    /// A file that is compiled in.
    Default {
        /// The file's name, `config.default.toml` or `services.toml`.
        file: &'static str,
        /// Line of the value, from 1.
        line: usize,
    },
    /// The operator's file.
    File {
        /// Which.
        path: PathBuf,
        /// Line of the value, from 1.
        line: usize,
    },
    /// A variable of the environment.
    Env {
        /// Its name.
        name: String,
    },
    /// The command line.
    CommandLine {
        /// The option as typed.
        option: String,
    },
}

impl Origin {
    /// The layer: 0 derived, 1 default, 2 file, 3 environment, 4 command line.
    #[must_use]
    pub const fn layer(&self) -> u8 {
        match self {
            Self::Derived { .. } => 0,
            Self::Default { .. } => 1,
            Self::File { .. } => 2,
            Self::Env { .. } => 3,
            Self::CommandLine { .. } => 4,
        }
    }

    /// Whether the operator set the value.
    #[must_use]
    pub const fn is_set(&self) -> bool {
        self.layer() >= 2
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Derived { from } => write!(f, "follows from {from}"),
            Self::Default { file, line } => write!(f, "default ({file}:{line})"),
            Self::File { path, line } => write!(f, "{}:{line}", path.display()),
            Self::Env { name } => f.pad(name),
            Self::CommandLine { option } => f.pad(option),
        }
    }
}
