//! The keys that the exchange knows, and new ones for a desk.

use std::fmt;

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rsa,
    signature::{self, Ed25519KeyPair, KeyPair, RsaKeyPair, UnparsedPublicKey},
};
use base64::{Engine, engine::general_purpose::STANDARD};

use serde_json::{Value, json};

use super::TwinError;
use crate::core::Mutation;

/// What a key may do, as the usual sets of the exchange's scopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Read only.
    Read,
    /// Read, and place and cancel orders: what a desk needs.
    Trade,
    /// Read, and move cash between shards and subaccounts.
    Transfer,
    /// Everything.
    Write,
}

impl Scope {
    /// The exchange's words.
    #[must_use]
    pub const fn words(self) -> &'static [&'static str] {
        match self {
            Self::Read => &["read"],
            Self::Trade => &["read", "write::trade"],
            Self::Transfer => &["read", "write::transfer"],
            Self::Write => &["read", "write"],
        }
    }

    /// Whether a change may be asked for.
    #[must_use]
    pub const fn allows(self, mutation: &Mutation) -> bool {
        match self {
            Self::Read => false,
            Self::Trade => !mutation.is_of_cash(),
            Self::Transfer => mutation.is_of_cash(),
            Self::Write => true,
        }
    }
}

/// A key that the exchange knows.
#[derive(Debug, Clone)]
pub struct ApiKey {
    /// Its identity: `KALSHI-ACCESS-KEY`.
    pub id: String,
    /// What it may do.
    pub scope: Scope,
    /// The only subaccount that it may use, where it is locked to one.
    pub subaccount: Option<u32>,
    public: PublicKey,
}

#[derive(Debug, Clone)]
enum PublicKey {
    Ed25519(Vec<u8>),
    Rsa(Vec<u8>),
}

/// A private key in PEM form. It cannot be printed; [`PrivatePem::expose`] is for writing the key file.
pub struct PrivatePem(String);

impl PrivatePem {
    /// The text of the key file.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PrivatePem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivatePem(hidden)")
    }
}

impl ApiKey {
    /// A new Ed25519 key (PKCS#8): what the exchange recommends since September 2026.
    ///
    /// # Errors
    /// When the system gives no randomness.
    pub fn generate_ed25519(id: impl Into<String>, scope: Scope) -> Result<(Self, PrivatePem), TwinError> {
        let pair = Ed25519KeyPair::generate().map_err(|_unspecified| cannot_make("Ed25519"))?;
        let der = pair.to_pkcs8v1().map_err(|_unspecified| cannot_make("Ed25519"))?;
        let public = PublicKey::Ed25519(pair.public_key().as_ref().to_vec());
        Ok((Self { id: id.into(), scope, subaccount: None, public }, pem("PRIVATE KEY", der.as_ref())))
    }

    /// A new RSA key of 2048 bits (PKCS#8).
    ///
    /// # Errors
    /// When the system gives no randomness.
    pub fn generate_rsa(id: impl Into<String>, scope: Scope) -> Result<(Self, PrivatePem), TwinError> {
        let pair = rsa::KeyPair::generate(rsa::KeySize::Rsa2048).map_err(|_unspecified| cannot_make("RSA"))?;
        let der: Pkcs8V1Der<'_> = pair.as_der().map_err(|_unspecified| cannot_make("RSA"))?;
        let public = PublicKey::Rsa(pair.public_key().as_ref().to_vec());
        Ok((Self { id: id.into(), scope, subaccount: None, public }, pem("PRIVATE KEY", der.as_ref())))
    }

