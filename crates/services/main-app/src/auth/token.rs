//! Secrets that a browser or the operator holds. The database knows only their hashes, so that whoever reads it can
//! not log in with what he finds.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use rand::Rng as _;
use sha2::{Digest as _, Sha256};

/// 32 random bytes in text form. It never prints.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretToken(String);

/// The SHA-256 of a token, which is what is stored. A token has 256 bits of randomness, so that a fast hash is enough
/// and its lookup by equality tells nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TokenHash([u8; 32]);

/// Characters of a token.
const LENGTH: usize = 43;

impl SecretToken {
    /// A new one.
    #[must_use]
    pub fn generate() -> Self {
        let mut bytes = [0_u8; 32];
        rand::rng().fill_bytes(&mut bytes);
        Self(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// A token as it came from outside; `None` when it cannot be one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let sound = text.len() == LENGTH && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        sound.then(|| Self(text.to_owned()))
    }

    /// The token itself, for the cookie or the link.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What is stored of it.
    #[must_use]
    pub fn hash(&self) -> TokenHash {
        TokenHash(Sha256::digest(self.0.as_bytes()).into())
    }
}

impl TokenHash {
    /// The bytes that are stored.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for SecretToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_differ_and_never_print() {
        let (one, other) = (SecretToken::generate(), SecretToken::generate());
        assert_ne!(one, other);
        assert_eq!(one.expose().len(), LENGTH);
        assert_eq!(SecretToken::parse(one.expose()).map(|token| token.hash()), Some(one.hash()));
        assert_eq!(format!("{one:?}"), "[redacted]");
        for wrong in ["", "short", "' OR 1=1 --------------------------------xx", &"é".repeat(22)] {
            assert_eq!(SecretToken::parse(wrong), None);
        }
    }
}
