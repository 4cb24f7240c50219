//! A state directory in use by one process at a time, and what an unclean end leaves behind.

use std::{
    fs::{DirBuilder, File, OpenOptions},
    io::{Read as _, Seek as _, Write as _},
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};

/// Makes the directory where there is none. Postgres runs as another user when we are root, and has to pass through.
///
/// # Errors
/// When it cannot be made.
pub fn make(path: &Path) -> anyhow::Result<()> {
    let mode = if rustix::process::geteuid().is_root() { 0o711 } else { 0o700 };
    DirBuilder::new()
        .recursive(true)
        .mode(mode)
        .create(path)
        .with_context(|| format!("cannot make the state directory {}; choose one with --state-dir", path.display()))
}

/// A state directory that this process has for itself.
#[derive(Debug)]
pub struct StateDir {
    path: PathBuf,
    lock: File,
}

impl StateDir {
    /// Takes the directory, which is made where there is none.
    ///
    /// # Errors
    /// When it cannot be written, or another process has it.
    pub fn take(path: &Path) -> anyhow::Result<Self> {
        make(path)?;
        let file = path.join("desk.lock");
        let mut lock =
            OpenOptions::new().create(true).truncate(false).read(true).write(true).open(&file).with_context(|| {
                format!("cannot write {}; choose a state directory with --state-dir", file.display())
            })?;
        if lock.try_lock().is_err() {
            let mut holder = String::new();
            let _unreadable = lock.read_to_string(&mut holder);
            bail!(
                "a desk runs in {} already ({}); stop it, or start another beside it with --state-dir DIR and \
                 --port-base PORT",
                path.display(),
                holder.trim()
            );
        }
        let mut taken = Self { path: path.to_owned(), lock };
        taken.describe(&format!("process {}", std::process::id()))?;
        Ok(taken)
    }

    /// Says who has the directory, for whoever finds it taken.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn describe(&mut self, text: &str) -> anyhow::Result<()> {
        self.lock.rewind()?;
        self.lock.set_len(0)?;
        writeln!(self.lock, "{text}").context("the lock of the state directory cannot be written")
    }

    /// The directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn marker(&self) -> PathBuf {
        self.path.join("running")
    }

    /// Whether the last desk here did not end in order.
    #[must_use]
    pub fn ended_badly(&self) -> bool {
        self.marker().exists()
    }

    /// From here on an end is unclean until [`StateDir::ended_well`].
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn begin(&self) -> anyhow::Result<()> {
        let marker = self.marker();
        std::fs::write(&marker, format!("{}\n", std::process::id()))
            .with_context(|| format!("cannot write {}", marker.display()))
    }

    /// The desk ended in order.
    ///
    /// # Errors
    /// When the mark cannot be removed.
    pub fn ended_well(&self) -> anyhow::Result<()> {
        let marker = self.marker();
        match std::fs::remove_file(&marker) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(error).with_context(|| format!("cannot remove {}", marker.display()))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_has_one_desk_and_the_second_is_told_which() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("with a space");
        let mut first = StateDir::take(&path).expect("free");
        first.describe("process 7, http://127.0.0.1:3000").expect("writable");
        let refused = StateDir::take(&path).expect_err("taken").to_string();
        assert!(refused.contains("http://127.0.0.1:3000") && refused.contains("--port-base"), "{refused}");
        drop(first);
        StateDir::take(&path).expect("free again");
    }

    #[test]
    fn an_unclean_end_is_noticed() {
        let folder = tempfile::tempdir().expect("a folder");
        let state = StateDir::take(folder.path()).expect("free");
        assert!(!state.ended_badly());
        state.begin().expect("writable");
        assert!(state.ended_badly());
        state.ended_well().expect("writable");
        assert!(!state.ended_badly());
    }
}
