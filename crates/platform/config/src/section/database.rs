//! The database.

use std::path::PathBuf;

use serde::Deserialize;

use crate::{Secret, sources::read_bounded};

/// The database. Without a host the desk runs a private Postgres.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseConfig {
    /// Host name or address, or the folder of a unix socket; none for the private cluster.
    pub host: Option<String>,
    /// Port.
    pub port: u16,
    /// Database.
    pub name: String,
    /// Role.
    pub user: String,
    /// Password from `REC_DB_PASS`.
    pub password: Option<Secret>,
    /// File with the password.
    pub password_file: Option<PathBuf>,
    /// TLS.
    pub sslmode: SslMode,
    /// Connections at most, all services together.
    pub max_connections: u32,
}

/// How a connection to the database is protected, in the words of Postgres.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SslMode {
    /// Without TLS.
    Disable,
    /// With TLS where the server offers it.
    Prefer,
    /// With TLS.
    Require,
    /// With TLS and a certificate of a known authority.
    VerifyCa,
    /// With TLS and a certificate of a known authority for this very host.
    VerifyFull,
}

impl DatabaseConfig {
    /// The password, from `REC_DB_PASS` or its file; none when none is configured.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn read_password(&self) -> std::io::Result<Option<Secret>> {
        match (&self.password, &self.password_file) {
            (Some(password), _) => Ok(Some(password.clone())),
            (None, Some(file)) => {
                let text = read_bounded(file)?;
                Ok(Some(Secret::new(text.trim_end_matches(['\r', '\n']))))
            }
            (None, None) => Ok(None),
        }
    }

    /// Whether the host is the folder of a unix socket.
    #[must_use]
    pub fn is_socket(&self) -> bool {
        self.host.as_deref().is_some_and(|host| host.starts_with('/'))
    }
}
