//! The machines' journals: every input a machine consumed, as JSON lines in bounded files below
//! `<state_dir>/journal/<machine>/`.
//!
//! One thread of the process writes for all its machines, so that a slow or full disk never holds a machine up: what
//! finds no room is dropped, and the journal says so in the health of its service until a new file could be begun.

use std::{
    collections::BTreeMap,
    fmt, io,
    marker::PhantomData,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use rec_engine::{Journal, JournalEntry, Machine};
use serde::Serialize;

use crate::rotating::{Bounds, RotatingFile};

/// What is kept of each machine: sixteen megabytes.
pub const BOUNDS: Bounds = Bounds { bytes_per_file: 4 << 20, files: 4 };

/// Bytes that may wait for the disk, all machines of the process together.
const MOST_WAITING_BYTES: usize = 8 << 20;
/// Lines that may wait for the disk.
const MOST_WAITING_LINES: usize = 16 * 1024;
/// How often files are flushed, and how soon after a fault writing is tried again.
const FLUSH_EVERY: Duration = Duration::from_secs(1);
const RETRY_AFTER: Duration = Duration::from_secs(10);

/// The journals of one process. The last clone that is dropped flushes them.
#[derive(Clone)]
pub struct Tee {
    shared: Arc<Shared>,
}

struct Shared {
    lines: Option<SyncSender<Message>>,
    waiting: Arc<AtomicUsize>,
    thread: Option<JoinHandle<()>>,
}

enum Message {
    Line { machine: &'static str, line: Vec<u8>, status: JournalStatus },
}

/// Whether a machine's journal is being written. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct JournalStatus(Arc<Mutex<Option<String>>>);

impl JournalStatus {
    /// What is wrong, as a health probe wants it.
    ///
    /// # Errors
    /// The fault, for people.
    pub fn probe(&self) -> Result<(), String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone().map_or(Ok(()), Err)
    }

    fn set(&self, fault: Option<String>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = fault;
    }
}

impl Tee {
    /// Journals below `<state_dir>/journal`.
    ///
    /// # Errors
    /// When the system gives no thread. A folder that cannot be written is told by the journals' status.
    pub fn start(state_dir: &Path) -> io::Result<Self> {
        Self::with_bounds(state_dir, BOUNDS)
    }

    /// As [`Tee::start`], keeping less or more.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn with_bounds(state_dir: &Path, bounds: Bounds) -> io::Result<Self> {
        let (lines, received) = sync_channel(MOST_WAITING_LINES);
        let waiting = Arc::new(AtomicUsize::new(0));
        let writer =
            Writer { folder: state_dir.join("journal"), bounds, waiting: Arc::clone(&waiting), files: BTreeMap::new() };
        let thread = std::thread::Builder::new().name("journal".to_owned()).spawn(move || writer.run(&received))?;
        Ok(Self { shared: Arc::new(Shared { lines: Some(lines), waiting, thread: Some(thread) }) })
    }

    /// The journal of a machine. Each machine has one driver and so one journal in a desk.
    #[must_use]
    pub fn journal<M: Machine>(&self) -> FileJournal<M::Input> {
        FileJournal { machine: M::NAME, tee: self.clone(), status: JournalStatus::default(), input: PhantomData }
    }
}

impl fmt::Debug for Tee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tee").field("waiting", &self.shared.waiting).finish_non_exhaustive()
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.lines = None;
        if let Some(thread) = self.thread.take() {
            // The thread catches every fault; if it panicked all the same there is nothing left to flush.
            let _panicked = thread.join();
        }
    }
}

/// The journal of one machine.
#[derive(Debug)]
pub struct FileJournal<I> {
    machine: &'static str,
    tee: Tee,
    status: JournalStatus,
    input: PhantomData<fn(I)>,
}

impl<I> FileJournal<I> {
    /// Whether it is being written, for the service's health.
    #[must_use]
    pub fn status(&self) -> JournalStatus {
        self.status.clone()
    }
}

impl<I: Serialize> Journal<I> for FileJournal<I> {
    fn record(&mut self, entry: &JournalEntry<I>) {
        let line = match serde_json::to_vec(entry) {
            Ok(line) => line,
            Err(error) => return self.status.set(Some(format!("an input cannot be written as JSON: {error}"))),
        };
        let shared = &self.tee.shared;
        let bytes = line.len();
        if shared.waiting.fetch_add(bytes, Ordering::Relaxed) + bytes > MOST_WAITING_BYTES {
            shared.waiting.fetch_sub(bytes, Ordering::Relaxed);
            return self.status.set(Some("the disk is too slow: inputs are not journalled".to_owned()));
        }
        let message = Message::Line { machine: self.machine, line, status: self.status.clone() };
        let sent = shared.lines.as_ref().map(|lines| lines.try_send(message));
        if let Some(Err(TrySendError::Full(_) | TrySendError::Disconnected(_))) = sent {
            shared.waiting.fetch_sub(bytes, Ordering::Relaxed);
            self.status.set(Some("the disk is too slow: inputs are not journalled".to_owned()));
        }
    }
}

