//! The lines of a machine's journal.
//!
//! A file is a segment. Its first line is a [`Head`] with the machine's state, every other line a [`Step`] with what it
//! consumed then, and what it said or a digest of that; so each segment can be replayed without the others.

use rec_domain::Timestamp;
use rec_engine::{JournalEntry, KeptOutputs, Machine};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use crate::block::first_eight;

/// The format that is written, and the only one that is read.
pub const FORMAT: u32 = 2;

/// The first line of a segment. `S` is the machine, or its state as text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Head<S> {
    /// The machine's name.
    pub journal: String,
    /// [`FORMAT`].
    pub format: u32,
    /// The release that wrote it.
    pub release: String,
    /// Kind of computer that wrote it, as `x86_64-linux`.
    pub computer: String,
    /// One for each life of the machine: segments of the same life follow one another.
    pub life: String,
    /// Inputs consumed before this segment.
    pub sequence: u64,
    /// When the segment was begun, in market time.
    pub at: Timestamp,
    /// How outputs stand in it.
    pub outputs: KeptOutputs,
    /// The machine's state before the segment's first input.
    pub state: S,
}

/// A step of a machine, as read.
#[derive(Debug, Deserialize)]
pub struct Step<'a> {
    /// Number of the input.
    pub sequence: u64,
    /// The instant that the machine was given.
    pub at: Timestamp,
    /// What it consumed.
    #[serde(borrow)]
    pub input: &'a RawValue,
    /// What it said; neither here nor as a digest when it said nothing.
    #[serde(borrow, default)]
    pub outputs: Option<&'a RawValue>,
    /// A digest of what it said; see [`digest`].
    #[serde(default)]
    pub digest: Option<String>,
    /// Whether the machine never came to say anything: it panicked.
    #[serde(default)]
    pub unfinished: bool,
}

/// Sixteen hexadecimal digits for the outputs of one step, written as JSON: the first of their SHA-256.
#[must_use]
pub fn digest(outputs: &[u8]) -> String {
    hex::encode(first_eight(&Sha256::digest(outputs)))
}

/// Lines of a journal while they are made.
#[derive(Debug, Default)]
pub struct LineWriter {
    line: Vec<u8>,
}

impl LineWriter {
    /// Begins the line of an input. One that was begun before and not finished is lost.
    ///
    /// # Errors
    /// When the input cannot be written as JSON.
    pub fn begin<I: Serialize>(&mut self, entry: &JournalEntry<I>) -> serde_json::Result<()> {
        self.line.clear();
        let written = serde_json::to_writer(&mut self.line, entry);
        // The closing brace follows with the outputs.
        self.line.pop();
        written.inspect_err(|_error| self.line.clear())
    }

    /// Whether an input waits for what the machine says to it.
    #[must_use]
    pub const fn is_begun(&self) -> bool {
        !self.line.is_empty()
    }

    /// The line with what the machine said.
    ///
    /// # Errors
    /// When the outputs cannot be written as JSON.
    pub fn finish<M: Machine>(&mut self, outputs: &[M::Output]) -> serde_json::Result<Vec<u8>> {
        let mut line = std::mem::take(&mut self.line);
        if !outputs.is_empty() {
            match M::OUTPUTS {
                KeptOutputs::Full => {
                    line.extend(b",\"outputs\":");
                    serde_json::to_writer(&mut line, outputs)?;
                }
                KeptOutputs::Digest => {
                    let written = serde_json::to_vec(outputs)?;
                    line.extend(b",\"digest\":\"");
                    line.extend(digest(&written).bytes());
                    line.push(b'"');
                }
            }
        }
        line.push(b'}');
        Ok(line)
    }

    /// The line without what the machine said, since it panicked.
    #[must_use]
    pub fn abandon(&mut self) -> Vec<u8> {
        let mut line = std::mem::take(&mut self.line);
        line.extend(b",\"unfinished\":true}");
        line
    }
}
