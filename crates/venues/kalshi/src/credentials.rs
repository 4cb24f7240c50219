//! Private keys of the exchange and the signatures made with them.

use std::{fmt, path::Path};

use aws_lc_rs::{
    rand::SystemRandom,
    rsa,
    signature::{Ed25519KeyPair, RSA_PSS_SHA256},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use rec_domain::Timestamp;
use thiserror::Error;

/// Why there is no usable key. No message contains any part of the key.
#[derive(Debug, Error)]
pub enum CredentialError {
    /// The key file cannot be read.
    #[error("cannot read the exchange key {path}: {source}; check the path and its permissions")]
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The text holds no PEM block with a private key.
    #[error(
        "{origin} holds no private key in PEM form (found: {found}); save the key exactly as the exchange showed it"
    )]
    NotAPrivateKey {
        /// Where the text came from.
        origin: String,
        /// What was there instead.
        found: String,
    },
    /// The key needs a passphrase.
    #[error("the private key in {origin} is encrypted; store it without a passphrase and restrict access to the file")]
    Encrypted {
        /// Where the text came from.
        origin: String,
    },
    /// A private key of another kind, too small, or damaged.
    #[error("the private key in {origin} is neither a sound Ed25519 key nor a sound RSA key of 2048 bits or more")]
    WrongType {
        /// Where the text came from.
        origin: String,
    },
    /// The key refused to sign.
    #[error("the exchange key could not sign the request; make a new key")]
    CannotSign,
}

/// A private key that cannot be printed.
pub struct PrivateKey(Key);

enum Key {
    Ed25519(Ed25519KeyPair),
    Rsa(Box<rsa::KeyPair>),
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({}, redacted)", self.kind())
    }
}

impl PrivateKey {
    /// Reads a key file.
    ///
    /// # Errors
    /// When the file cannot be read or holds no usable private key.
    pub fn from_pem_file(path: &Path) -> Result<Self, CredentialError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| CredentialError::Unreadable { path: path.display().to_string(), source })?;
        Self::parse(&text, &path.display().to_string())
    }

    /// Reads a key from PEM text: Ed25519 as PKCS#8, RSA as PKCS#8 or PKCS#1, told apart by their content.
    ///
    /// # Errors
    /// When the text holds no usable private key.
    pub fn from_pem(text: &str) -> Result<Self, CredentialError> {
        Self::parse(text, "the given text")
    }

    fn parse(text: &str, origin: &str) -> Result<Self, CredentialError> {
        let origin = origin.to_owned();
        let mut found = Vec::new();
        let mut rest = text;
        while let Some(block) = next_block(&mut rest) {
            if block.is_encrypted() {
                return Err(CredentialError::Encrypted { origin });
            }
            if !block.label.ends_with("PRIVATE KEY") || block.label == "OPENSSH PRIVATE KEY" {
                found.push(block.label.chars().take(40).collect::<String>());
                continue;
            }
            let compact: String = block.body.split_whitespace().collect();
            let key = BASE64_STANDARD.decode(compact).ok().and_then(|der| Key::from_der(&der));
            return key.map(Self).ok_or(CredentialError::WrongType { origin });
        }
        let found = if found.is_empty() { "no PEM block".to_owned() } else { found.join(", ") };
        Err(CredentialError::NotAPrivateKey { origin, found })
    }

    /// `ed25519` or `rsa`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self.0 {
            Key::Ed25519(_) => "ed25519",
            Key::Rsa(_) => "rsa",
        }
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, CredentialError> {
        match &self.0 {
            Key::Ed25519(pair) => Ok(pair.sign(message).as_ref().to_vec()),
            Key::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                // Salt as long as the digest, 32 bytes: the only salt that the exchange accepts.
                pair.sign(&RSA_PSS_SHA256, &SystemRandom::new(), message, &mut signature)
                    .map_err(|_unspecified| CredentialError::CannotSign)?;
                Ok(signature)
            }
        }
    }
}

impl Key {
    fn from_der(der: &[u8]) -> Option<Self> {
        if let Ok(pair) = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der) {
            return Some(Self::Ed25519(pair));
        }
        let pair = rsa::KeyPair::from_pkcs8(der).or_else(|_not_pkcs8| rsa::KeyPair::from_der(der)).ok()?;
        Some(Self::Rsa(Box::new(pair)))
    }
}

struct Block<'a> {
    label: &'a str,
    body: &'a str,
}

impl Block<'_> {
    fn is_encrypted(&self) -> bool {
        self.label.starts_with("ENCRYPTED") || self.body.contains("ENCRYPTED")
    }
}

/// The next PEM block of `rest`, which moves past it.
fn next_block<'a>(rest: &mut &'a str) -> Option<Block<'a>> {
    let (_before, after) = rest.split_once("-----BEGIN ")?;
    let (label, after) = after.split_once("-----")?;
    let (body, after) = after.split_once("-----END ")?;
    *rest = after;
    Some(Block { label, body })
}

/// A key with its identity at the exchange: what signs requests.
pub struct Signer {
    key_id: String,
    key: PrivateKey,
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer").field("key_id", &self.key_id).field("key", &self.key).finish()
    }
}

