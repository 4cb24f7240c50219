//! How a private cluster is reached.

use std::path::{Path, PathBuf};

use sqlx::postgres::{PgConnectOptions, PgSslMode};

use super::pidfile::PidFile;

/// The superuser of a private cluster.
pub(crate) const SUPERUSER: &str = "rec";

/// How a private cluster is reached: through the folder of its socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    pub(crate) socket_folder: PathBuf,
}

impl Address {
    /// The address of the cluster in a state folder while its server runs, whoever holds it; none otherwise.
    #[must_use]
    pub fn of_running(state_dir: &Path) -> Option<Self> {
        let data = state_dir.join("postgres");
        let file = PidFile::read(&data).filter(|file| file.serves(&data))?;
        Some(Self { socket_folder: file.socket_folder? })
    }

    /// How to connect to a database, as the cluster's superuser. Nothing is taken from `PG*` variables or password
    /// files but `PGOPTIONS`, which the driver always reads.
    #[must_use]
    pub fn connect_options(&self, database: &str) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .socket(&self.socket_folder)
            .port(5432)
            .username(SUPERUSER)
            .database(database)
            .ssl_mode(PgSslMode::Disable)
    }

    /// The address of a database for `psql` and other tools.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        let folder = percent_encoded(&self.socket_folder.to_string_lossy());
        format!("postgresql:///{}?host={folder}&port=5432&user={SUPERUSER}", percent_encoded(database))
    }
}

fn percent_encoded(text: &str) -> String {
    let encode = |byte: u8| {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    };
    text.bytes().map(encode).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_encoded() {
        let address = Address { socket_folder: "/run/a b&c".into() };
        assert_eq!(address.url("rec"), "postgresql:///rec?host=/run/a%20b%26c&port=5432&user=rec");
    }
}
