//! The server itself: made, started, adopted, asked, ended.

use std::{
    fs,
    io::{Read, Seek, SeekFrom},
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use rustix::process::Signal;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection};

use super::{
    address::{Address, SUPERUSER},
    binaries::Binaries,
    error::{ClusterError, FileContext},
    options::{ClusterOptions, Durability, Places},
    pidfile::{PidFile, is_alive, signal},
    socket::{SOCKET_NAME, socket_folder, use_folder},
};

/// The log is shortened when it is larger than this.
const LOG_LIMIT_BYTES: u64 = 8 << 20;

/// What of the log is kept when it is shortened.
const LOG_KEPT_BYTES: u64 = 1 << 20;

/// How long a clean end may take.
const STOP_WITHIN: Duration = Duration::from_secs(10);

/// How long an end without ceremony may take.
const IMMEDIATE_STOP_WITHIN: Duration = Duration::from_secs(5);

/// Between two looks at something that is awaited.
const POLL: Duration = Duration::from_millis(10);

/// A server and its files.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    places: Places,
    binaries: Binaries,
    address: Address,
    // Whether a start may choose another folder for the socket: not once somebody was told of this one.
    moves: bool,
    pid: i32,
    adopted: bool,
    new: bool,
    durability: Durability,
    ready_within: Duration,
}

impl Server {
    /// Adopts the server of the data folder or starts one, without waiting until it answers. The caller holds the
    /// cluster's lock.
    pub(crate) fn launch(options: &ClusterOptions, places: &Places) -> Result<Self, ClusterError> {
        let found = version_of(&places.data)?;
        let binaries = match Binaries::find(&options.places, found.as_deref())? {
            Ok(binaries) => binaries,
            Err(installed) => {
                let found = found.unwrap_or_default();
                return Err(ClusterError::WrongVersion { data: places.data.clone(), found, installed });
            }
        };
        let mut server = Self {
            places: places.clone(),
            binaries,
            address: Address { socket_folder: PathBuf::new() },
            moves: true,
            pid: 0,
            adopted: false,
            new: found.is_none(),
            durability: options.durability,
            ready_within: options.ready_within,
        };
        if server.new {
            server.make_data(options.sync_new_data)?;
        }
        if !server.adopt()? {
            server.start()?;
        }
        Ok(server)
    }

