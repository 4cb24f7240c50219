//! The numbered files of a folder.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// How every file ends.
pub const EXTENSION: &str = "jsonl.zst";

/// A file of a folder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Numbered {
    /// Counts up.
    pub number: u64,
    /// Where it is.
    pub path: PathBuf,
}

/// The name of a file.
#[must_use]
pub fn path(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number:08}.{EXTENSION}"))
}

/// The files of a folder, oldest first. Other files are passed over.
///
/// # Errors
/// When the folder cannot be read.
pub fn list(folder: &Path) -> io::Result<Vec<Numbered>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let number = name.to_str().and_then(|name| name.strip_suffix(EXTENSION)?.strip_suffix('.')?.parse().ok());
        files.extend(number.map(|number| Numbered { number, path: entry.path() }));
    }
    files.sort_unstable();
    Ok(files)
}

/// The folders of a folder by name, each of which holds one stream. A folder that is not there has none.
///
/// # Errors
/// When it cannot be read.
pub fn streams(folder: &Path) -> io::Result<Vec<String>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            names.extend(entry.file_name().into_string().ok());
        }
    }
    names.sort_unstable();
    Ok(names)
}
