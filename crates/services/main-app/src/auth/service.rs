//! Logging in and out.

use std::{net::IpAddr, sync::Arc, time::Duration};

use thiserror::Error;
use tracing::{info, warn};

use super::{AuthStoreError, CookieRules, Operator, SecretToken, TokenHash, UserStore, attempts::Attempts, password};

/// How long a remembered log-in lasts.
const REMEMBERED: Duration = Duration::from_secs(30 * 24 * 3_600);
/// The longest name that is looked at.
const LONGEST_NAME: usize = 64;

/// The rules of logging in.
#[derive(Debug, Clone)]
pub struct AuthConfig {
    /// How long a log-in lasts that is not remembered.
    pub life: Duration,
    /// Wrong log-ins of one address in a minute.
    pub attempts_per_minute: u32,
    /// How the browser holds its session.
    pub cookies: CookieRules,
}

/// Logs in and out.
pub struct Auth {
    store: Arc<dyn UserStore>,
    attempts: Attempts,
    life: Duration,
    /// How the browser holds its session.
    pub cookies: CookieRules,
}

/// A session that has just begun.
#[derive(Debug)]
pub struct Begun {
    /// Whose.
    pub operator: Operator,
    /// The session, for the cookie.
    pub token: SecretToken,
    /// How long it lasts.
    pub life: Duration,
    /// Whether the browser keeps it beyond its own end.
    pub remember: bool,
}

/// Why somebody is not logged in.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LogInError {
    /// Which of the two is wrong is not said.
    #[error("name or password is wrong")]
    Wrong,
    /// The link was used already, has expired, or never was one.
    #[error(
        "this log-in link was used already or has expired; rec login-link prints another, or log in with name and password"
    )]
    SpentLink,
    /// Too many wrong log-ins.
    #[error("too many wrong log-ins from here; try again in {} s", .0.as_secs().max(1))]
    TooMany(Duration),
    /// The store does not answer.
    #[error(transparent)]
    Store(#[from] AuthStoreError),
}

impl Auth {
    /// Logs in and out of what `store` remembers.
    #[must_use]
    pub fn new(store: Arc<dyn UserStore>, config: AuthConfig) -> Self {
        let AuthConfig { life, attempts_per_minute, cookies } = config;
        Self { store, attempts: Attempts::new(attempts_per_minute), life, cookies }
    }

    /// Logs in with name and password.
    ///
    /// # Errors
    /// When they are wrong, there were too many wrong ones, or the store does not answer.
    pub async fn log_in(
        &self,
        name: &str,
        password: &str,
        remember: bool,
        address: IpAddr,
    ) -> Result<Begun, LogInError> {
        self.attempts.take(address).map_err(LogInError::TooMany)?;
        let account = if name.chars().count() <= LONGEST_NAME { self.store.account(name).await? } else { None };
        let hash = account.as_ref().and_then(|account| account.password_hash.as_deref());
        let right = password::matches(password, hash).await;
        let Some(account) = account.filter(|_| right) else {
            warn!(%address, "log-in refused");
            return Err(LogInError::Wrong);
        };
        self.attempts.give_back(address);
        self.begin(Operator { id: account.id, name: account.name }, remember, address).await
    }

    /// Logs in with a one-time link.
    ///
    /// # Errors
    /// When it was used already or has expired, there were too many wrong log-ins, or the store does not answer.
    pub async fn log_in_once(&self, token: &str, address: IpAddr) -> Result<Begun, LogInError> {
        self.attempts.take(address).map_err(LogInError::TooMany)?;
        let token = SecretToken::parse(token).ok_or(LogInError::SpentLink)?;
        let Some(operator) = self.store.redeem(token.hash()).await? else {
            warn!(%address, "one-time log-in refused");
            return Err(LogInError::SpentLink);
        };
        self.attempts.give_back(address);
        self.begin(operator, false, address).await
    }

    async fn begin(&self, operator: Operator, remember: bool, address: IpAddr) -> Result<Begun, LogInError> {
        let token = SecretToken::generate();
        let life = if remember { REMEMBERED } else { self.life };
        self.store.begin_session(operator.id, token.hash(), life).await?;
        info!(user = %operator.name, %address, "logged in");
        Ok(Begun { operator, token, life, remember })
    }

    /// Whose session it is.
    ///
    /// # Errors
    /// When the store does not answer: nobody is let in then.
    pub async fn session(&self, token: TokenHash) -> Result<Option<Operator>, AuthStoreError> {
        self.store.session(token).await
    }

    /// Ends a session.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn log_out(&self, token: TokenHash) -> Result<(), AuthStoreError> {
        self.store.end_session(token).await
    }
}

impl std::fmt::Debug for Auth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Auth").finish_non_exhaustive()
    }
}