    /// Waits until the server answers.
    pub(crate) async fn ready(mut self) -> Result<Self, ClusterError> {
        let deadline = Instant::now() + self.ready_within;
        loop {
            match self.probe().await {
                // A server that was started for tests must not carry a desk.
                Ok(durability) if self.adopted && durability != self.durability => {
                    self.stop_server().await?;
                    self = on_own_thread(self, Self::start).await?;
                    self.adopted = false;
                }
                Ok(_) => {
                    if let Some(file) = PidFile::read(&self.places.data) {
                        self.pid = file.pid;
                        return Ok(self);
                    }
                }
                Err(_not_yet) if self.has_ended() => {
                    // An adopted server may have been on its way out; after a kill, workers of the old one may hold
                    // its memory for another moment.
                    if !self.adopted && !self.log_tail().contains("pre-existing shared memory block") {
                        let _left_behind = fs::remove_dir(&self.address.socket_folder);
                        return Err(ClusterError::Ended { log: self.log_file(), tail: self.log_tail() });
                    }
                    tokio::time::sleep(POLL).await;
                    self = on_own_thread(self, Self::start).await?;
                    self.adopted = false;
                }
                Err(_not_yet) => {}
            }
            if Instant::now() >= deadline {
                return Err(ClusterError::NotReady {
                    seconds: self.ready_within.as_secs(),
                    log: self.log_file(),
                    tail: self.log_tail(),
                });
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// Starts a server that has ended again, at the same address, and waits until it answers. One that serves the data
    /// already is adopted. The caller holds the cluster's lock.
    pub(crate) async fn start_again(&self) -> Result<Self, ClusterError> {
        let again = Self { adopted: false, new: false, moves: false, ..self.clone() };
        let launched = on_own_thread(again, |server| match server.adopt()? {
            true => Ok(()),
            false => server.start(),
        });
        let server = launched.await?.ready().await?;
        if server.address == self.address {
            Ok(server)
        } else {
            Err(ClusterError::Moved { from: self.address.socket_folder.clone(), to: server.address.socket_folder })
        }
    }

    /// Whether its process lives and can be reached.
    pub(crate) fn is_serving(&self) -> bool {
        !self.has_ended() && self.address.socket_folder.join(SOCKET_NAME).exists()
    }

    pub(crate) const fn address(&self) -> &Address {
        &self.address
    }

    pub(crate) const fn pid(&self) -> i32 {
        self.pid
    }

    pub(crate) const fn was_adopted(&self) -> bool {
        self.adopted
    }

    pub(crate) const fn is_new(&self) -> bool {
        self.new
    }

    pub(crate) const fn major_version(&self) -> u32 {
        self.binaries.major()
    }

    pub(crate) async fn ensure_database(&self, database: &str) -> Result<bool, ClusterError> {
        let mut connection = self.connect().await?;
        let exists: bool = sqlx::query_scalar("select exists (select from pg_database where datname = $1)")
            .bind(database)
            .fetch_one(&mut connection)
            .await?;
        if !exists {
            let statement = format!("create database {}", quoted(database));
            sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await?;
        }
        connection.close().await?;
        Ok(!exists)
    }

    pub(crate) async fn drop_database(&self, database: &str) -> Result<(), ClusterError> {
        let mut connection = self.connect().await?;
        let statement = format!("drop database if exists {} with (force)", quoted(database));
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await?;
        connection.close().await?;
        Ok(())
    }

    pub(crate) async fn stop(self) -> Result<(), ClusterError> {
        self.stop_server().await?;
        // The folder is made again at the next start; what cannot be removed does no harm.
        let _left_behind = fs::remove_dir(&self.address.socket_folder);
        Ok(())
    }

    pub(crate) fn bound_log(&self) -> std::io::Result<()> {
        bound_log(&self.log_file(), LOG_LIMIT_BYTES, LOG_KEPT_BYTES)
    }

    async fn connect(&self) -> Result<PgConnection, ClusterError> {
        Ok(self.address.connect_options("postgres").connect().await?)
    }

    /// Asks the server how durable it is.
    async fn probe(&self) -> Result<Durability, ClusterError> {
        let answer = tokio::time::timeout(self.ready_within, async {
            let mut connection = self.connect().await?;
            let fsync: String = sqlx::query_scalar("show fsync").fetch_one(&mut connection).await?;
            connection.close().await?;
            Ok::<_, ClusterError>(fsync)
        });
        let fsync = answer.await.map_err(|elapsed| ClusterError::Interrupted(elapsed.to_string()))??;
        Ok(if fsync == "on" { Durability::Full } else { Durability::Scratch })
    }

    /// Whether there is no server any more.
    fn has_ended(&self) -> bool {
        let serves = PidFile::read(&self.places.data).is_some_and(|file| file.serves(&self.places.data));
        !serves && !is_alive(self.pid)
    }

    /// Makes the data folder beside its place and moves it there when it is complete, so that an interruption leaves
    /// no half of one.
    fn make_data(&self, sync: bool) -> Result<(), ClusterError> {
        let data = &self.places.data;
        let unfinished = self.places.state_dir.join("postgres.new");
        if unfinished.exists() {
            fs::remove_dir_all(&unfinished).context("remove the unfinished", &unfinished)?;
        }
        fs::DirBuilder::new().mode(0o700).create(&unfinished).context("make the folder", &unfinished)?;
        self.places.owner.give(&unfinished)?;
        let program = self.binaries.program("initdb");
        let mut initdb = self.places.owner.command(&program);
        initdb.arg("-D").arg(&unfinished);
        initdb.args(["-U", SUPERUSER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-instructions"]);
        if !sync {
            initdb.arg("--no-sync");
        }
        run(&mut initdb, &program)?;
        fs::rename(&unfinished, data).context("put in place", data)
    }

    /// Adopts the server that already serves the data. A server whose socket was removed is ended instead, since
    /// nobody can reach it.
    fn adopt(&mut self) -> Result<bool, ClusterError> {
        let data = &self.places.data;
        let Some(file) = PidFile::read(data) else { return Ok(false) };
        if !file.serves(data) {
            let stale = data.join("postmaster.pid");
            fs::remove_file(&stale).context("remove the stale", &stale)?;
            return Ok(false);
        }
        self.pid = file.pid;
        if let Some(folder) = file.socket_folder.filter(|folder| folder.join(SOCKET_NAME).exists()) {
            self.address.socket_folder = folder;
            self.adopted = true;
            return Ok(true);
        }
        for (kind, within) in [(Signal::INT, STOP_WITHIN), (Signal::QUIT, IMMEDIATE_STOP_WITHIN)] {
            signal(file.pid, kind);
            let deadline = Instant::now() + within;
            while Instant::now() < deadline {
                if !is_alive(file.pid) {
                    return Ok(false);
                }
                std::thread::sleep(POLL);
            }
        }
        Err(ClusterError::WillNotStop { pid: file.pid })
    }

    /// Starts the server in a session of its own: `pg_ctl` calls `setsid`, and its server is nobody's child.
    fn start(&mut self) -> Result<(), ClusterError> {
        if self.moves {
            self.address.socket_folder = socket_folder(&self.places.state_dir, &self.places.owner)?;
        } else {
            use_folder(&self.address.socket_folder, &self.places.owner)?;
        }
        self.remove_stale_socket()?;
        self.write_settings()?;
        self.bound_log().context("shorten", &self.log_file())?;
        let program = self.binaries.program("pg_ctl");
        let mut pg_ctl = self.places.owner.command(&program);
        pg_ctl.args(["start", "--no-wait", "--silent", "-D"]).arg(&self.places.data);
        pg_ctl.arg("-l").arg(self.log_file());
        // The server inherits what pg_ctl has open; a pipe of ours would never see its end.
        pg_ctl.stdout(Stdio::null()).stderr(Stdio::null());
        let status = pg_ctl.status().map_err(|source| ClusterError::Program { program: program.clone(), source })?;
        if !status.success() {
            return Err(ClusterError::ProgramFailed { program, output: format!("{status}\n{}", self.log_tail()) });
        }
        // The server writes its pid file after a moment; until then there is nothing else to go by.
        let deadline = Instant::now() + Duration::from_secs(2);
        while Instant::now() < deadline {
            if let Some(file) = PidFile::read(&self.places.data) {
                self.pid = file.pid;
                break;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        Ok(())
    }

    /// Removes what a killed server left in the socket's folder. No server serves the data, which the caller has made
    /// sure of; but the process id in the socket's lock may be in use again, or may be that of a process that has ended
    /// and is still listed, and then a new server would refuse.
    fn remove_stale_socket(&self) -> Result<(), ClusterError> {
        for name in [SOCKET_NAME.to_owned(), format!("{SOCKET_NAME}.lock")] {
            let stale = self.address.socket_folder.join(name);
            match fs::remove_file(&stale) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(error).context("remove the stale", &stale);
                }
                _ => {}
            }
        }
        Ok(())
    }

    async fn stop_server(&self) -> Result<(), ClusterError> {
        for (kind, within) in [(Signal::INT, STOP_WITHIN), (Signal::QUIT, IMMEDIATE_STOP_WITHIN)] {
            signal(self.pid, kind);
            let deadline = Instant::now() + within;
            while Instant::now() < deadline {
                if !is_alive(self.pid) {
                    return Ok(());
                }
                tokio::time::sleep(POLL).await;
            }
        }
        Err(ClusterError::WillNotStop { pid: self.pid })
    }

    /// Writes the server's settings and who may connect: whoever can enter the socket's folder.
    fn write_settings(&self) -> Result<(), ClusterError> {
        let data = &self.places.data;
        let durability = match self.durability {
            Durability::Full => "",
            Durability::Scratch => {
                "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\nautovacuum = off\nmax_connections = 200\n"
            }
        };
        let settings = format!(
            "# Written at each start.\n\
             listen_addresses = ''\nport = 5432\nunix_socket_directories = '\"{}\"'\nunix_socket_permissions = 0700\n\
             max_connections = 60\nsuperuser_reserved_connections = 2\nshared_buffers = 32MB\n\
             wal_level = minimal\nmax_wal_senders = 0\nwal_compression = on\nmax_wal_size = 256MB\nmin_wal_size = 32MB\n\
             max_worker_processes = 2\nmax_parallel_workers = 0\nmax_parallel_workers_per_gather = 0\njit = off\n\
             huge_pages = off\nautovacuum_max_workers = 1\n\
             log_min_messages = warning\nlog_min_error_statement = panic\nlog_line_prefix = '%m [%p] '\n\
             log_timezone = 'UTC'\ntimezone = 'UTC'\nlc_messages = 'C'\n{durability}",
            self.address.socket_folder.display(),
        );
        for (name, text) in [("postgresql.conf", settings.as_str()), ("pg_hba.conf", "local all all trust\n")] {
            let path = data.join(name);
            let unfinished = data.join(format!("{name}.new"));
            fs::write(&unfinished, text).context("write", &unfinished)?;
            self.places.owner.give(&unfinished)?;
            fs::rename(&unfinished, &path).context("put in place", &path)?;
        }
        Ok(())
    }

    fn log_file(&self) -> PathBuf {
        self.places.data.join("server.log")
    }

    /// The log's last lines.
    fn log_tail(&self) -> String {
        let text = end_of(&self.log_file(), 4_096).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        let tail = lines[lines.len().saturating_sub(12)..].join("\n");
        if tail.is_empty() { "(nothing)".to_owned() } else { tail }
    }
}

async fn on_own_thread(
    mut server: Server,
    work: impl FnOnce(&mut Server) -> Result<(), ClusterError> + Send + 'static,
) -> Result<Server, ClusterError> {
    let done = tokio::task::spawn_blocking(move || work(&mut server).map(|()| server));
    done.await.map_err(ClusterError::from_join)?
}

/// The major version that made a data folder; none when there is no folder.
fn version_of(data: &Path) -> Result<Option<String>, ClusterError> {
    match fs::read_to_string(data.join("PG_VERSION")) {
        Ok(text) => Ok(Some(text.trim().to_owned())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !data.exists() => Ok(None),
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => Err(error).context("read", data),
        Err(_no_version) => Err(ClusterError::NotData(data.to_owned())),
    }
}

fn run(command: &mut Command, program: &Path) -> Result<(), ClusterError> {
    let output = command.output().map_err(|source| ClusterError::Program { program: program.to_owned(), source })?;
    if output.status.success() {
        return Ok(());
    }
    let words = String::from_utf8_lossy(&output.stderr);
    let words: Vec<&str> = words.lines().collect();
    let last = words[words.len().saturating_sub(8)..].join("\n");
    Err(ClusterError::ProgramFailed { program: program.to_owned(), output: last })
}

/// Shortens a log in place to its newest part; the server appends to it, so nobody has to tell it.
fn bound_log(log: &Path, limit: u64, kept: u64) -> std::io::Result<()> {
    match fs::metadata(log) {
        Ok(found) if found.len() > limit => {
            let newest = end_of(log, kept)?;
            fs::OpenOptions::new().write(true).truncate(true).open(log)?;
            std::io::Write::write_all(&mut fs::OpenOptions::new().append(true).open(log)?, &newest)
        }
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

fn end_of(path: &Path, bytes: u64) -> std::io::Result<Vec<u8>> {
    let mut file = fs::File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(bytes)))?;
    let mut end = Vec::new();
    file.take(bytes).read_to_end(&mut end)?;
    Ok(end)
}

/// An identifier as SQL quotes it.
pub(crate) fn quoted(identifier: &str) -> String {
    format!("\"{}\"", identifier.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_keeps_its_newest_part() {
        let folder = tempfile::tempdir().expect("folder");
        let log = folder.path().join("server.log");
        bound_log(&log, 10, 4).expect("no log yet");
        fs::write(&log, "0123456789").expect("log");
        bound_log(&log, 10, 4).expect("small enough");
        assert_eq!(fs::read_to_string(&log).expect("log"), "0123456789");
        fs::write(&log, "0123456789ab").expect("log");
        bound_log(&log, 10, 4).expect("shortened");
        assert_eq!(fs::read_to_string(&log).expect("log"), "89ab");
    }

    #[test]
    fn names_are_quoted() {
        assert_eq!(quoted("a\"b"), "\"a\"\"b\"");
    }
}
