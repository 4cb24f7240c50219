//! One thread that writes lines of several streams into compressed files of bounded size, age and number.
//!
//! Nobody ever waits for the disk: a line that finds no room in the queue is lost, counted, and the stream goes on in a
//! new file. When a file cannot be written, or the disk has less room left than the reserve, the stream stops, says why,
//! and is tried again every ten seconds.

use std::{
    collections::BTreeMap,
    fmt,
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use rec_config::KeepConfig;
use rec_recording::{block::BlockWriter, files};

/// Bytes that may wait for the disk, all streams of the process together.
const MOST_WAITING_BYTES: usize = 16 << 20;
/// Lines that may wait for the disk.
const MOST_WAITING_LINES: usize = 16 * 1024;
/// A block is written when it has so many bytes.
const BLOCK_BYTES: usize = 256 << 10;
/// A block is written when its first line waits for so long: what a process that is killed may lose.
const BLOCK_AGE: Duration = Duration::from_secs(2);
/// How soon after a fault writing is tried again.
const RETRY_AFTER: Duration = Duration::from_secs(10);

/// How much is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// A file that has reached so many bytes, uncompressed, is followed by the next.
    pub file_bytes: u64,
    /// A file of this age is followed by the next.
    pub file_age: Duration,
    /// Bytes kept of a stream, compressed; the file being written comes on top.
    pub keep_bytes: u64,
    /// How long a file is kept.
    pub keep_age: Duration,
    /// Bytes that must stay free on the disk.
    pub reserve_bytes: u64,
}

impl From<&KeepConfig> for Bounds {
    fn from(config: &KeepConfig) -> Self {
        let mega = |megabytes: u32| u64::from(megabytes) << 20;
        Self {
            file_bytes: mega(config.file_megabytes),
            file_age: Duration::from_secs(60 * u64::from(config.file_minutes)),
            keep_bytes: mega(config.keep_megabytes),
            keep_age: Duration::from_secs(3_600 * u64::from(config.keep_hours)),
            reserve_bytes: mega(config.reserve_megabytes),
        }
    }
}

/// How a stream fares. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct StreamStatus(Arc<Status>);

#[derive(Debug, Default)]
struct Status {
    fault: Mutex<Option<String>>,
    /// Set by the thread when a file failed, taken back by whoever gives the lines.
    broken: AtomicBool,
    lost: AtomicU64,
}

impl StreamStatus {
    /// What is wrong, as a health probe wants it.
    ///
    /// # Errors
    /// The fault, for people.
    pub fn probe(&self) -> Result<(), String> {
        self.0.fault.lock().unwrap_or_else(PoisonError::into_inner).clone().map_or(Ok(()), Err)
    }

    /// Lines that were lost since the process began.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.0.lost.load(Ordering::Relaxed)
    }

    pub(super) fn set(&self, fault: Option<String>) {
        *self.0.fault.lock().unwrap_or_else(PoisonError::into_inner) = fault;
    }

    fn lose(&self) {
        self.0.lost.fetch_add(1, Ordering::Relaxed);
    }

    fn break_off(&self, fault: String) {
        self.set(Some(fault));
        self.0.broken.store(true, Ordering::Relaxed);
    }
}

/// The thread. The last clone that is dropped writes what waits and closes the files.
#[derive(Clone)]
pub(super) struct Spool(Arc<Shared>);

struct Shared {
    messages: Option<SyncSender<Message>>,
    waiting: Arc<AtomicUsize>,
    thread: Option<JoinHandle<()>>,
    bounds: Bounds,
}

struct Message {
    stream: &'static str,
    line: Vec<u8>,
    begins: bool,
    status: StreamStatus,
}

impl Spool {
    /// Starts the thread; files go to `<folder>/<stream>/`.
    pub(super) fn start(thread: &str, folder: PathBuf, bounds: Bounds) -> io::Result<Self> {
        let (messages, received) = sync_channel(MOST_WAITING_LINES);
        let waiting = Arc::new(AtomicUsize::new(0));
        let (blocks, places) = (BlockWriter::new()?, BTreeMap::new());
        let writer = Writer { folder, bounds, waiting: Arc::clone(&waiting), blocks, places };
        let thread = std::thread::Builder::new().name(thread.to_owned()).spawn(move || writer.run(&received))?;
        Ok(Self(Arc::new(Shared { messages: Some(messages), waiting, thread: Some(thread), bounds })))
    }

