//! Events between processes.

use std::path::PathBuf;

use serde::Deserialize;

use crate::{Secret, sources::read_bounded};

/// The NATS server between the processes of a desk. Without an address events stay within each process.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BusConfig {
    /// Its address, as `nats://127.0.0.1:4222`.
    pub url: Option<String>,
    /// What the subjects begin with, before the mode.
    pub prefix: String,
    /// User, where the server wants one.
    pub user: Option<String>,
    /// File with the user's password.
    pub password_file: Option<PathBuf>,
}

impl BusConfig {
    /// User and password; none when none are configured.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn read_login(&self) -> std::io::Result<Option<(String, Secret)>> {
        let (Some(user), Some(file)) = (&self.user, &self.password_file) else { return Ok(None) };
        let text = read_bounded(file)?;
        Ok(Some((user.clone(), Secret::new(text.trim_end_matches(['\r', '\n'])))))
    }
}
