//! Users, their sessions and their one-time log-ins, as main-app. Secrets never come here, only their hashes; times are
//! the server's own.

use std::time::Duration;

use crate::{database::Database, error::Result};

/// Users, sessions and one-time log-ins.
#[derive(Debug, Clone)]
pub struct Users {
    database: Database,
}

/// A user who may log in.
#[derive(Clone, PartialEq, Eq)]
pub struct User {
    /// Identity.
    pub id: i64,
    /// Name.
    pub name: String,
    /// The password's hash in PHC form; `None` while only one-time log-ins were made for the account.
    pub password_hash: Option<String>,
}

// By hand, so that no hash is logged.
impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("User").field("id", &self.id).field("name", &self.name).finish_non_exhaustive()
    }
}

/// A session to begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session {
    /// Whose.
    pub user: i64,
    /// Hash of the token in the cookie.
    pub token_hash: [u8; 32],
    /// How long it lasts.
    pub life: Duration,
}

/// A one-time log-in to allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoginToken {
    /// Whose.
    pub user: i64,
    /// Hash of the token in the link.
    pub token_hash: [u8; 32],
    /// How long it may be used.
    pub life: Duration,
}

impl Database {
    /// Users, sessions and one-time log-ins.
    #[must_use]
    pub fn users(&self) -> Users {
        Users { database: self.clone() }
    }
}

impl Users {
    /// The user of that name, made if there is none.
    ///
    /// # Errors
    /// When the database does not answer, or the name is empty.
    pub async fn ensure(&self, name: &str) -> Result<User> {
        sqlx::query!("INSERT INTO ops.users (name) VALUES ($1) ON CONFLICT (name) DO NOTHING", name)
            .execute(&self.database.pool)
            .await?;
        let row = sqlx::query!("SELECT id, name, password_hash FROM ops.users WHERE name = $1", name)
            .fetch_one(&self.database.pool)
            .await?;
        Ok(User { id: row.id, name: row.name, password_hash: row.password_hash })
    }

    /// Sets a user's password by its hash in PHC form, and ends every session that he has.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn set_password_hash(&self, user: i64, hash: &str) -> Result<()> {
        let mut transaction = self.database.pool.begin().await?;
        sqlx::query!("UPDATE ops.users SET password_hash = $2 WHERE id = $1", user, hash)
            .execute(&mut *transaction)
            .await?;
        sqlx::query!(
            "UPDATE ops.sessions SET ended_at = clock_timestamp() WHERE user_id = $1 AND ended_at IS NULL",
            user
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// The user of that name who may log in.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn by_name(&self, name: &str) -> Result<Option<User>> {
        let row =
            sqlx::query!("SELECT id, name, password_hash FROM ops.users WHERE name = $1 AND disabled_at IS NULL", name)
                .fetch_optional(&self.database.pool)
                .await?;
        Ok(row.map(|row| User { id: row.id, name: row.name, password_hash: row.password_hash }))
    }

    /// Begins a session.
    ///
    /// # Errors
    /// When the database does not answer, or there is no such user.
    pub async fn begin_session(&self, session: &Session) -> Result<()> {
        sqlx::query!(
            "INSERT INTO ops.sessions (token_hash, user_id, expires_at)
             VALUES ($1, $2, clock_timestamp() + make_interval(secs => $3))",
            &session.token_hash[..],
            session.user,
            session.life.as_secs_f64(),
        )
        .execute(&self.database.pool)
        .await?;
        Ok(())
    }

