//! One process.

use std::{
    fs::OpenOptions,
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

use super::layout;

/// A process that is killed with this value.
#[derive(Debug)]
pub(super) struct Unit {
    program: &'static str,
    arguments: Vec<String>,
    home: PathBuf,
    log: PathBuf,
    child: Child,
}

impl Unit {
    /// Starts `program` in an environment that says nothing to it but its home; what it says goes to `log`.
    pub(super) fn start(program: &'static str, arguments: Vec<String>, home: PathBuf, log: PathBuf) -> Self {
        let child = spawn(program, &arguments, &home, &log);
        Self { program, arguments, home, log, child }
    }

    /// What it said so far.
    pub(super) fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Sends it a signal.
    pub(super) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("our own child");
    }

    /// Kills it and starts it again.
    pub(super) fn kill_and_restart(&mut self) {
        self.child.kill().expect("our own child");
        self.child.wait().expect("our own child");
        self.child = spawn(self.program, &self.arguments, &self.home, &self.log);
    }

    /// Asks it to end and waits for that.
    pub(super) async fn end(&mut self) -> ExitStatus {
        let _ended_already = kill_process(Pid::from_child(&self.child), Signal::TERM);
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            if let Some(status) = self.child.try_wait().expect("our own child") {
                return status;
            }
            assert!(Instant::now() < deadline, "{} does not end:\n{}", self.program, self.said());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// How it ended; none while it runs.
    pub(super) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("our own child")
    }

    /// The bytes that it uses and no file backs.
    pub(super) fn anonymous_memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).expect("Linux says it");
        let kibibytes: u64 = line.trim().trim_end_matches(" kB").trim().parse().expect("a number");
        kibibytes * 1_024
    }
}

impl Drop for Unit {
    fn drop(&mut self) {
        let _ended_already = self.child.kill();
        let _ended_already = self.child.wait();
    }
}

fn spawn(program: &str, arguments: &[String], home: &PathBuf, log: &PathBuf) -> Child {
    let file = OpenOptions::new().create(true).append(true).open(log).expect("our own folder");
    let mut command = Command::new(layout::program(program));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("REC_") {
            command.env_remove(name);
        }
    }
    command
        .args(arguments)
        .env_remove("XDG_CONFIG_HOME")
        .env_remove("XDG_STATE_HOME")
        .env("HOME", home)
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(file.try_clone().expect("a file"))
        .stderr(file)
        .spawn()
        .unwrap_or_else(|error| panic!("{program} does not start: {error}"))
}
