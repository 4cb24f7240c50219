//! Passwords, as argon2id with the library's present parameters (19 MiB, two passes).

use std::sync::LazyLock;

use argon2::{
    Argon2,
    password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash},
};
use thiserror::Error;
use tokio::{sync::Semaphore, task::spawn_blocking};

/// Passwords that are worked on at a time: each takes 19 MiB and a core.
const AT_A_TIME: usize = 2;

/// The fewest characters of a new password.
pub const SHORTEST: usize = 10;
/// The longest password that is looked at.
pub const LONGEST: usize = 256;

static TURNS: Semaphore = Semaphore::const_new(AT_A_TIME);

/// What is compared for a name that does not exist, so that the answer takes as long as for one that does.
static NOBODY: LazyLock<Option<String>> =
    LazyLock::new(|| Some(Argon2::default().hash_password(b"a password that opens nothing").ok()?.to_string()));

/// A password cannot be stored.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PasswordError {
    /// Too short or too long.
    #[error("a password needs {SHORTEST} to {LONGEST} characters")]
    Length,
    /// The system gives no randomness or no memory.
    #[error("the password cannot be hashed: {0}")]
    Hash(String),
}

/// The hash of a new password, in PHC form.
///
/// # Errors
/// When it is too short or too long, or cannot be hashed.
pub fn hash(password: &str) -> Result<String, PasswordError> {
    if !(SHORTEST..=LONGEST).contains(&password.chars().count()) {
        return Err(PasswordError::Length);
    }
    let hash = Argon2::default().hash_password(password.as_bytes());
    hash.map(|hash| hash.to_string()).map_err(|error| PasswordError::Hash(error.to_string()))
}

/// Whether `password` is the one of `hash`; without a hash never, after as much work.
pub async fn matches(password: &str, hash: Option<&str>) -> bool {
    if password.chars().count() > LONGEST {
        return false;
    }
    let Ok(_turn) = TURNS.acquire().await else { return false };
    let (password, hash) = (password.to_owned(), hash.map(str::to_owned));
    spawn_blocking(move || {
        let exists = hash.is_some();
        let Some(hash) = hash.or_else(|| NOBODY.clone()) else { return false };
        let Ok(hash) = PasswordHash::new(&hash) else { return false };
        Argon2::default().verify_password(password.as_bytes(), &hash).is_ok() && exists
    })
    .await
    .unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_very_password_matches() {
        let hash = hash("correct horse battery").expect("long enough");
        assert!(hash.starts_with("$argon2id$"));
        assert!(matches("correct horse battery", Some(&hash)).await);
        assert!(!matches("correct horse batterz", Some(&hash)).await);
        assert!(!matches("a password that opens nothing", None).await);
        assert!(!matches("x", Some("no hash at all")).await);
    }

    #[test]
    fn a_short_password_is_refused() {
        assert_eq!(hash("ninechars"), Err(PasswordError::Length));
    }
}
