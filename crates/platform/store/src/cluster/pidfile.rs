//! The server's own `postmaster.pid`: which process serves a data folder, and where.

use std::path::{Path, PathBuf};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

/// What `postmaster.pid` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PidFile {
    pub(crate) pid: i32,
    /// Folder of the socket; not yet known while the server starts.
    pub(crate) socket_folder: Option<PathBuf>,
}

impl PidFile {
    /// Reads the file in a data folder; none when there is none or it says nothing yet.
    pub(crate) fn read(data: &Path) -> Option<Self> {
        Self::parse(&std::fs::read_to_string(data.join("postmaster.pid")).ok()?)
    }

    /// Lines: pid, data folder, start time, port, socket folder, listen address, shared memory, status
    /// (src/include/utils/pidfile.h).
    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let pid = lines.next()?.trim().parse().ok().filter(|pid| *pid > 0)?;
        let socket_folder = lines.nth(3).map(str::trim).filter(|line| !line.is_empty()).map(PathBuf::from);
        Some(Self { pid, socket_folder })
    }

    /// Whether the process is alive and serves this data folder; a process id is used again after a while.
    pub(crate) fn serves(&self, data: &Path) -> bool {
        if !is_alive(self.pid) {
            return false;
        }
        // The server makes the data folder its working directory. Where that cannot be seen, its name must do.
        if cfg!(target_os = "linux") {
            let folder = std::fs::read_link(format!("/proc/{}/cwd", self.pid));
            return match (folder, data.canonicalize()) {
                (Ok(folder), Ok(data)) => folder == data,
                _ => false,
            };
        }
        let listed = std::process::Command::new("ps").args(["-o", "command=", "-p", &self.pid.to_string()]).output();
        listed.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("postgres"))
    }
}

/// Whether a process exists and has not ended. One that has ended stays listed until its parent notices.
pub(crate) fn is_alive(pid: i32) -> bool {
    let Some(process) = Pid::from_raw(pid) else { return false };
    if test_kill_process(process) == Err(rustix::io::Errno::SRCH) {
        return false;
    }
    let Ok(stat) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else { return true };
    // The state follows the name in brackets, which may itself hold brackets.
    !stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with(['Z', 'X']))
}

/// Sends a signal; a process that is gone already is no fault.
pub(crate) fn signal(pid: i32, signal: Signal) {
    if let Some(process) = Pid::from_raw(pid) {
        let _gone_already = kill_process(process, signal);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_server_writes_at_each_moment() {
        let full = "5431\n/var/lib/rec/postgres\n1763680000\n5432\n/run/rec-1a2b\n\n  5432001   3\nready   \n";
        let expected = PidFile { pid: 5431, socket_folder: Some("/run/rec-1a2b".into()) };
        assert_eq!(PidFile::parse(full), Some(expected));
        assert_eq!(PidFile::parse("77\n/data\n1763680000\n5432\n\n"), Some(PidFile { pid: 77, socket_folder: None }));
        assert_eq!(PidFile::parse(""), None);
        assert_eq!(PidFile::parse("nonsense\n"), None);
        assert_eq!(PidFile::parse("-4\n"), None);
    }

    #[test]
    fn a_process_id_that_is_used_again_is_no_server() {
        let folder = tempfile::tempdir().expect("folder");
        let own = PidFile { pid: i32::try_from(std::process::id()).expect("small"), socket_folder: None };
        assert!(is_alive(own.pid));
        assert!(!own.serves(folder.path()));
    }
}
