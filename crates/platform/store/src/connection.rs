//! Where the database is.

use std::{fmt, str::FromStr, time::Duration};

use rec_domain::Service;
use sqlx::postgres::{PgConnectOptions, PgSslMode};

/// Where the database is and how to get in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// Host name or address, or the folder of a unix socket.
    pub host: String,
    /// Port; names the socket too.
    pub port: u16,
    /// The database.
    pub database: String,
    /// The user.
    pub user: String,
    /// The password; `None` where the server asks for none.
    pub password: Option<Password>,
    /// Whether the connection is encrypted.
    pub ssl_mode: SslMode,
}

/// A password that cannot be printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// From its text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for a program that is given it in its environment.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Whether a connection is encrypted, in libpq's words.
/// <https://www.postgresql.org/docs/15/libpq-ssl.html>
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SslMode {
    /// Never.
    Disable,
    /// Where the server offers it.
    #[default]
    Prefer,
    /// Always, without asking who the server is.
    Require,
    /// Always, with a certificate of a known authority.
    VerifyCa,
    /// Always, with a certificate of a known authority for this host.
    VerifyFull,
}

/// A word that names no [`SslMode`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no ssl mode; they are disable, prefer, require, verify-ca and verify-full")]
pub struct UnknownSslMode(String);

impl FromStr for SslMode {
    type Err = UnknownSslMode;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "disable" => Ok(Self::Disable),
            "prefer" => Ok(Self::Prefer),
            "require" => Ok(Self::Require),
            "verify-ca" => Ok(Self::VerifyCa),
            "verify-full" => Ok(Self::VerifyFull),
            other => Err(UnknownSslMode(other.chars().take(40).collect())),
        }
    }
}

/// As whom a pool works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The user that owns the schema: for migrations, the command line and tests.
    Owner,
    /// A service, with nothing but its grants.
    Service(Service),
}

impl Role {
    /// The database's name of the role; `None` for the owner, who keeps the user's own.
    #[must_use]
    pub fn name(self) -> Option<String> {
        match self {
            Self::Owner => None,
            Self::Service(service) => Some(format!("rec_{}", service.snake_name())),
        }
    }
}

/// How long the server works at a statement of a service.
const STATEMENT: Duration = Duration::from_secs(15);
/// How long a service waits for an answer: a little longer, so that a server that stands can say itself how it ended.
const ANSWER: Duration = Duration::from_secs(20);

impl Role {
    /// How long a statement may be without answer; `None` for the owner, whose migrations take as long as they need.
    pub(crate) const fn deadline(self) -> Option<Duration> {
        match self {
            Self::Owner => None,
            Self::Service(_) => Some(ANSWER),
        }
    }

    /// Makes connections work as this role, with every wait bounded.
    pub(crate) fn apply(self, options: PgConnectOptions) -> PgConnectOptions {
        match self.name() {
            // A migration may take as long as it needs.
            None => options.application_name("rec"),
            Some(name) => options.application_name(&name).options([
                // As if by SET ROLE after connecting, but RESET ROLE does not leave it.
                ("role", name.as_str()),
                ("statement_timeout", &milliseconds(STATEMENT)),
                ("lock_timeout", &milliseconds(Duration::from_secs(5))),
                // A transaction whose client is gone lets go of the lease.
                ("idle_in_transaction_session_timeout", &milliseconds(Duration::from_secs(10))),
            ]),
        }
    }
}

impl Connection {
    /// The same in the form of the driver.
    #[must_use]
    pub fn options(&self) -> PgConnectOptions {
        let ssl_mode = match self.ssl_mode {
            SslMode::Disable => PgSslMode::Disable,
            SslMode::Prefer => PgSslMode::Prefer,
            SslMode::Require => PgSslMode::Require,
            SslMode::VerifyCa => PgSslMode::VerifyCa,
            SslMode::VerifyFull => PgSslMode::VerifyFull,
        };
        // Everything that decides where the books are is said here, so that PGHOST and its like do not.
        let options = PgConnectOptions::new_without_pgpass()
            .host(&self.host)
            .port(self.port)
            .database(&self.database)
            .username(&self.user)
            .ssl_mode(ssl_mode);
        match &self.password {
            Some(password) => options.password(&password.0),
            None => options,
        }
    }
}

fn milliseconds(duration: Duration) -> String {
    format!("{}ms", duration.as_millis())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_printed() {
        let connection = Connection {
            host: "/run/rec".to_owned(),
            port: 5432,
            database: "rec".to_owned(),
            user: "rec".to_owned(),
            password: Some(Password::new("planted-secret")),
            ssl_mode: "prefer".parse().expect("known"),
        };
        assert!(!format!("{connection:?}").contains("planted"));
        assert!("on".parse::<SslMode>().is_err());
        assert_eq!(Role::Service(Service::MainApp).name().as_deref(), Some("rec_main_app"));
    }
}
