//! What configuration is read from: variables, files and options, handed in so that nothing here depends on
//! the process it runs in.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

/// Where a configuration is read from.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// The environment.
    pub env: BTreeMap<OsString, OsString>,
    /// The file named by `--config`, absolute.
    pub config_flag: Option<PathBuf>,
    /// Settings given on the command line, in order; a later one wins.
    pub overrides: Vec<Override>,
    /// Whether the process is root, which decides where state goes by default.
    pub is_root: bool,
    /// The files there are; the disk's when none are given.
    pub files: Option<BTreeMap<PathBuf, String>>,
}

/// A setting given on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    /// The option as the operator typed it, as `--speed`; it is named in messages.
    pub option: String,
    /// The setting, as `clock.speed`.
    pub key: String,
    /// Its value as text.
    pub value: String,
}

/// A file larger than this is no configuration.
const MAX_FILE_BYTES: u64 = 1 << 20;

impl Sources {
    /// The environment, user and disk of this process.
    #[must_use]
    pub fn of_process() -> Self {
        Self { env: std::env::vars_os().collect(), is_root: rustix::process::geteuid().is_root(), ..Self::default() }
    }

    /// Adds a setting from the command line: `option` as typed, `key` as `clock.speed`.
    #[must_use]
    pub fn with(mut self, option: impl Into<String>, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.overrides.push(Override { option: option.into(), key: key.into(), value: value.into() });
        self
    }

    /// The value of a variable that is set, not empty and text.
    pub(crate) fn var(&self, name: &str) -> Option<&str> {
        self.env.get(std::ffi::OsStr::new(name))?.to_str().filter(|value| !value.is_empty())
    }

    /// A folder named by a variable; relative ones do not count (XDG Base Directory Specification).
    fn folder_var(&self, name: &str) -> Option<PathBuf> {
        self.var(name).map(PathBuf::from).filter(|path| path.is_absolute())
    }

    /// The user's home, which may be unknown.
    pub(crate) fn home(&self) -> Option<PathBuf> {
        self.folder_var("HOME")
    }

    /// The configuration folder: `$XDG_CONFIG_HOME/rec` or `~/.config/rec`.
    #[must_use]
    pub fn config_folder(&self) -> Option<PathBuf> {
        let base = self.folder_var("XDG_CONFIG_HOME").or_else(|| Some(self.home()?.join(".config")))?;
        Some(base.join("rec"))
    }

    /// The state folder unless one is configured: `/var/lib/rec` for root, else `$XDG_STATE_HOME/rec` or
    /// `~/.local/state/rec`; none when neither is known.
    #[must_use]
    pub fn default_state_dir(&self) -> Option<PathBuf> {
        if self.is_root {
            return Some(PathBuf::from("/var/lib/rec"));
        }
        let base = self.folder_var("XDG_STATE_HOME").or_else(|| Some(self.home()?.join(".local/state")))?;
        Some(base.join("rec"))
    }

    /// The text of a file.
    ///
    /// # Errors
    /// As the file system says; also when the file is larger than a megabyte or not UTF-8.
    pub(crate) fn read(&self, path: &Path) -> io::Result<String> {
        match &self.files {
            Some(files) => files.get(path).cloned().ok_or_else(|| io::Error::from(io::ErrorKind::NotFound)),
            None => read_bounded(path),
        }
    }

    /// Whether a file exists.
    pub(crate) fn exists(&self, path: &Path) -> bool {
        match &self.files {
            Some(files) => files.contains_key(path),
            None => path.exists(),
        }
    }
}

/// Reads a text file of at most a megabyte.
pub(crate) fn read_bounded(path: &Path) -> io::Result<String> {
    if std::fs::metadata(path)?.is_dir() {
        return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder"));
    }
    let mut bytes = Vec::new();
    // A device or a pipe does not tell its length.
    std::fs::File::open(path)?.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is larger than a megabyte"));
    }
    String::from_utf8(bytes)
        .map_err(|_no_text| io::Error::new(io::ErrorKind::InvalidData, "stream did not contain valid UTF-8"))
}