/// The three headers of an authenticated request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedHeaders {
    /// Names and values.
    pub pairs: [(&'static str, String); 3],
}

impl Signer {
    /// A signer for the key that the exchange knows as `key_id`.
    #[must_use]
    pub fn new(key_id: impl Into<String>, key: PrivateKey) -> Self {
        Self { key_id: key_id.into(), key }
    }

    /// The exchange's identity of the key, which is no secret.
    #[must_use]
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// Signs `"{milliseconds}{METHOD}{path}"` at the instant `at`.
    ///
    /// `path` is the whole path from the host's root without a query. The exchange accepts signatures up to
    /// about 5 s old and up to about 30 s ahead of its own clock (recorded on its demo environment).
    ///
    /// # Errors
    /// When the key cannot sign.
    pub fn sign(&self, at: Timestamp, method: &str, path: &str) -> Result<SignedHeaders, CredentialError> {
        let path = path.split_once('?').map_or(path, |(path, _query)| path);
        let millis = at.millis().to_string();
        let signature = self.key.sign(format!("{millis}{method}{path}").as_bytes())?;
        Ok(SignedHeaders {
            pairs: [
                ("KALSHI-ACCESS-KEY", self.key_id.clone()),
                ("KALSHI-ACCESS-TIMESTAMP", millis),
                ("KALSHI-ACCESS-SIGNATURE", BASE64_STANDARD.encode(signature)),
            ],
        })
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::{
        encoding::{AsDer, Pkcs8V1Der},
        signature::{ED25519, KeyPair as _, RSA_PSS_2048_8192_SHA256, UnparsedPublicKey},
    };

    use super::*;

    fn pem(label: &str, der: &[u8]) -> String {
        format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", BASE64_STANDARD.encode(der))
    }

    fn signature(headers: &SignedHeaders) -> Vec<u8> {
        BASE64_STANDARD.decode(&headers.pairs[2].1).expect("base64")
    }

    #[test]
    fn an_ed25519_key_signs_time_method_and_path_without_query() {
        let pair = Ed25519KeyPair::generate().expect("key");
        let der = pair.to_pkcs8v1().expect("pkcs8");
        let key = PrivateKey::from_pem(&pem("PRIVATE KEY", der.as_ref())).expect("key");
        assert_eq!(key.kind(), "ed25519");
        let headers = Signer::new("key", key)
            .sign(Timestamp::from_millis(1_790_363_592_101), "GET", "/trade-api/v2/portfolio/orders?limit=5")
            .expect("signed");
        assert_eq!(headers.pairs[1].1, "1790363592101");
        UnparsedPublicKey::new(&ED25519, pair.public_key())
            .verify(b"1790363592101GET/trade-api/v2/portfolio/orders", &signature(&headers))
            .expect("verifies");
    }

    #[test]
    fn an_rsa_key_is_read_in_both_forms_and_under_any_header() {
        let pair = rsa::KeyPair::generate(rsa::KeySize::Rsa2048).expect("key");
        let der = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).expect("pkcs8");
        // What a PKCS#8 envelope of a 2048 bit key wraps is the PKCS#1 form, from byte 26.
        let pkcs1 = &der.as_ref()[26..];
        for text in [pem("PRIVATE KEY", der.as_ref()), pem("RSA PRIVATE KEY", pkcs1), pem("PRIVATE KEY", pkcs1)] {
            let key = PrivateKey::from_pem(&text).expect("key");
            assert_eq!(key.kind(), "rsa");
            let headers = Signer::new("key", key).sign(Timestamp::from_millis(5), "POST", "/a").expect("signed");
            UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, pair.public_key().as_ref())
                .verify(b"5POST/a", &signature(&headers))
                .expect("verifies");
        }
    }

    #[test]
    fn a_key_is_never_printed() {
        let pair = Ed25519KeyPair::generate().expect("key");
        let der = pair.to_pkcs8v1().expect("pkcs8");
        let text = pem("PRIVATE KEY", der.as_ref());
        let secret = BASE64_STANDARD.encode(der.as_ref());
        let signer = Signer::new("my-key", PrivateKey::from_pem(&text).expect("key"));
        assert_eq!(format!("{signer:?}"), "Signer { key_id: \"my-key\", key: PrivateKey(ed25519, redacted) }");
        let damaged = text.replace(&secret, &secret[..secret.len() - 8]);
        let error = PrivateKey::from_pem(&damaged).expect_err("damaged");
        assert!(!format!("{error} {error:?}").contains(&secret[4..20]));
    }

    #[test]
    fn what_is_wrong_with_a_key_is_said() {
        let error = |text: &str| PrivateKey::from_pem(text).expect_err("refused");
        assert!(matches!(error(&pem("ENCRYPTED PRIVATE KEY", b"x")), CredentialError::Encrypted { .. }));
        let old_style = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: X\n\nAAAA\n-----END RSA PRIVATE KEY-----";
        assert!(matches!(error(old_style), CredentialError::Encrypted { .. }));
        assert!(matches!(error("hello"), CredentialError::NotAPrivateKey { .. }));
        assert!(matches!(error(&pem("PUBLIC KEY", b"x")), CredentialError::NotAPrivateKey { .. }));
        assert!(matches!(error(&pem("PRIVATE KEY", b"x")), CredentialError::WrongType { .. }));
        let missing = tempfile::tempdir().expect("folder").path().join("key.pem");
        let unreadable = PrivateKey::from_pem_file(&missing).expect_err("missing");
        assert!(matches!(&unreadable, CredentialError::Unreadable { .. }));
        assert!(unreadable.to_string().contains("key.pem"));
    }
}
