//! What was injected, with its market time: a line each, so that a failure can be replayed.

use std::{
    collections::VecDeque,
    fs::{File, OpenOptions},
    io::Write as _,
    path::Path,
};

use rec_domain::Timestamp;
use serde::Serialize;
use tracing::{info, warn};

use super::Fault;

const FILE: &str = "twin-faults.jsonl";
/// Lines that are remembered.
const KEPT: usize = 1_000;

/// A fault that was injected.
#[derive(Debug, Clone, Serialize)]
pub(in crate::server) struct Injected {
    /// Market time.
    pub(in crate::server) at: Timestamp,
    pub(in crate::server) fault: Fault,
}

/// The faults so far.
#[derive(Debug, Default)]
pub(in crate::server) struct FaultLog {
    file: Option<File>,
    kept: VecDeque<Injected>,
}

impl FaultLog {
    /// A log, in the folder where there is one.
    pub(in crate::server) fn open(folder: Option<&Path>) -> Self {
        let opened = folder.map(|folder| OpenOptions::new().create(true).append(true).open(folder.join(FILE)));
        let file = opened.transpose().unwrap_or_else(|error| {
            warn!(%error, "faults are not written down");
            None
        });
        Self { file, kept: VecDeque::new() }
    }

    pub(in crate::server) fn note(&mut self, at: Timestamp, fault: Fault) {
        let injected = Injected { at, fault };
        let line = serde_json::to_string(&injected).unwrap_or_default();
        info!(market_time = %at, fault = line, "fault injected");
        if let Some(file) = &mut self.file
            && let Err(error) = writeln!(file, "{line}")
        {
            warn!(%error, "a fault is not written down");
        }
        if self.kept.len() == KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back(injected);
    }

    pub(in crate::server) fn kept(&self) -> Vec<Injected> {
        self.kept.iter().cloned().collect()
    }
}
