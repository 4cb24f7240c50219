//! The model's fingerprints, read from their folder.

use std::{
    io,
    path::{Path, PathBuf},
};

use rec_model::{FingerprintError, FingerprintSet, fingerprint_csv::read_set};
use thiserror::Error;

/// Why there is no model.
#[derive(Debug, Error)]
pub enum ModelError {
    /// There is no such folder, or the system refuses.
    #[error(
        "the model's folder {} cannot be read: {source}; put the fingerprint files (such as \
         btc_fingerprint_directional_baseline.csv) there, or let model.fingerprint_dir name the folder that has them",
        .folder.display()
    )]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file is there and cannot be read.
    #[error("the fingerprint file {} cannot be read: {source}; it must be text that this user may read", .file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The files are no set.
    #[error(
        "the fingerprints in {} cannot be used: {source}; mend or replace the file named, or let \
         model.fingerprint_dir name another folder",
        .folder.display()
    )]
    Set {
        /// The folder.
        folder: PathBuf,
        /// Why.
        source: FingerprintError,
    },
}

/// Reads every CSV file of `folder`, in the order of their names. Blocks.
///
/// # Errors
/// When the folder or a file cannot be read, or they are no set of fingerprints.
pub fn read(folder: &Path) -> Result<FingerprintSet, ModelError> {
    let unreadable = |source| ModelError::Folder { folder: folder.to_owned(), source };
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == "csv") {
            names.push(path);
        }
    }
    names.sort();
    let mut files = Vec::with_capacity(names.len());
    for file in names {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&file).map_err(|source| ModelError::File { file, source })?;
        files.push((name, text));
    }
    read_set(files).map_err(|source| ModelError::Set { folder: folder.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_or_empty_folder_is_an_error_that_says_what_to_do() {
        let folder = tempfile::tempdir().expect("a folder");
        let missing = read(&folder.path().join("none")).expect_err("there is none").to_string();
        assert!(missing.contains("none") && missing.contains("model.fingerprint_dir"), "{missing}");
        std::fs::write(folder.path().join("notes.txt"), "not a model").expect("written");
        let empty = read(folder.path()).expect_err("nothing in it").to_string();
        assert!(empty.contains("model.fingerprint_dir"), "{empty}");
    }
}
