//! As whom the server runs.

use std::{
    os::unix::{fs::MetadataExt, process::CommandExt},
    path::Path,
    process::{Command, Stdio},
};

use rustix::fs::{Gid, Uid};

use super::error::{ClusterError, FileContext};

/// The user as whom the server runs and to whom its data belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Owner {
    /// Numeric user id.
    pub(crate) uid: u32,
    /// The other user, when this process is root.
    pub(crate) other: Option<OtherUser>,
}

/// A user that is not ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OtherUser {
    pub(crate) name: &'static str,
    pub(crate) gid: u32,
}

impl Owner {
    /// This process's user, or an unprivileged one for root.
    pub(crate) fn choose() -> Result<Self, ClusterError> {
        let own = rustix::process::geteuid();
        if !own.is_root() {
            return Ok(Self { uid: own.as_raw(), other: None });
        }
        for name in ["postgres", "nobody"] {
            if let (Some(uid), Some(gid)) = (id("-u", name), id("-g", name)) {
                return Ok(Self { uid, other: Some(OtherUser { name, gid }) });
            }
        }
        Err(ClusterError::NoUser)
    }

    /// Hands a file or folder over to the server's user.
    pub(crate) fn give(&self, path: &Path) -> Result<(), ClusterError> {
        let Some(other) = &self.other else { return Ok(()) };
        rustix::fs::chown(path, Some(Uid::from_raw(self.uid)), Some(Gid::from_raw(other.gid)))
            .context("change the owner of", path)
    }

    /// Demands that the server's user can enter `folder` and all folders above it.
    pub(crate) fn can_enter(&self, folder: &Path) -> Result<(), ClusterError> {
        let Some(other) = &self.other else { return Ok(()) };
        for ancestor in folder.ancestors() {
            let found = std::fs::metadata(ancestor).context("look at", ancestor)?;
            let bit = if found.uid() == self.uid {
                0o100
            } else if found.gid() == other.gid {
                0o010
            } else {
                0o001
            };
            if found.mode() & bit == 0 {
                return Err(ClusterError::NotTraversable { folder: ancestor.to_owned(), user: other.name.to_owned() });
            }
        }
        Ok(())
    }

    /// A command that runs as the server's user, in a folder that everybody can enter, and with an environment in
    /// which no variable of another Postgres (`PGDATA`, `PGPORT`, `PGOPTIONS`) misleads it.
    pub(crate) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("LC_ALL", "C").env("TZ", "UTC").current_dir("/").stdin(Stdio::null());
        for name in ["PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "LOCALE_ARCHIVE", "TMPDIR"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        if let Some(other) = &self.other {
            command.uid(self.uid).gid(other.gid).env_remove("TMPDIR");
        }
        command
    }
}

fn id(option: &str, name: &str) -> Option<u32> {
    let output = Command::new("id").args([option, name]).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    if !output.status.success() {
        return None;
    }
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}
