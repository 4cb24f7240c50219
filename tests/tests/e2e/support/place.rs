//! Where a desk runs: a state directory, a home and ports of its own.

use std::{
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use rec_e2e::{ports, processes};
use tempfile::TempDir;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::{Desk, postgres, program};

/// How many places with a desk there are at a time: each is a whole desk, which mostly waits.
static SEATS: Semaphore = Semaphore::const_new(4);

/// What a command said and how it ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// The exit code; none after a signal.
    pub(crate) code: Option<i32>,
    /// Its standard output.
    pub(crate) out: String,
    /// Its error stream.
    pub(crate) err: String,
}

impl Ended {
    /// Asserts that it failed with all `words` in what it said as an error.
    pub(crate) fn assert_refused(&self, words: &[&str]) {
        assert_eq!(self.code, Some(1), "{self:?}");
        for word in words {
            assert!(self.err.contains(word), "\"{word}\" is not in: {self:?}");
        }
    }
}

impl Ended {
    /// Asserts that it ran, found something wrong, and said all `words` of it.
    pub(crate) fn assert_failed(&self, words: &[&str]) {
        assert_eq!(self.code, Some(1), "{self:?}");
        for word in words {
            assert!(self.out.contains(word), "\"{word}\" is not in: {self:?}");
        }
    }
}

/// A place of one test.
#[derive(Debug)]
pub(crate) struct Place {
    folder: TempDir,
    state: PathBuf,
    pub(crate) port_base: u16,
    _seat: Option<SemaphorePermit<'static>>,
}

impl Place {
    /// A place for a desk; none where there is no Postgres.
    pub(crate) async fn for_a_desk() -> Option<Self> {
        if !postgres::is_there() {
            return None;
        }
        let seat = SEATS.acquire().await.expect("nobody closes it");
        Some(Self::made(Some(seat)))
    }

    /// A place for commands that start no desk.
    pub(crate) fn for_commands() -> Self {
        Self::made(None)
    }

    fn made(seat: Option<SemaphorePermit<'static>>) -> Self {
        let folder = tempfile::Builder::new().prefix("rec e2e ").tempdir().expect("a folder");
        // Postgres runs as another user when root runs the tests, and has to pass through.
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).expect("our own folder");
        std::fs::create_dir(folder.path().join("home")).expect("our own folder");
        let state = folder.path().join("the state");
        Self { folder, state, port_base: ports::free_base(), _seat: seat }
    }

    /// The state directory; its path has spaces.
    pub(crate) fn state(&self) -> &Path {
        &self.state
    }

    /// Folder for whatever a test writes.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// `rec` with the place's state directory and ports, in the root folder and in an environment that says nothing
    /// else to it.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let base = self.port_base.to_string();
        let mut command = self.bare_command(arguments);
        command.arg("--state-dir").arg(&self.state).args(["--port-base", &base]);
        command
    }

    /// The same without state directory and ports.
    pub(crate) fn bare_command(&self, arguments: &[&str]) -> Command {
        let home = self.folder.path().join("home");
        let mut command = Command::new(program::rec());
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("REC_") {
                command.env_remove(name);
            }
        }
        command.env_remove("DATABASE_URL").env_remove("XDG_STATE_HOME");
        command.env("HOME", &home).env("XDG_CONFIG_HOME", home.join("config"));
        command.args(arguments).current_dir("/").stdin(Stdio::null());
        command
    }

    /// Runs a command to its end.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Ended {
        finish(self.command(arguments)).await
    }

    /// Starts a desk.
    pub(crate) fn start(&self, arguments: &[&str]) -> Desk {
        Desk::start(self.command(arguments), &self.folder)
    }

    /// Starts a desk by a command that was changed.
    pub(crate) fn start_command(&self, command: Command) -> Desk {
        Desk::start(command, &self.folder)
    }

    /// The port of a service, as the configuration has it.
    pub(crate) async fn port(&self, service: &str) -> u16 {
        self.setting(&format!("net.ports.{service}")).await
    }

    /// A port among the settings, as the configuration has it.
    pub(crate) async fn setting(&self, key: &str) -> u16 {
        let shown = self.run(&["config", "show", "--json"]).await;
        let settings: serde_json::Value = serde_json::from_str(&shown.out).expect("JSON");
        let setting = settings.as_array().expect("a list").iter().find(|setting| setting["key"] == key);
        let value = &setting.unwrap_or_else(|| panic!("no {key} in {settings}"))["value"];
        value.to_string().trim_matches('"').parse().expect("a number")
    }
}

/// Runs a command that ends by itself within a minute.
pub(crate) async fn finish(command: Command) -> Ended {
    finish_within(Duration::from_secs(60), command).await
}

/// Runs a command that ends by itself within `limit`.
pub(crate) async fn finish_within(limit: Duration, command: Command) -> Ended {
    let mut command = tokio::process::Command::from(command);
    let output = command.kill_on_drop(true).output();
    let output = tokio::time::timeout(limit, output).await.expect("it ends").expect("it runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ended { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
}

impl Drop for Place {
    fn drop(&mut self) {
        processes::end_all(self.folder.path(), &self.state);
    }
}