    /// The key whose private half is in a PEM file: how a twin learns the keys of a desk that has some already.
    ///
    /// # Errors
    /// When the text holds neither an Ed25519 nor an RSA private key.
    pub fn from_private_pem(id: impl Into<String>, scope: Scope, text: &str) -> Result<Self, TwinError> {
        let der = der_of(text).ok_or_else(|| TwinError::Key("this is no PEM file".to_owned()))?;
        let public = if let Ok(pair) = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der) {
            PublicKey::Ed25519(pair.public_key().as_ref().to_vec())
        } else if let Ok(pair) = RsaKeyPair::from_pkcs8(&der).or_else(|_not_pkcs8| RsaKeyPair::from_der(&der)) {
            PublicKey::Rsa(pair.public_key().as_ref().to_vec())
        } else {
            return Err(TwinError::Key("this PEM file holds neither an Ed25519 nor an RSA private key".to_owned()));
        };
        Ok(Self { id: id.into(), scope, subaccount: None, public })
    }

    /// An Ed25519 key from the 32 bytes of its public half.
    #[must_use]
    pub fn from_ed25519_public(id: impl Into<String>, scope: Scope, public: &[u8; 32]) -> Self {
        Self { id: id.into(), scope, subaccount: None, public: PublicKey::Ed25519(public.to_vec()) }
    }

    /// An RSA key from its public half as DER (PKCS#1 or SubjectPublicKeyInfo).
    #[must_use]
    pub fn from_rsa_public_der(id: impl Into<String>, scope: Scope, der: &[u8]) -> Self {
        Self { id: id.into(), scope, subaccount: None, public: PublicKey::Rsa(der.to_vec()) }
    }

    /// The same, locked to one subaccount.
    #[must_use]
    pub fn locked_to(self, subaccount: u32) -> Self {
        Self { subaccount: Some(subaccount), ..self }
    }

    /// As the account's list of keys has it.
    pub(super) fn body(&self) -> Value {
        let mut body = json!({ "api_key_id": self.id, "name": self.id, "scopes": self.scope.words() });
        if let Some(subaccount) = self.subaccount {
            body["subaccount"] = json!(subaccount);
        }
        body
    }

    /// Whether `signature` is this key's over `message`: Ed25519, or RSA-PSS with SHA-256 and a salt of 32 bytes.
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let checked = match &self.public {
            PublicKey::Ed25519(public) => {
                UnparsedPublicKey::new(&signature::ED25519, public).verify(message, signature)
            }
            PublicKey::Rsa(public) => {
                UnparsedPublicKey::new(&signature::RSA_PSS_2048_8192_SHA256, public).verify(message, signature)
            }
        };
        checked.is_ok()
    }
}

fn cannot_make(kind: &str) -> TwinError {
    TwinError::Key(format!("cannot make an {kind} key: the system gave no randomness"))
}

fn pem(label: &str, der: &[u8]) -> PrivatePem {
    let encoded = STANDARD.encode(der);
    let mut text = format!("-----BEGIN {label}-----\n");
    for chunk in encoded.as_bytes().chunks(64) {
        text.push_str(&String::from_utf8_lossy(chunk));
        text.push('\n');
    }
    text.push_str(&format!("-----END {label}-----\n"));
    PrivatePem(text)
}

fn der_of(text: &str) -> Option<Vec<u8>> {
    let body = text.split_once("-----BEGIN")?.1.split_once("-----\n").or_else(|| text.split_once("-----\r\n"))?.1;
    let body = body.split_once("-----END")?.0;
    let compact: String = body.split_whitespace().collect();
    STANDARD.decode(compact).ok()
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::{rand::SystemRandom, signature::RSA_PSS_SHA256};

    use super::*;

    #[test]
    fn an_ed25519_key_is_known_again_from_its_file_and_verifies() {
        let (key, pem) = ApiKey::generate_ed25519("k", Scope::Write).expect("made");
        let again = ApiKey::from_private_pem("k", Scope::Write, pem.expose()).expect("read");
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der_of(pem.expose()).expect("PEM")).expect("pair");
        let signature = pair.sign(b"message");
        for key in [key, again] {
            assert!(key.verifies(b"message", signature.as_ref()));
            assert!(!key.verifies(b"massage", signature.as_ref()));
        }
        assert_eq!(format!("{pem:?}"), "PrivatePem(hidden)");
    }

    #[test]
    fn an_rsa_key_verifies_pss_with_a_salt_of_the_digests_length() {
        let (_, pem) = ApiKey::generate_rsa("k", Scope::Read).expect("made");
        let key = ApiKey::from_private_pem("k", Scope::Read, pem.expose()).expect("read");
        let pair = RsaKeyPair::from_pkcs8(&der_of(pem.expose()).expect("PEM")).expect("pair");
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(&RSA_PSS_SHA256, &SystemRandom::new(), b"message", &mut signature).expect("signed");
        assert!(key.verifies(b"message", &signature));
        assert!(!key.verifies(b"massage", &signature));
        assert!(ApiKey::from_private_pem("k", Scope::Read, "nothing").is_err());
    }
}