    /// A stream. Each has one handle.
    pub(super) fn stream(&self, name: &'static str) -> Stream {
        Stream { name, spool: self.clone(), status: StreamStatus::default(), file: None, retry_at: None }
    }
}

impl fmt::Debug for Spool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spool").field("waiting", &self.0.waiting).finish_non_exhaustive()
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.messages = None;
        if let Some(thread) = self.thread.take() {
            // The thread catches every fault; if it panicked all the same there is nothing left to write.
            let _panicked = thread.join();
        }
    }
}

/// What a stream can take next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// A line.
    Line,
    /// A line that begins a file.
    File,
    /// Nothing: it stopped and is not tried again yet. A line was lost.
    Nothing,
}

/// Gives lines to the thread.
#[derive(Debug)]
pub(super) struct Stream {
    name: &'static str,
    spool: Spool,
    status: StreamStatus,
    /// Bytes of the present file, and since when it is written.
    file: Option<(u64, Instant)>,
    retry_at: Option<Instant>,
}

impl Stream {
    pub(super) fn status(&self) -> StreamStatus {
        self.status.clone()
    }

    /// What may come next.
    pub(super) fn next(&mut self) -> Next {
        if self.status.0.broken.swap(false, Ordering::Relaxed) {
            (self.file, self.retry_at) = (None, Some(Instant::now() + RETRY_AFTER));
        }
        let bounds = &self.spool.0.bounds;
        match self.file {
            Some((bytes, since)) if bytes < bounds.file_bytes && since.elapsed() < bounds.file_age => Next::Line,
            None if self.retry_at.is_some_and(|at| Instant::now() < at) => {
                self.status.lose();
                Next::Nothing
            }
            _ => Next::File,
        }
    }

    /// Gives a line, without its line break, that begins a file.
    pub(super) fn begin(&mut self, line: Vec<u8>) {
        self.file = Some((0, Instant::now()));
        self.push(line, true);
    }

    /// Gives a line, without its line break.
    pub(super) fn line(&mut self, line: Vec<u8>) {
        if self.file.is_some() {
            self.push(line, false);
        } else {
            self.status.lose();
        }
    }

    fn push(&mut self, line: Vec<u8>, begins: bool) {
        let (shared, bytes) = (&self.spool.0, line.len());
        let message = Message { stream: self.name, line, begins, status: self.status.clone() };
        let room = shared.waiting.fetch_add(bytes, Ordering::Relaxed) + bytes <= MOST_WAITING_BYTES;
        let taken = room && shared.messages.as_ref().is_some_and(|messages| messages.try_send(message).is_ok());
        if taken {
            if let Some((written, _since)) = &mut self.file {
                *written += bytes as u64 + 1;
            }
        } else {
            shared.waiting.fetch_sub(bytes, Ordering::Relaxed);
            self.status.lose();
            self.status.break_off("the disk is too slow: lines are lost".to_owned());
        }
    }
}

struct Writer {
    folder: PathBuf,
    bounds: Bounds,
    waiting: Arc<AtomicUsize>,
    blocks: BlockWriter,
    places: BTreeMap<&'static str, Place>,
}

/// The file of a stream, and the block that is being gathered.
struct Place {
    file: Option<File>,
    status: StreamStatus,
    text: Vec<u8>,
    lines: u32,
    next_line: u64,
    since: Instant,
}

