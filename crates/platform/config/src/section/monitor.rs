//! What is told to the world outside of the machine.

use std::path::PathBuf;

use serde::Deserialize;

use crate::{Secret, sources::read_bounded};

/// The heartbeat to whoever watches the machine from elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MonitorConfig {
    /// The address that is asked for each minute while all is well.
    pub heartbeat_url: Option<String>,
    /// File with that address, where it is a secret.
    pub heartbeat_url_file: Option<PathBuf>,
}

impl MonitorConfig {
    /// The address, from its file where one is named; none when there is none.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn read_heartbeat_url(&self) -> std::io::Result<Option<Secret>> {
        match (&self.heartbeat_url_file, &self.heartbeat_url) {
            (Some(file), _) => Ok(Some(Secret::new(read_bounded(file)?.trim()))),
            (None, url) => Ok(url.as_deref().map(Secret::new)),
        }
    }
}
