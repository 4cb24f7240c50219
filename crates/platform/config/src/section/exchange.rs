//! The exchange and its keys.

use std::path::PathBuf;

use rec_domain::{SeriesTicker, TimeSpan};
use serde::Deserialize;
use thiserror::Error;

use super::seconds;
use crate::{Credential, Secret, sources::read_bounded};

/// The exchange.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExchangeConfig {
    /// Series that the desk follows.
    pub series: Vec<SeriesTicker>,
    /// REST address in use, with the path of the API's version.
    pub rest_url: String,
    /// WebSocket address in use.
    pub ws_url: String,
    /// Folder of the keys.
    pub credentials_path: PathBuf,
    /// How long an answer may take.
    #[serde(rename = "request_timeout_seconds", deserialize_with = "seconds")]
    pub request_timeout: TimeSpan,
    /// How far the exchange's clock may stand from ours.
    #[serde(rename = "max_clock_distance_seconds", deserialize_with = "seconds")]
    pub max_clock_distance: TimeSpan,
    /// Key with scope read.
    pub read: ExchangeKey,
    /// Key with scope trade.
    pub write: ExchangeKey,
    /// The guard's own key with scope trade.
    pub guard: ExchangeKey,
    /// Addresses in mode prod.
    pub prod: VenueUrls,
    /// Addresses in mode demo.
    pub demo: VenueUrls,
}

/// Addresses of a venue.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VenueUrls {
    /// REST.
    pub rest_url: String,
    /// WebSocket.
    pub ws_url: String,
}

/// Where a key of the exchange is found.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExchangeKey {
    /// The key's id.
    pub key_id: Option<String>,
    /// File with the key's id, read when `key_id` is not set.
    pub key_id_file: PathBuf,
    /// File with the private key in PEM form.
    pub key_file: PathBuf,
}

/// A key of the exchange, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExchangeCredential {
    /// The key's id.
    pub key_id: String,
    /// The private key in PEM form.
    pub pem: Secret,
}

/// Why a key of the exchange cannot be used.
#[derive(Debug, Error)]
pub enum CredentialError {
    /// A file cannot be read.
    #[error("cannot read {what} from {path}: {source}; set its place with exchange.* or REC_CREDENTIALS_PATH")]
    Unreadable {
        /// What was wanted.
        what: &'static str,
        /// Where.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The file holds something else.
    #[error("{path} holds no {what}; expected {expected}")]
    WrongContent {
        /// What was wanted.
        what: &'static str,
        /// Where.
        path: PathBuf,
        /// How it would look.
        expected: &'static str,
    },
}

impl ExchangeConfig {
    /// Where the key of a scope is found; none for no key.
    #[must_use]
    pub const fn key(&self, credential: Credential) -> Option<&ExchangeKey> {
        match credential {
            Credential::None => None,
            Credential::Read => Some(&self.read),
            Credential::Write => Some(&self.write),
            Credential::Guard => Some(&self.guard),
        }
    }
}

impl ExchangeKey {
    /// Reads the key and its id.
    ///
    /// # Errors
    /// When a file is missing, unreadable or holds something else.
    pub fn read(&self) -> Result<ExchangeCredential, CredentialError> {
        let key_id = match &self.key_id {
            Some(key_id) => key_id.clone(),
            None => {
                let path = &self.key_id_file;
                let text = read_bounded(path).map_err(|source| CredentialError::Unreadable {
                    what: "the id of a key of the exchange",
                    path: path.clone(),
                    source,
                })?;
                let key_id = text.trim();
                if key_id.is_empty() || key_id.len() > 200 || key_id.contains(char::is_whitespace) {
                    return Err(CredentialError::WrongContent {
                        what: "id of a key of the exchange",
                        path: path.clone(),
                        expected: "one word, as the exchange shows it beside the key",
                    });
                }
                key_id.to_owned()
            }
        };
        let path = &self.key_file;
        let pem = read_bounded(path).map_err(|source| CredentialError::Unreadable {
            what: "a private key of the exchange",
            path: path.clone(),
            source,
        })?;
        if !pem.contains("-----BEGIN") || !pem.contains("PRIVATE KEY-----") {
            return Err(CredentialError::WrongContent {
                what: "private key",
                path: path.clone(),
                expected: "PEM text that begins with -----BEGIN ... PRIVATE KEY-----",
            });
        }
        Ok(ExchangeCredential { key_id, pem: Secret::new(pem) })
    }
}
