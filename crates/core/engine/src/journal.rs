//! What a machine consumed and said, as its driver tells it.

use rec_domain::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Machine;

/// One consumed input.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JournalEntry<I> {
    /// Counts the inputs of this machine from 1, without gaps, for as long as its driver lives.
    pub sequence: u64,
    /// The instant that the machine was given.
    pub at: Timestamp,
    /// The input.
    pub input: I,
}

/// Takes what a machine consumed and said, before its outputs are acted on.
///
/// It must not fail: a journal that cannot write says so in its owner's health.
pub trait Journal<M: Machine> {
    /// Takes an input just before the machine does; `machine` is still without it.
    fn consumed(&mut self, machine: &M, entry: &JournalEntry<M::Input>);

    /// Takes what the machine said to the last input.
    fn said(&mut self, outputs: &[M::Output]);
}

/// Keeps nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoJournal;

impl<M: Machine> Journal<M> for NoJournal {
    fn consumed(&mut self, _machine: &M, _entry: &JournalEntry<M::Input>) {}

    fn said(&mut self, _outputs: &[M::Output]) {}
}

/// Keeps the inputs.
impl<M: Machine> Journal<M> for Vec<JournalEntry<M::Input>> {
    fn consumed(&mut self, _machine: &M, entry: &JournalEntry<M::Input>) {
        self.push(entry.clone());
    }

    fn said(&mut self, _outputs: &[M::Output]) {}
}
