//! Arming.

use std::path::PathBuf;

use serde::Deserialize;

/// Arming of modes whose money is real.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArmingConfig {
    /// File with the secret of the second factor, in base32; trade-manager alone needs to read it.
    pub totp_secret_file: PathBuf,
}
