//! What must be remembered of users, sessions and one-time log-ins.

use std::time::Duration;

use async_trait::async_trait;
use thiserror::Error;

use super::TokenHash;

/// A user as the log-in needs him.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// Identity.
    pub id: i64,
    /// Name.
    pub name: String,
    /// The password's hash in PHC form; `None` while only one-time log-ins were made for him.
    pub password_hash: Option<String>,
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Account").field("id", &self.id).field("name", &self.name).finish_non_exhaustive()
    }
}

/// Whoever is logged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operator {
    /// Identity.
    pub id: i64,
    /// Name.
    pub name: String,
}

/// The users cannot be looked up now.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("users and sessions cannot be read: {0}")]
pub struct AuthStoreError(pub String);

/// Remembers users, sessions and one-time log-ins. All times are those of the store.
#[async_trait]
pub trait UserStore: Send + Sync {
    /// The user of that name who may log in.
    ///
    /// # Errors
    /// When the store does not answer.
    async fn account(&self, name: &str) -> Result<Option<Account>, AuthStoreError>;

    /// Remembers a session of a user.
    ///
    /// # Errors
    /// When the store does not answer.
    async fn begin_session(&self, user: i64, token: TokenHash, life: Duration) -> Result<(), AuthStoreError>;

    /// Whose session this is, while it has neither ended nor expired.
    ///
    /// # Errors
    /// When the store does not answer.
    async fn session(&self, token: TokenHash) -> Result<Option<Operator>, AuthStoreError>;

    /// Ends a session.
    ///
    /// # Errors
    /// When the store does not answer.
    async fn end_session(&self, token: TokenHash) -> Result<(), AuthStoreError>;

    /// Uses a one-time log-in up: whose it is, the first time and while it has not expired.
    ///
    /// # Errors
    /// When the store does not answer.
    async fn redeem(&self, token: TokenHash) -> Result<Option<Operator>, AuthStoreError>;
}
