//! A desk that runs.

use std::{
    fs::File,
    path::PathBuf,
    process::{Child, Command, ExitStatus},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::time::sleep;

/// How long a desk may take to start on a loaded machine.
const START: Duration = Duration::from_secs(60);

/// Between two looks.
const LOOK: Duration = Duration::from_millis(20);

/// A process that runs a desk; killed with this value. Its place clears away what it leaves behind.
#[derive(Debug)]
pub(crate) struct Desk {
    child: Child,
    out: PathBuf,
    err: PathBuf,
}

impl Desk {
    pub(super) fn start(mut command: Command, folder: &TempDir) -> Self {
        let number = std::fs::read_dir(folder).expect("our own folder").count();
        let file = |end: &str| folder.path().join(format!("{number}.{end}"));
        let (out, err) = (file("out"), file("err"));
        let opened = |file: &PathBuf| File::create(file).expect("our own folder");
        let child = command.stdout(opened(&out)).stderr(opened(&err)).spawn().expect("rec starts");
        Self { child, out, err }
    }

    /// What it said so far on standard output.
    pub(crate) fn said(&self) -> String {
        std::fs::read_to_string(&self.out).expect("our own file")
    }

    /// What it said so far on the error stream.
    pub(crate) fn complained(&self) -> String {
        std::fs::read_to_string(&self.err).expect("our own file")
    }

    /// Waits until it is up and gives the one-time link with which the operator logs in.
    pub(crate) async fn link(&mut self) -> String {
        self.await_said(|text| {
            let link = text.lines().find_map(|line| line.split_once("open ").map(|(_, link)| link.trim()))?;
            link.contains("token=").then(|| link.to_owned())
        })
        .await
    }

    /// Waits until `read` finds something in what it said on both streams, which is whole lines.
    pub(crate) async fn await_said<T>(&mut self, read: impl Fn(&str) -> Option<T>) -> T {
        let deadline = Instant::now() + START;
        loop {
            let text = self.said() + &self.complained();
            if let Some(found) = read(&text).filter(|_found| text.ends_with('\n')) {
                return found;
            }
            let ended = self.child.try_wait().expect("our own child");
            assert!(ended.is_none(), "it ended with {ended:?}:\n{text}");
            assert!(Instant::now() < deadline, "it did not say it after {START:?}:\n{text}");
            sleep(LOOK).await;
        }
    }

    /// Waits for its end.
    pub(crate) async fn end(&mut self, within: Duration) -> ExitStatus {
        let deadline = Instant::now() + within;
        loop {
            if let Some(status) = self.child.try_wait().expect("our own child") {
                return status;
            }
            assert!(Instant::now() < deadline, "it runs on after {within:?}:\n{}{}", self.said(), self.complained());
            sleep(LOOK).await;
        }
    }

    /// The summary that a demo with `--for` and `--json` gives at its end, whatever its exit code.
    pub(crate) async fn summary(&mut self, within: Duration) -> (ExitStatus, serde_json::Value) {
        let status = self.end(within).await;
        let summary = serde_json::from_str(&self.said())
            .unwrap_or_else(|error| panic!("no summary ({error}), {status}:\n{}", self.complained()));
        (status, summary)
    }

    /// Its anonymous memory in kB, where the system tells it.
    pub(crate) fn anonymous_kb(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"))?;
        line.split_whitespace().next()?.parse().ok()
    }

    /// Whether it still runs.
    pub(crate) fn runs(&mut self) -> bool {
        self.child.try_wait().expect("our own child").is_none()
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("our own child");
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _ended_already = self.child.kill();
        let _ended_already = self.child.wait();
    }
}
