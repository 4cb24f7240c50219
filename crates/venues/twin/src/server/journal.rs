//! What must survive a crash: the configuration, every accepted mutation, and how far anyone may have seen.
//!
//! Mutations are appended and synced before their answers leave. The mark is how far the world may be played; it
//! is written before the world is, so that what is rebuilt up to the mark holds everything that anyone saw. A mark
//! needs no sync: it has to survive the process, not the machine.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use rec_domain::Timestamp;
use serde::{Deserialize, Serialize};

use super::TwinError;
use crate::core::{Mutation, Twin, TwinConfig};

const JOURNAL: &str = "twin-journal.jsonl";
const MARK: &str = "twin-mark";
/// One of the mark's two slots: nineteen digits and a line break.
const SLOT: usize = 20;

/// Whether a folder holds a world that can be taken up again.
#[must_use]
pub fn has_journal(folder: &Path) -> bool {
    folder.join(JOURNAL).is_file()
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    World(TwinConfig),
    Applied { at: Timestamp, mutation: Mutation },
}

/// The journal of a running world.
#[derive(Debug)]
pub(super) struct Journal {
    lines: File,
    path: PathBuf,
    marks: File,
    slot: u64,
}

impl Journal {
    /// A new journal; what was in the folder is gone.
    pub(super) fn create(folder: &Path, config: &TwinConfig) -> Result<Self, TwinError> {
        let path = folder.join(JOURNAL);
        let failed = |source| TwinError::Journal { path: path.clone(), source };
        std::fs::create_dir_all(folder).map_err(failed)?;
        let marks = open(&folder.join(MARK), true).map_err(failed)?;
        let lines = open(&path, true).map_err(failed)?;
        let mut journal = Self { lines, path: path.clone(), marks, slot: 0 };
        journal.append(&[Line::World(config.clone())])?;
        Ok(journal)
    }

    /// Rebuilds the world of the folder's journal; `None` when there is none.
    pub(super) fn resume(folder: &Path) -> Result<Option<(Self, Twin)>, TwinError> {
        let path = folder.join(JOURNAL);
        let failed = |source| TwinError::Journal { path: path.clone(), source };
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        // A line that was being written when the process died has no end and was never answered.
        let sound = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |place| place + 1);
        let mut twin: Option<Twin> = None;
        for (place, bytes) in text[..sound].split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).enumerate() {
            let line = place + 1;
            let parsed =
                serde_json::from_slice(bytes).map_err(|_invalid| TwinError::Damaged { path: path.clone(), line })?;
            match (parsed, &mut twin) {
                (Line::World(config), None) => twin = Some(Twin::new(config)),
                (Line::Applied { at, mutation }, Some(twin)) => {
                    twin.advance_quietly(at);
                    twin.apply(at, &mutation).map_err(|refused| TwinError::DoesNotReplay {
                        path: path.clone(),
                        line,
                        code: refused.code().to_owned(),
                    })?;
                    drop(twin.take_outputs());
                }
                _ => return Err(TwinError::Damaged { path: path.clone(), line }),
            }
        }
        let Some(mut twin) = twin else { return Ok(None) };
        let marks = open(&folder.join(MARK), false).map_err(failed)?;
        let (mark, slot) = read_mark(&marks).unwrap_or((twin.now(), 0));
        twin.advance_quietly(mark.max(twin.config().opening()));
        let lines = open(&path, false).map_err(failed)?;
        lines.set_len(u64::try_from(sound).unwrap_or(u64::MAX)).map_err(failed)?;
        let mut journal = Self { lines, path: path.clone(), marks, slot };
        io::Seek::seek(&mut journal.lines, io::SeekFrom::End(0)).map_err(failed)?;
        Ok(Some((journal, twin)))
    }

    /// Writes accepted mutations and syncs them.
    pub(super) fn accepted<'a>(
        &mut self,
        at: Timestamp,
        mutations: impl IntoIterator<Item = &'a Mutation>,
    ) -> Result<(), TwinError> {
        let applied = |mutation: &Mutation| Line::Applied { at, mutation: mutation.clone() };
        let lines: Vec<Line> = mutations.into_iter().map(applied).collect();
        if lines.is_empty() { Ok(()) } else { self.append(&lines) }
    }

    fn append(&mut self, new: &[Line]) -> Result<(), TwinError> {
        let write = |lines: &mut File| -> io::Result<()> {
            let mut text = Vec::new();
            for line in new {
                serde_json::to_writer(&mut text, line).map_err(io::Error::other)?;
                text.push(b'\n');
            }
            lines.write_all(&text)?;
            lines.sync_data()
        };
        write(&mut self.lines).map_err(|source| TwinError::Journal { path: self.path.clone(), source })
    }

    /// Allows the world to be played up to `to`. The older slot is overwritten, so that one is always sound.
    pub(super) fn mark(&mut self, to: Timestamp) -> Result<(), TwinError> {
        self.slot ^= 1;
        let text = format!("{:019}\n", to.micros());
        let offset = self.slot * SLOT as u64;
        let failed = |source| TwinError::Journal { path: self.path.clone(), source };
        self.marks.write_all_at(text.as_bytes(), offset).map_err(failed)
    }
}

fn open(path: &Path, fresh: bool) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(fresh).open(path)
}

/// The later of the two slots and its number; one that is torn does not count.
fn read_mark(marks: &File) -> Option<(Timestamp, u64)> {
    let slot = |number: u64| -> Option<(Timestamp, u64)> {
        let mut text = [0; SLOT];
        marks.read_exact_at(&mut text, number * SLOT as u64).ok()?;
        let digits = std::str::from_utf8(&text).ok()?.strip_suffix('\n')?;
        digits.parse().ok().map(|micros| (Timestamp::from_micros(micros), number))
    };
    slot(0).max(slot(1))
}
