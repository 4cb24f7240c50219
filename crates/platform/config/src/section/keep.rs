//! What is written down for later, and how much of it is kept.

use serde::Deserialize;

/// Bounds of files below the state directory, for each stream of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeepConfig {
    /// A file with so many megabytes, uncompressed, is followed by the next.
    pub file_megabytes: u32,
    /// A file of this age is followed by the next.
    pub file_minutes: u32,
    /// Megabytes kept of each stream, compressed.
    pub keep_megabytes: u32,
    /// How long a file is kept.
    pub keep_hours: u32,
    /// Megabytes that must stay free on the disk; with less, nothing is written.
    pub reserve_megabytes: u32,
}

/// What is recorded of what exchange and spot venues send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecorderConfig {
    /// Whether anything is.
    pub enabled: bool,
    /// How much is kept.
    pub keep: KeepConfig,
}
