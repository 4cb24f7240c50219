//! Which process holds the cluster.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{Read, Seek, SeekFrom, Write},
    path::Path,
};

use super::error::{ClusterError, FileContext};

/// The lock of a cluster, held while this lives. The operating system gives it up when the process dies, however it
/// dies, and the server does not inherit it.
#[derive(Debug)]
pub(crate) struct ClusterLock {
    _file: File,
}

impl ClusterLock {
    /// Takes the lock and writes this process's id into its file.
    pub(crate) fn take(path: &Path) -> Result<Self, ClusterError> {
        let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
        let mut file = opened.context("open the lock file", path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                // The holder is only named in a message; without its name the message still stands.
                if (&file).take(32).read_to_string(&mut holder).is_err() || holder.trim().is_empty() {
                    holder = "unknown".to_owned();
                }
                let state_dir = path.parent().unwrap_or(path).to_owned();
                return Err(ClusterError::Held { state_dir, holder: holder.trim().to_owned() });
            }
            Err(TryLockError::Error(source)) => {
                return Err(ClusterError::Io { action: "lock", path: path.to_owned(), source });
            }
        }
        file.set_len(0).context("write the lock file", path)?;
        file.seek(SeekFrom::Start(0)).context("write the lock file", path)?;
        writeln!(file, "{}", std::process::id()).context("write the lock file", path)?;
        Ok(Self { _file: file })
    }
}

/// Takes the lock of a cluster that others hold for moments only, waiting for them.
#[cfg(any(test, feature = "testing"))]
pub(crate) fn take_lock(
    options: &super::ClusterOptions,
    within: std::time::Duration,
) -> Result<(super::options::Places, ClusterLock), ClusterError> {
    let places = super::options::Places::prepare(options)?;
    let deadline = std::time::Instant::now() + within;
    loop {
        match ClusterLock::take(&places.lock_file) {
            Err(ClusterError::Held { .. }) if std::time::Instant::now() < deadline => {
                std::thread::sleep(std::time::Duration::from_millis(20));
            }
            taken => return taken.map(|lock| (places, lock)),
        }
    }
}