/// The first line that a process writes: the sequence of the lines after it begins at 1.
#[derive(Serialize)]
struct Header {
    journal: &'static str,
    format: u32,
}

struct Writer {
    folder: PathBuf,
    bounds: Bounds,
    waiting: Arc<AtomicUsize>,
    files: BTreeMap<&'static str, Place>,
}

struct Place {
    file: Result<RotatingFile, Instant>,
    status: JournalStatus,
}

impl Writer {
    fn run(mut self, received: &Receiver<Message>) {
        let mut flushed = Instant::now();
        loop {
            match received.recv_timeout(FLUSH_EVERY.saturating_sub(flushed.elapsed())) {
                Ok(Message::Line { machine, line, status }) => {
                    self.waiting.fetch_sub(line.len(), Ordering::Relaxed);
                    self.write(machine, &line, status);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return self.flush(),
            }
            if flushed.elapsed() >= FLUSH_EVERY {
                self.flush();
                flushed = Instant::now();
            }
        }
    }

    fn write(&mut self, machine: &'static str, line: &[u8], status: JournalStatus) {
        let (folder, bounds) = (self.folder.join(machine), self.bounds);
        let place = self.files.entry(machine).or_insert_with(|| {
            let file = begin(&folder, bounds, machine, &status);
            Place { file, status: status.clone() }
        });
        place.status = status;
        if place.file.as_ref().is_err_and(|failed| failed.elapsed() >= RETRY_AFTER) {
            place.file = begin(&folder, bounds, machine, &place.status);
        }
        place.attempt(|file| file.line(line));
    }

    fn flush(&mut self) {
        self.files.values_mut().for_each(|place| place.attempt(RotatingFile::flush));
    }
}

impl Place {
    fn attempt(&mut self, write: impl FnOnce(&mut RotatingFile) -> io::Result<()>) {
        if let Ok(file) = &mut self.file {
            match write(file) {
                Ok(()) => self.status.set(None),
                Err(error) => {
                    self.status.set(Some(format!("the journal cannot be written: {error}")));
                    self.file = Err(Instant::now());
                }
            }
        }
    }
}

fn begin(
    folder: &Path,
    bounds: Bounds,
    machine: &'static str,
    status: &JournalStatus,
) -> Result<RotatingFile, Instant> {
    let begun = RotatingFile::start(folder, "jsonl", bounds).and_then(|mut file| {
        let header = serde_json::to_vec(&Header { journal: machine, format: 1 })?;
        file.line(&header)?;
        Ok(file)
    });
    match begun {
        Ok(file) => {
            status.set(None);
            Ok(file)
        }
        Err(error) => {
            status.set(Some(format!("no journal can be begun in {}: {error}", folder.display())));
            Err(Instant::now())
        }
    }
}

#[cfg(test)]
mod tests {
    use rec_domain::Timestamp;

    use super::*;

    struct Counter;

    impl Machine for Counter {
        type Input = u32;
        type Output = ();
        const NAME: &'static str = "counter";
        fn wake() -> u32 {
            0
        }
        fn step(&mut self, _now: Timestamp, _input: u32) -> Vec<()> {
            Vec::new()
        }
        fn next_wakeup(&self) -> Option<Timestamp> {
            None
        }
    }

    fn entry(sequence: u64) -> JournalEntry<u32> {
        JournalEntry { sequence, at: Timestamp::from_seconds(1), input: 7 }
    }

    #[test]
    fn every_input_is_on_disk_when_the_process_ends_in_order() {
        let folder = tempfile::tempdir().expect("a folder");
        let tee = Tee::start(folder.path()).expect("a thread");
        let mut journal = tee.journal::<Counter>();
        (1..=1_000).for_each(|sequence| journal.record(&entry(sequence)));
        let status = journal.status();
        drop((tee, journal));
        assert_eq!(status.probe(), Ok(()));
        let text = std::fs::read_to_string(folder.path().join("journal/counter/00000001.jsonl")).expect("written");
        let mut lines = text.lines();
        assert_eq!(lines.next(), Some(r#"{"journal":"counter","format":1}"#));
        let read: Vec<JournalEntry<u32>> = lines.map(|line| serde_json::from_str(line).expect("an entry")).collect();
        assert_eq!(read, (1..=1_000).map(entry).collect::<Vec<_>>());
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_a_complaint_and_no_panic() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("journal"), "a file in the way").expect("written");
        let tee = Tee::start(folder.path()).expect("a thread");
        let mut journal = tee.journal::<Counter>();
        journal.record(&entry(1));
        let status = journal.status();
        drop((tee, journal));
        assert!(status.probe().expect_err("cannot be written").contains("no journal can be begun"));
    }
}
