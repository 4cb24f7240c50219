//! The lines of a recording: what came from an exchange or a spot venue, as it came.

use std::borrow::Cow;

use rec_domain::Timestamp;
use serde::{Deserialize, Serialize};

/// The format that is written.
pub const FORMAT: u32 = 1;

/// The first line of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The stream's name.
    pub recording: String,
    /// [`FORMAT`].
    pub format: u32,
    /// The release that wrote it.
    pub release: String,
    /// One for each life of the process.
    pub life: String,
    /// When the file was begun, in market time.
    pub at: Timestamp,
    /// Lines that found no room since the process began.
    pub lost: u64,
}

/// Something that came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Received<'a> {
    /// When, in market time.
    pub at: Timestamp,
    /// The connection of a socket, counted from 1 in each life of the process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<u64>,
    /// What was asked: method and path with its query, never headers. `None` for frames.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub request: Option<Cow<'a, str>>,
    /// The answer's HTTP status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The frame or body, character by character.
    #[serde(borrow)]
    pub text: Cow<'a, str>,
}
