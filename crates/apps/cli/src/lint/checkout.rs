//! The files that git tracks in a checkout.

use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
    process::Command,
};

use thiserror::Error;

use super::{AllowedError, Report, allowed_here, check};

/// A text file of the checkout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// Relative to the root, with slashes.
    pub path: String,
    /// What it holds; bytes that are no UTF-8 are replaced.
    pub text: String,
}

/// Why the lint did not run.
#[derive(Debug, Error)]
pub enum LintError {
    /// There is no git.
    #[error("git cannot be started ({0}): the lint reads the files that git tracks, so install git")]
    NoGit(#[source] std::io::Error),
    /// Git says no.
    #[error("{folder} is no checkout that git can list ({answer}): run the lint on a clone of the project")]
    NoCheckout {
        /// Where it was asked.
        folder: PathBuf,
        /// What it said.
        answer: String,
    },
    /// A file cannot be read.
    #[error("{file} cannot be read ({error}): mend its permissions and run the lint again")]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        error: std::io::Error,
    },
    /// The list of allowances is wrong.
    #[error(transparent)]
    Allowed(#[from] AllowedError),
}

/// Looks at every file that git tracks below `root`, which is the top of a checkout.
///
/// # Errors
/// When git cannot list the files, one cannot be read, or the list of allowances is wrong.
pub fn portability(root: &Path) -> Result<Report, LintError> {
    let allowed = allowed_here()?;
    Ok(check(&text_files(root)?, &allowed))
}

/// The text files that git tracks below `root`.
///
/// # Errors
/// When git cannot list them, or one cannot be read.
pub fn text_files(root: &Path) -> Result<Vec<SourceFile>, LintError> {
    let mut files = Vec::new();
    for path in tracked(root)? {
        let file = root.join(&path);
        match std::fs::symlink_metadata(&file) {
            Ok(metadata) if metadata.is_file() => {}
            Ok(_) => continue,
            // Tracked, and removed since the last commit.
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => return Err(LintError::Unreadable { file, error }),
        }
        let bytes = std::fs::read(&file).map_err(|error| LintError::Unreadable { file, error })?;
        if !bytes.contains(&0) {
            files.push(SourceFile { path, text: String::from_utf8_lossy(&bytes).into_owned() });
        }
    }
    Ok(files)
}

/// The top of the checkout that holds `folder`.
///
/// # Errors
/// When git cannot be started or knows no checkout there.
pub fn root_of(folder: &Path) -> Result<PathBuf, LintError> {
    let answer = git(folder, &["rev-parse", "--show-toplevel"])?;
    Ok(PathBuf::from(String::from_utf8_lossy(&answer).trim_end_matches('\n')))
}

fn tracked(root: &Path) -> Result<Vec<String>, LintError> {
    let list = git(root, &["ls-files", "-z"])?;
    Ok(list
        .split(|byte| *byte == 0)
        .filter(|path| !path.is_empty())
        .map(|path| String::from_utf8_lossy(path).into_owned())
        .collect())
}

fn git(folder: &Path, arguments: &[&str]) -> Result<Vec<u8>, LintError> {
    let output = Command::new("git").arg("-C").arg(folder).args(arguments).output().map_err(LintError::NoGit)?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let answer = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(LintError::NoCheckout { folder: folder.to_owned(), answer })
}
