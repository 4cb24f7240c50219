//! A store in memory, for tests.

use std::{
    collections::HashMap,
    sync::Mutex,
    time::{Duration, Instant},
};

use async_trait::async_trait;

use super::{Account, AuthStoreError, Operator, TokenHash, UserStore};

#[derive(Default)]
pub(crate) struct MemoryStore {
    pub(crate) accounts: Vec<Account>,
    pub(crate) sessions: Mutex<HashMap<TokenHash, (i64, Instant)>>,
    pub(crate) one_time: Mutex<HashMap<TokenHash, i64>>,
}

impl MemoryStore {
    pub(crate) fn allow_once(&self, token: TokenHash, user: i64) {
        self.one_time.lock().expect("lock").insert(token, user);
    }

    pub(crate) fn hashes(&self) -> Vec<TokenHash> {
        self.sessions.lock().expect("lock").keys().copied().collect()
    }

    fn operator(&self, id: i64) -> Option<Operator> {
        let account = self.accounts.iter().find(|account| account.id == id)?;
        Some(Operator { id, name: account.name.clone() })
    }
}

#[async_trait]
impl UserStore for MemoryStore {
    async fn account(&self, name: &str) -> Result<Option<Account>, AuthStoreError> {
        if name == "broken" {
            return Err(AuthStoreError("the database is away".to_owned()));
        }
        Ok(self.accounts.iter().find(|account| account.name == name).cloned())
    }

    async fn begin_session(&self, user: i64, token: TokenHash, life: Duration) -> Result<(), AuthStoreError> {
        self.sessions.lock().expect("lock").insert(token, (user, Instant::now() + life));
        Ok(())
    }

    async fn session(&self, token: TokenHash) -> Result<Option<Operator>, AuthStoreError> {
        let found = self.sessions.lock().expect("lock").get(&token).copied();
        Ok(found.filter(|(_, until)| Instant::now() < *until).and_then(|(user, _)| self.operator(user)))
    }

    async fn end_session(&self, token: TokenHash) -> Result<(), AuthStoreError> {
        self.sessions.lock().expect("lock").remove(&token);
        Ok(())
    }

    async fn redeem(&self, token: TokenHash) -> Result<Option<Operator>, AuthStoreError> {
        let found = self.one_time.lock().expect("lock").remove(&token);
        Ok(found.and_then(|user| self.operator(user)))
    }
}