impl Writer {
    fn run(mut self, received: &Receiver<Message>) {
        loop {
            match received.recv_timeout(BLOCK_AGE / 4) {
                Ok(message) => self.take(message),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            for place in self.places.values_mut().filter(|place| place.lines > 0) {
                if place.text.len() >= BLOCK_BYTES || place.since.elapsed() >= BLOCK_AGE {
                    place.write_block(&mut self.blocks, &self.bounds);
                }
            }
        }
        self.places.values_mut().for_each(|place| place.close(&mut self.blocks, &self.bounds));
    }

    fn take(&mut self, message: Message) {
        let Message { stream, line, begins, status } = message;
        self.waiting.fetch_sub(line.len(), Ordering::Relaxed);
        if begins {
            if let Some(mut before) = self.places.remove(stream) {
                before.close(&mut self.blocks, &self.bounds);
            }
            match open(&self.folder.join(stream), &self.bounds) {
                Ok(file) => {
                    status.set(None);
                    let (text, since) = (Vec::with_capacity(BLOCK_BYTES + BLOCK_BYTES / 4), Instant::now());
                    let place = Place { file: Some(file), status: status.clone(), text, lines: 0, next_line: 1, since };
                    self.places.insert(stream, place);
                }
                Err(error) => {
                    let folder = self.folder.join(stream);
                    status.lose();
                    return status.break_off(format!("no file can be begun in {}: {error}", folder.display()));
                }
            }
        }
        match self.places.get_mut(stream) {
            Some(place) if place.file.is_some() => place.add(line),
            _ => status.lose(),
        }
    }
}

impl Place {
    fn add(&mut self, line: Vec<u8>) {
        if self.lines == 0 {
            self.since = Instant::now();
        }
        if self.lines == 0 && line.len() > BLOCK_BYTES {
            // A machine's whole state: it is not copied.
            self.text = line;
            self.text.reserve_exact(1);
        } else {
            self.text.extend(line);
        }
        self.text.push(b'\n');
        self.lines += 1;
    }

    fn write_block(&mut self, blocks: &mut BlockWriter, bounds: &Bounds) {
        let written = blocks.block(&self.text, self.lines, self.next_line).and_then(|block| {
            let Some(file) = &mut self.file else { return Ok(()) };
            leave_reserve(file, bounds)?;
            file.write_all(&block)
        });
        if let Err(error) = written {
            self.status.0.lost.fetch_add(u64::from(self.lines), Ordering::Relaxed);
            self.status.break_off(format!("the file cannot be written: {error}"));
            self.file = None;
        }
        self.next_line += u64::from(self.lines);
        self.lines = 0;
        self.text.clear();
        // One long line must not keep its memory for ever.
        self.text.shrink_to(2 * BLOCK_BYTES);
    }

    /// Writes what waits and the block that says that nothing follows.
    fn close(&mut self, blocks: &mut BlockWriter, bounds: &Bounds) {
        if self.lines > 0 {
            self.write_block(blocks, bounds);
        }
        if self.file.is_some() {
            self.write_block(blocks, bounds);
        }
    }
}

/// Begins the next file of a stream and removes those beyond the bounds.
fn open(folder: &Path, bounds: &Bounds) -> io::Result<File> {
    fs::create_dir_all(folder)?;
    let known = files::list(folder)?;
    let number = known.last().map_or(1, |last| last.number + 1);
    let mut kept = 0;
    for old in known.iter().rev() {
        let about = fs::metadata(&old.path)?;
        kept += about.len();
        // A file from the future, after the clock was set back, is kept.
        let age = about.modified()?.elapsed().unwrap_or_default();
        if kept > bounds.keep_bytes || age > bounds.keep_age {
            fs::remove_file(&old.path)?;
        }
    }
    let file = File::options().append(true).create_new(true).open(files::path(folder, number))?;
    leave_reserve(&file, bounds)?;
    Ok(file)
}

fn leave_reserve(file: &File, bounds: &Bounds) -> io::Result<()> {
    let disk = rustix::fs::fstatvfs(file)?;
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    if free >= bounds.reserve_bytes {
        return Ok(());
    }
    let (free, reserve) = (free >> 20, bounds.reserve_bytes >> 20);
    Err(io::Error::new(
        io::ErrorKind::StorageFull,
        format!("the disk has {free} MiB left, and {reserve} MiB are to stay free (reserve_megabytes)"),
    ))
}
