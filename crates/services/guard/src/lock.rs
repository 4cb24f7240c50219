//! One guard a desk: a lock on a file of the state directory, held for as long as the process lives.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
};

use rustix::{
    fs::{FlockOperation, flock},
    io::Errno,
};

/// Held until dropped, or until the process is gone in whatever way.
#[derive(Debug)]
pub(crate) struct Lock(#[expect(dead_code, reason = "the open file is the lock")] File);

impl Lock {
    /// Takes the lock; `None` when another guard holds it.
    pub(crate) fn take(state_dir: &Path) -> io::Result<Option<Self>> {
        std::fs::create_dir_all(state_dir)?;
        let file = File::options().create(true).truncate(false).write(true).open(path(state_dir))?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(Self(file))),
            Err(Errno::WOULDBLOCK) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

/// Whether a guard runs for the desks of this state directory, to be adopted.
///
/// # Errors
/// As the file system says.
pub fn is_running(state_dir: &Path) -> io::Result<bool> {
    Ok(Lock::take(state_dir)?.is_none())
}

fn path(state_dir: &Path) -> PathBuf {
    state_dir.join("guard.lock")
}
