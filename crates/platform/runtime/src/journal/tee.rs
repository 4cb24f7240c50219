//! The machines' journals: what each consumed and said, in files that begin with the machine's state.
//!
//! A slow or full disk never holds a machine up: what finds no room is lost, and the journal goes on in a new file with
//! the state of that moment. So a gap is a gap between two files, and whoever replays knows that there is one.

use std::{io, marker::PhantomData, path::Path};

use rec_engine::{Journal, JournalEntry, Machine};
use rec_recording::journal::{FORMAT, Head, LineWriter};

use super::spool::{Bounds, Next, Spool, Stream, StreamStatus};

/// The folder of the journals below the state directory.
pub const FOLDER: &str = "journal";

/// The journals of one process. The last clone that is dropped writes what waits.
#[derive(Debug, Clone)]
pub struct Tee(Spool);

impl Tee {
    /// Journals below `<state_dir>/journal`.
    ///
    /// # Errors
    /// When the system gives no thread. A folder that cannot be written is told by the journals' status.
    pub fn start(state_dir: &Path, bounds: Bounds) -> io::Result<Self> {
        Spool::start("journal", state_dir.join(FOLDER), bounds).map(Self)
    }

    /// The journal of a machine. Each machine has one driver and so one journal in a desk.
    #[must_use]
    pub fn journal<M: Machine>(&self) -> FileJournal<M> {
        let life = uuid::Uuid::new_v4().to_string();
        FileJournal { stream: self.0.stream(M::NAME), line: LineWriter::default(), life, machine: PhantomData }
    }
}

/// The journal of one machine.
#[derive(Debug)]
pub struct FileJournal<M: Machine> {
    stream: Stream,
    line: LineWriter,
    life: String,
    machine: PhantomData<fn(M)>,
}

impl<M: Machine> FileJournal<M> {
    /// How it fares, for the service's health.
    #[must_use]
    pub fn status(&self) -> StreamStatus {
        self.stream.status()
    }

    fn begin(&mut self, machine: &M, entry: &JournalEntry<M::Input>) {
        let head = Head {
            journal: M::NAME.to_owned(),
            format: FORMAT,
            release: env!("CARGO_PKG_VERSION").to_owned(),
            computer: format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS),
            life: self.life.clone(),
            sequence: entry.sequence - 1,
            at: entry.at,
            outputs: M::OUTPUTS,
            state: machine,
        };
        match serde_json::to_vec(&head) {
            Ok(line) => self.stream.begin(line),
            Err(error) => self.stream.status().set(Some(format!("the state cannot be written as JSON: {error}"))),
        }
    }
}

impl<M: Machine> Journal<M> for FileJournal<M> {
    fn consumed(&mut self, machine: &M, entry: &JournalEntry<M::Input>) {
        match self.stream.next() {
            Next::Nothing => return,
            Next::File => self.begin(machine, entry),
            Next::Line => {}
        }
        if let Err(error) = self.line.begin(entry) {
            self.stream.status().set(Some(format!("an input cannot be written as JSON: {error}")));
        }
    }

    fn said(&mut self, outputs: &[M::Output]) {
        if !self.line.is_begun() {
            return;
        }
        match self.line.finish::<M>(outputs) {
            Ok(line) => self.stream.line(line),
            Err(error) => self.stream.status().set(Some(format!("an output cannot be written as JSON: {error}"))),
        }
    }
}

/// A machine that panicked leaves the input that it panicked at.
impl<M: Machine> Drop for FileJournal<M> {
    fn drop(&mut self) {
        if self.line.is_begun() {
            let line = self.line.abandon();
            self.stream.line(line);
        }
    }
}
