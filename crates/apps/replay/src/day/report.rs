//! What became of a replay.

use std::path::PathBuf;

use rec_domain::Timestamp;
use serde::Serialize;

use super::LinkReport;

/// Inputs that were consumed and are in no file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// The last number before it.
    pub after: u64,
    /// How many inputs.
    pub inputs: u64,
}

/// What differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// What the machine said to an input.
    Outputs,
    /// The machine's state at the beginning of a file.
    State,
}

/// A place at which the machine is not what it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The file of the journal.
    pub file: PathBuf,
    /// Number of the input, or of the last input before the state.
    pub sequence: u64,
    /// Its instant.
    pub at: Timestamp,
    /// What differs.
    pub part: Part,
    /// What the journal has: text, or the digest of it.
    pub recorded: String,
    /// What the replay gave.
    pub replayed: String,
}

/// One machine.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct MachineReport {
    /// Its name.
    pub machine: String,
    /// Files that were replayed.
    pub segments: u64,
    /// How often the machine began anew.
    pub lives: u64,
    /// Inputs replayed and compared.
    pub inputs: u64,
    /// Outputs replayed and compared.
    pub outputs: u64,
    /// Bytes of its files.
    pub bytes: u64,
    /// Instant of the first and last input that was replayed.
    pub from: Option<Timestamp>,
    /// See `from`.
    pub to: Option<Timestamp>,
    /// Inputs that are missing.
    pub gaps: Vec<Gap>,
    /// Files that were not closed: the process was killed, still runs, or the end was cut off.
    pub unclosed: Vec<PathBuf>,
    /// Files, or parts of them, that cannot be read, and why.
    pub damages: Vec<String>,
    /// Inputs that could not be compared, since a damage or gap before them hides the machine's state.
    pub unverified: u64,
    /// How many steps or states differ.
    pub differences: u64,
    /// The first of them.
    pub first_difference: Option<Difference>,
}

impl MachineReport {
    /// Whether everything that is there is as it was. Gaps and killed processes are said and are no fault of the machine.
    #[must_use]
    pub fn is_same(&self) -> bool {
        self.differences == 0 && self.damages.is_empty()
    }

    /// Whether nothing is missing between its first and its last input.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.gaps.is_empty() && self.damages.is_empty()
    }
}

/// Everything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DayReport {
    /// The machines by name.
    pub machines: Vec<MachineReport>,
    /// What went from one machine to another.
    pub links: Vec<LinkReport>,
}

impl DayReport {
    /// Whether every machine said what it said then, and was told only what another one said.
    #[must_use]
    pub fn is_same(&self) -> bool {
        self.machines.iter().all(MachineReport::is_same) && self.links.iter().all(LinkReport::fits)
    }
}