    /// Whose session it is, while it has neither ended nor expired and the user may log in.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn of_session(&self, token_hash: &[u8; 32]) -> Result<Option<User>> {
        let row = sqlx::query!(
            "SELECT users.id, users.name, users.password_hash
             FROM ops.sessions AS sessions JOIN ops.users AS users ON users.id = sessions.user_id
             WHERE sessions.token_hash = $1 AND sessions.ended_at IS NULL
               AND sessions.expires_at > clock_timestamp() AND users.disabled_at IS NULL",
            &token_hash[..],
        )
        .fetch_optional(&self.database.pool)
        .await?;
        Ok(row.map(|row| User { id: row.id, name: row.name, password_hash: row.password_hash }))
    }

    /// Ends a session. Ending it again changes nothing.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn end_session(&self, token_hash: &[u8; 32]) -> Result<()> {
        sqlx::query!(
            "UPDATE ops.sessions SET ended_at = clock_timestamp() WHERE token_hash = $1 AND ended_at IS NULL",
            &token_hash[..],
        )
        .execute(&self.database.pool)
        .await?;
        Ok(())
    }

    /// Allows a one-time log-in.
    ///
    /// # Errors
    /// When the database does not answer, or there is no such user.
    pub async fn allow_login(&self, token: &LoginToken) -> Result<()> {
        sqlx::query!(
            "INSERT INTO ops.login_tokens (token_hash, user_id, expires_at)
             VALUES ($1, $2, clock_timestamp() + make_interval(secs => $3))",
            &token.token_hash[..],
            token.user,
            token.life.as_secs_f64(),
        )
        .execute(&self.database.pool)
        .await?;
        Ok(())
    }

    /// Uses a one-time log-in up: whose it is, for one caller only, while it has not expired.
    ///
    /// # Errors
    /// When the database does not answer; then it may have been used up.
    pub async fn redeem_login(&self, token_hash: &[u8; 32]) -> Result<Option<User>> {
        let row = sqlx::query!(
            "UPDATE ops.login_tokens AS tokens SET used_at = clock_timestamp() FROM ops.users AS users
             WHERE tokens.token_hash = $1 AND tokens.used_at IS NULL AND tokens.expires_at > clock_timestamp()
               AND users.id = tokens.user_id AND users.disabled_at IS NULL
             RETURNING users.id, users.name, users.password_hash",
            &token_hash[..],
        )
        .fetch_optional(&self.database.pool)
        .await?;
        Ok(row.map(|row| User { id: row.id, name: row.name, password_hash: row.password_hash }))
    }
}

#[cfg(test)]
mod tests {
    use rec_domain::Service;

    use super::*;
    use crate::{Role, testing::TestDatabase};

    const HOUR: Duration = Duration::from_secs(3_600);

    #[tokio::test]
    async fn a_session_lasts_until_it_ends_or_expires_and_a_link_opens_once() {
        let Some(test) = TestDatabase::migrated().await else { return };
        let users = test.open(Role::Service(Service::MainApp)).await.users();
        let user = users.ensure("operator").await.expect("made");
        assert_eq!(users.ensure("operator").await.expect("found"), user);
        assert_eq!(users.by_name("nobody").await.expect("looked up"), None);

        for (token_hash, life, lasts) in [([1; 32], HOUR, true), ([2; 32], Duration::ZERO, false)] {
            users.begin_session(&Session { user: user.id, token_hash, life }).await.expect("begun");
            assert_eq!(users.of_session(&token_hash).await.expect("looked up").is_some(), lasts);
        }
        users.end_session(&[1; 32]).await.expect("ended");
        assert_eq!(users.of_session(&[1; 32]).await.expect("looked up"), None);

        for (token_hash, life, opens) in [([3; 32], HOUR, true), ([4; 32], Duration::ZERO, false)] {
            users.allow_login(&LoginToken { user: user.id, token_hash, life }).await.expect("allowed");
            assert_eq!(users.redeem_login(&token_hash).await.expect("asked").is_some(), opens);
            assert_eq!(users.redeem_login(&token_hash).await.expect("asked"), None, "once only");
        }

        users.begin_session(&Session { user: user.id, token_hash: [5; 32], life: HOUR }).await.expect("begun");
        users.set_password_hash(user.id, "$argon2id$x").await.expect("set");
        assert_eq!(users.of_session(&[5; 32]).await.expect("looked up"), None, "a new password ends every session");
        let hash = users.by_name("operator").await.expect("looked up").expect("there").password_hash;
        assert_eq!(hash.as_deref(), Some("$argon2id$x"));
    }
}
