//! What stands beside a dump: a file that says what was counted while the dump was made.

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::{Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use rec_domain::Mode;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{
    error::{BackupError, FileContext},
    inspect::DumpFormat,
};

/// What was counted while a dump was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of REC that made it.
    pub version: String,
    /// By the server's clock, as RFC 3339.
    pub made_at: String,
    /// The mode of the books.
    pub mode: Mode,
    /// The account of the books.
    pub account: String,
    /// Form of the dump.
    pub format: DumpFormat,
    /// Major version of the server.
    pub postgres: u32,
    /// Size of the dump.
    pub bytes: u64,
    /// Of the dump, in hexadecimal.
    pub sha256: String,
    /// Rows of every table in the snapshot that was dumped.
    pub rows: BTreeMap<String, u64>,
}

/// Where the manifest of a dump stands.
#[must_use]
pub fn manifest_file(dump: &Path) -> PathBuf {
    with_ending(dump, "json")
}

/// The file's whole name with another ending after it.
pub(super) fn with_ending(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    name.into()
}

impl Manifest {
    /// The manifest of a dump; `None` where there is none, as for one made by hand.
    ///
    /// # Errors
    /// When it cannot be read, or is none.
    pub fn of(dump: &Path) -> Result<Option<Self>, BackupError> {
        let file = manifest_file(dump);
        if !file.exists() {
            return Ok(None);
        }
        let text = fs::read_to_string(&file).context("read", &file)?;
        let damaged = |error: serde_json::Error| BackupError::Damaged { file: file.clone(), what: error.to_string() };
        serde_json::from_str(&text).map(Some).map_err(damaged)
    }

    /// Writes it beside its dump.
    pub(super) fn write(&self, dump: &Path) -> Result<(), BackupError> {
        let (file, part) = (manifest_file(dump), with_ending(dump, "json.part"));
        let text = serde_json::to_string_pretty(self)
            .map_err(|error| BackupError::Damaged { file: file.clone(), what: error.to_string() })?;
        let mut opened = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o640)
            .open(&part)
            .context("write", &part)?;
        opened.write_all(text.as_bytes()).and_then(|()| opened.sync_all()).context("write", &part)?;
        fs::rename(&part, &file).context("put in place", &file)
    }

    /// Whether the dump is still the file that this was written for.
    pub(super) fn check(&self, dump: &Path) -> Result<(), BackupError> {
        let damaged = |what: String| Err(BackupError::Damaged { file: dump.to_owned(), what });
        let (bytes, sha256) = fingerprint(dump)?;
        if bytes != self.bytes {
            return damaged(format!("it has {bytes} bytes instead of {}", self.bytes));
        }
        if sha256 != self.sha256 {
            return damaged("its SHA-256 is another".to_owned());
        }
        Ok(())
    }
}

/// Size and SHA-256 of a file.
pub(super) fn fingerprint(file: &Path) -> Result<(u64, String), BackupError> {
    let mut opened = File::open(file).context("open", file)?;
    let (mut hash, mut bytes, mut piece) = (Sha256::new(), 0_u64, vec![0; 1 << 16]);
    loop {
        let read = opened.read(&mut piece).context("read", file)?;
        if read == 0 {
            return Ok((bytes, hexadecimal(&hash.finalize())));
        }
        hash.update(&piece[..read]);
        bytes += read as u64;
    }
}

/// Two digits a byte.
pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _never_fails = write!(text, "{byte:02x}");
        text
    })
}
