//! Postgres' own programs for dumps, and how they reach a database.

use std::{
    ffi::OsString,
    process::{Command, ExitStatus, Stdio},
};

use sqlx::postgres::{PgConnectOptions, PgSslMode};

use super::error::BackupError;
use crate::{
    cluster::{Address, Binaries, ClusterError, SearchPlaces},
    connection::{Connection, Password},
};

/// What is kept of a program's complaints.
const KEPT_OUTPUT_BYTES: usize = 2_000;

/// A database that dumps are made of or restored into, as its owner.
#[derive(Debug, Clone)]
pub struct Target {
    pub(super) options: PgConnectOptions,
    password: Option<Password>,
}

impl Target {
    /// The configured database.
    #[must_use]
    pub fn of(connection: &Connection) -> Self {
        Self { options: connection.options(), password: connection.password.clone() }
    }

    /// A database of a private cluster.
    #[must_use]
    pub fn of_cluster(address: &Address, database: &str) -> Self {
        Self { options: address.connect_options(database), password: None }
    }

    #[cfg(test)]
    pub(super) fn of_options(options: PgConnectOptions) -> Self {
        Self { options, password: None }
    }

    /// The database's name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.options.get_database().unwrap_or_default()
    }

    /// The database's name as libpq's connection string, in which nothing else is read from it.
    pub(super) fn by_name(&self) -> String {
        format!("--dbname=dbname='{}'", self.name().replace('\\', r"\\").replace('\'', r"\'"))
    }

    /// libpq's variables. The password is in the environment of the program, which only its own user can look into.
    fn variables(&self) -> Vec<(&'static str, OsString)> {
        let options = &self.options;
        let host = options.get_socket().map_or_else(|| options.get_host().into(), |folder| folder.clone().into());
        let ssl_mode = match options.get_ssl_mode() {
            PgSslMode::Disable => "disable",
            PgSslMode::Allow => "allow",
            PgSslMode::Prefer => "prefer",
            PgSslMode::Require => "require",
            PgSslMode::VerifyCa => "verify-ca",
            PgSslMode::VerifyFull => "verify-full",
        };
        let mut variables = vec![
            ("PGHOST", host),
            ("PGPORT", options.get_port().to_string().into()),
            ("PGUSER", options.get_username().into()),
            ("PGSSLMODE", ssl_mode.into()),
            ("PGAPPNAME", "rec db".into()),
            ("PGCONNECT_TIMEOUT", "10".into()),
        ];
        variables.extend(self.password.as_ref().map(|password| ("PGPASSWORD", password.expose().into())));
        variables
    }
}

/// The programs of one installation.
#[derive(Debug, Clone)]
pub struct Tools {
    binaries: Binaries,
}

impl Tools {
    /// Programs of major version `oldest` or later, of that very version where it is installed: an older `pg_dump`
    /// refuses a newer server.
    ///
    /// # Errors
    /// [`BackupError::NoTools`] where there are none.
    pub fn find(places: &SearchPlaces, oldest: u32) -> Result<Self, BackupError> {
        let complete = |binaries: &Binaries| {
            ["pg_dump", "pg_restore", "psql"].iter().all(|program| binaries.program(program).is_file())
        };
        let found: Vec<Binaries> = Binaries::all(places).into_iter().filter(complete).collect();
        let exact = found.iter().find(|binaries| binaries.major() == oldest);
        match exact.or_else(|| found.iter().find(|binaries| binaries.major() > oldest)) {
            Some(binaries) => Ok(Self { binaries: binaries.clone() }),
            None if found.is_empty() => Err(ClusterError::no_binaries().into()),
            None => {
                let found = found.iter().map(|binaries| binaries.major().to_string()).collect::<Vec<_>>().join(", ");
                Err(BackupError::NoTools { wanted: oldest, found })
            }
        }
    }

    /// Their major version.
    #[must_use]
    pub const fn major(&self) -> u32 {
        self.binaries.major()
    }

    /// A program with an environment of nothing but what it needs, so that no `PG*` variable misleads it.
    pub(super) fn command(&self, program: &str, target: Option<&Target>) -> Command {
        let mut command = Command::new(self.binaries.program(program));
        command.env_clear().env("LC_ALL", "C").env("TZ", "UTC").stdin(Stdio::null());
        for name in ["PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "LOCALE_ARCHIVE", "TMPDIR"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command.envs(target.iter().flat_map(|target| target.variables()));
        command
    }
}

/// Runs a program to its end, away from the threads that must not wait.
pub(super) async fn run(program: &'static str, mut command: Command) -> Result<(), BackupError> {
    let outcome = tokio::task::spawn_blocking(move || command.stdout(Stdio::null()).output()).await;
    let output = match outcome {
        Ok(Ok(output)) => output,
        Ok(Err(error)) => return Err(BackupError::Program { program, output: error.to_string() }),
        Err(error) => return Err(BackupError::Program { program, output: error.to_string() }),
    };
    succeeded(program, output.status, &output.stderr)
}

/// What a program that ended has to say.
pub(super) fn succeeded(program: &'static str, status: ExitStatus, complaints: &[u8]) -> Result<(), BackupError> {
    if status.success() {
        return Ok(());
    }
    let kept = &complaints[complaints.len().saturating_sub(KEPT_OUTPUT_BYTES)..];
    let said = String::from_utf8_lossy(kept).trim().to_owned();
    Err(BackupError::Program { program, output: if said.is_empty() { status.to_string() } else { said } })
}
