//! Users, sessions and one-time log-ins in the desk's database.

use std::time::Duration;

use async_trait::async_trait;
use rec_store::{Database, LoginToken, Session, StoreError, User, Users};

use super::{Account, AuthStoreError, Operator, SecretToken, TokenHash, UserStore};

/// How long a question may take, of wall time: a page must not hang on a database that is away.
const DEADLINE: Duration = Duration::from_secs(3);

/// Users, sessions and one-time log-ins in the desk's database.
#[derive(Debug, Clone)]
pub struct PostgresUsers {
    database: Database,
    users: Users,
}

impl PostgresUsers {
    /// Over connections as main-app.
    #[must_use]
    pub fn new(database: Database) -> Self {
        Self { users: database.users(), database }
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<(), AuthStoreError> {
        within(self.database.ping()).await
    }
}

/// Makes the user `name` if there is none, and a log-in for him that works once and for `life`: the token goes into
/// the address `/login?token=...`. For whoever owns the desk's machine: the demo and the command line.
///
/// # Errors
/// When the database does not answer.
pub async fn allow_one_log_in(database: &Database, name: &str, life: Duration) -> Result<SecretToken, StoreError> {
    let users = database.users();
    let user = users.ensure(name).await?.id;
    let token = SecretToken::generate();
    users.allow_login(&LoginToken { user, token_hash: *token.hash().as_bytes(), life }).await?;
    Ok(token)
}

async fn within<T>(question: impl Future<Output = Result<T, StoreError>>) -> Result<T, AuthStoreError> {
    match tokio::time::timeout(DEADLINE, question).await {
        Ok(answer) => answer.map_err(|failure| AuthStoreError(failure.to_string())),
        Err(_elapsed) => Err(AuthStoreError(format!("no answer within {} s", DEADLINE.as_secs()))),
    }
}

fn operator(user: User) -> Operator {
    Operator { id: user.id, name: user.name }
}

#[async_trait]
impl UserStore for PostgresUsers {
    async fn account(&self, name: &str) -> Result<Option<Account>, AuthStoreError> {
        let user = within(self.users.by_name(name)).await?;
        Ok(user.map(|User { id, name, password_hash }| Account { id, name, password_hash }))
    }

    async fn begin_session(&self, user: i64, token: TokenHash, life: Duration) -> Result<(), AuthStoreError> {
        let session = Session { user, token_hash: *token.as_bytes(), life };
        within(self.users.begin_session(&session)).await
    }

    async fn session(&self, token: TokenHash) -> Result<Option<Operator>, AuthStoreError> {
        Ok(within(self.users.of_session(token.as_bytes())).await?.map(operator))
    }

    async fn end_session(&self, token: TokenHash) -> Result<(), AuthStoreError> {
        within(self.users.end_session(token.as_bytes())).await
    }

    async fn redeem(&self, token: TokenHash) -> Result<Option<Operator>, AuthStoreError> {
        Ok(within(self.users.redeem_login(token.as_bytes())).await?.map(operator))
    }
}
