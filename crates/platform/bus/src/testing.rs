//! A NATS server for tests: on a port of its own, with nothing on disk but its configuration, ended with its value.

use std::{
    io,
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use tempfile::TempDir;

/// How long a server may take to listen on a loaded machine.
const LISTENS_WITHIN: Duration = Duration::from_secs(20);

/// A NATS server that a test may stop and start again.
#[derive(Debug)]
pub struct NatsServer {
    program: PathBuf,
    folder: TempDir,
    port: u16,
    child: Option<Child>,
}

impl NatsServer {
    /// A server with `configuration` beyond its address, in the server's own form. `None`, with a word on standard
    /// output, where no `nats-server` is installed; a panic there when `REC_TEST_REQUIRE=1`.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn start(configuration: &str) -> Option<Self> {
        let Some(program) = program() else {
            let required = std::env::var_os("REC_TEST_REQUIRE").is_some_and(|value| value == "1");
            let missing = "no nats-server was found; on Debian: apt-get install nats-server";
            assert!(!required, "REC_TEST_REQUIRE=1 and {missing}");
            println!("SKIPPED: {missing}");
            return None;
        };
        let prepared = prepare(configuration);
        let (folder, port) = prepared.unwrap_or_else(|error| panic!("no place for a NATS server: {error}"));
        let mut server = Self { program, folder, port, child: None };
        server.resume();
        Some(server)
    }

    /// Where it listens, as `nats://127.0.0.1:4222`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("nats://{}:{}", Ipv4Addr::LOCALHOST, self.port)
    }

    /// Its process, while it runs.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// Ends it by force.
    pub fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ended_already = child.kill();
            let _ended_already = child.wait();
        }
    }

    /// Starts it again at the same address.
    ///
    /// # Panics
    /// When it does not start.
    pub fn resume(&mut self) {
        let spawned = Command::new(&self.program)
            .arg("-c")
            .arg(self.folder.path().join("nats.conf"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let child = spawned.unwrap_or_else(|error| panic!("{} does not start: {error}", self.program.display()));
        self.child = Some(child);
        let deadline = Instant::now() + LISTENS_WITHIN;
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_err() {
            assert!(Instant::now() < deadline, "the NATS server does not listen on port {}", self.port);
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for NatsServer {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The server program: in PATH, or where Debian puts it, which is not in everybody's PATH.
fn program() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into()]);
    folders.map(|folder| folder.join("nats-server")).find(|program| program.is_file())
}

fn prepare(configuration: &str) -> io::Result<(TempDir, u16)> {
    let folder = tempfile::Builder::new().prefix("rec-nats-").tempdir()?;
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
    let text = format!("listen: \"{}:{port}\"\n{configuration}\n", Ipv4Addr::LOCALHOST);
    std::fs::write(folder.path().join("nats.conf"), text)?;
    Ok((folder, port))
}
