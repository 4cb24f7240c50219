//! Databases for tests: one throw-away cluster for all test processes of a user, and for each test a database of its
//! own, copied from a migrated template.
//!
//! The cluster stands in the temporary folder and is started by whoever needs it first. Every process that uses it
//! holds a shared lock; a small watcher removes the cluster once nobody has held that lock for a while (where
//! `flock` is installed; elsewhere it stays and is used again). `REC_TEST_DATABASE_URL` names another server
//! instead, on which the user may create databases. `DATABASE_URL` is never read.

use std::{
    fs::{File, OpenOptions},
    os::unix::{
        fs::{DirBuilderExt, MetadataExt},
        process::CommandExt,
    },
    path::Path,
    process::{Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, PgConnection, PgPool,
    migrate::Migrator,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use crate::cluster::{ClusterError, ClusterOptions, Durability, Server, is_alive, take_lock};

/// How long a test waits for others that start or remove the cluster.
const WAIT_FOR_OTHERS: Duration = Duration::from_secs(60);

/// Looks every 20 s whether anybody uses the cluster; ends it and removes its folders when nobody does.
const WATCHER: &str = r#"
while sleep 20; do
  if flock -n -x "$1" sh -c '
    pid=$(head -n 1 "$1/postgres/postmaster.pid" 2>/dev/null)
    if [ -n "$pid" ]; then
      kill -INT "$pid" 2>/dev/null
      for i in 1 2 3 4 5 6 7 8 9 10; do [ -e "$1/postgres/postmaster.pid" ] || break; sleep 1; done
    fi
    rm -rf "$1" "$2"' rec-test-cluster "$2" "$3"
  then exit 0; fi
done
"#;

/// A database of one test, dropped with this value.
#[derive(Debug)]
pub struct TestDatabase {
    name: String,
    administrator: PgConnectOptions,
}

/// The server that the tests of this process use.
#[derive(Debug)]
struct SharedServer {
    administrator: PgConnectOptions,
    /// Says to the watcher that the cluster is in use, as long as the process lives.
    _in_use: Option<File>,
}

impl TestDatabase {
    /// A new database that `migrator` has brought up to date. `None`, with a word on standard output, where no Postgres
    /// is installed; a panic there when `REC_TEST_REQUIRE=1`.
    ///
    /// # Panics
    /// When the server cannot be used or a migration fails: the test cannot say anything then.
    pub async fn new(migrator: &Migrator) -> Option<Self> {
        let administrator = shared_server()?.administrator.clone();
        let template = match template(&administrator, migrator).await {
            Ok(template) => template,
            Err(error) => panic!("cannot prepare the template of the test databases: {error}"),
        };
        Some(Self::create(administrator, Some(&template)).await)
    }

    /// A new database without tables; otherwise as [`TestDatabase::new`].
    ///
    /// # Panics
    /// When the server cannot be used.
    pub async fn empty() -> Option<Self> {
        let administrator = shared_server()?.administrator.clone();
        Some(Self::create(administrator, None).await)
    }

    async fn create(administrator: PgConnectOptions, template: Option<&str>) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        // Process ids are used again, also in other containers on one server.
        let distinct = &uuid::Uuid::new_v4().simple().to_string()[..8];
        let name = format!("rec_test_{}_{number}_{distinct}", std::process::id());
        let from = template.map(|template| format!(" template \"{template}\"")).unwrap_or_default();
        let created = execute(&administrator, &format!("create database \"{name}\"{from}")).await;
        if let Err(error) = created {
            panic!("cannot create a test database: {error}");
        }
        Self { name, administrator }
    }

    /// The database's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How to connect to it, as the server's administrator.
    #[must_use]
    pub fn options(&self) -> PgConnectOptions {
        self.administrator.clone().database(&self.name)
    }

    /// A pool of at most `connections`.
    ///
    /// # Panics
    /// When the server cannot be reached.
    pub async fn pool(&self, connections: u32) -> PgPool {
        match PgPoolOptions::new().max_connections(connections).connect_with(self.options()).await {
            Ok(pool) => pool,
            Err(error) => panic!("cannot connect to the test database {}: {error}", self.name),
        }
    }
}

impl Drop for TestDatabase {
    /// Drops the database with whatever is still connected; what remains goes with the cluster.
    fn drop(&mut self) {
        let statement = format!("drop database if exists \"{}\" with (force)", self.name);
        let administrator = self.administrator.clone();
        // A destructor cannot wait on the test's own runtime.
        let dropped =
            std::thread::spawn(move || block_on(execute(&administrator, &statement)).map_err(|e| e.to_string()));
        if let Ok(Err(error)) = dropped.join() {
            println!("the test database {} remains: {error}", self.name);
        }
    }
}

/// The server of this process's tests, started or found at the first use.
fn shared_server() -> Option<&'static SharedServer> {
    static SHARED: OnceLock<Option<SharedServer>> = OnceLock::new();
    let shared = SHARED.get_or_init(|| {
        let started = std::thread::spawn(|| block_on(start())).join();
        match started {
            Ok(Ok(shared)) => Some(shared),
            Ok(Err(error @ ClusterError::NoBinaries { .. })) => {
                let required = std::env::var_os("REC_TEST_REQUIRE").is_some_and(|value| value == "1");
                assert!(!required, "REC_TEST_REQUIRE=1 and {error}");
                println!("SKIPPED: {error}");
                None
            }
            Ok(Err(error)) => panic!("cannot start the cluster of the tests: {error}"),
            Err(_panicked) => panic!("cannot start the cluster of the tests"),
        }
    });
    if shared.is_none() {
        println!("SKIPPED: no Postgres server programs were found");
    }
    shared.as_ref()
}

async fn start() -> Result<SharedServer, ClusterError> {
    if let Some(url) = std::env::var_os("REC_TEST_DATABASE_URL").filter(|url| !url.is_empty()) {
        let options: Result<PgConnectOptions, _> = url.to_string_lossy().parse();
        return Ok(SharedServer { administrator: options?, _in_use: None });
    }
    let user = rustix::process::geteuid().as_raw();
    let base = std::env::temp_dir();
    let in_use = hold_shared(&base.join(format!("rec-test-postgres-{user}.users")))?;
    let state_dir = base.join(format!("rec-test-postgres-{user}"));
    own_folder(&state_dir)?;
    let options =
        ClusterOptions { durability: Durability::Scratch, sync_new_data: false, ..ClusterOptions::new(state_dir) };
    let (places, lock) = take_lock(&options, WAIT_FOR_OTHERS)?;
    let server = Server::launch(&options, &places)?.ready().await?;
    if !server.was_adopted() {
        watch(
            &base.join(format!("rec-test-postgres-{user}.users")),
            &options.state_dir,
            &server.address().socket_folder,
        );
    }
    let administrator = server.address().connect_options("postgres");
    drop_orphans(&administrator).await?;
    drop(lock);
    Ok(SharedServer { administrator, _in_use: Some(in_use) })
}

/// Holds the lock that says "in use"; the watcher holds it for seconds while it removes a cluster.
fn hold_shared(path: &Path) -> Result<File, ClusterError> {
    let failed = |source| ClusterError::Io { action: "lock", path: path.to_owned(), source };
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).map_err(failed)?;
    let deadline = Instant::now() + WAIT_FOR_OTHERS;
    while file.try_lock_shared().is_err() {
        if Instant::now() >= deadline {
            return Err(failed(std::io::Error::from(std::io::ErrorKind::TimedOut)));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(file)
}

/// Makes the folder, or demands that it is ours: the temporary folder belongs to everybody.
fn own_folder(folder: &Path) -> Result<(), ClusterError> {
    let failed = |source| ClusterError::Io { action: "use", path: folder.to_owned(), source };
    match std::fs::DirBuilder::new().mode(0o711).create(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => return Err(failed(error)),
        _ => {}
    }
    let found = std::fs::symlink_metadata(folder).map_err(failed)?;
    if found.is_dir() && found.uid() == rustix::process::geteuid().as_raw() {
        return Ok(());
    }
    Err(failed(std::io::Error::new(std::io::ErrorKind::PermissionDenied, "it belongs to somebody else")))
}

/// Starts the watcher. Without `flock` there is none, and the cluster stays for the next tests.
fn watch(users: &Path, state_dir: &Path, socket_folder: &Path) {
    let watcher = Command::new("sh")
        .args(["-c", &format!("command -v flock >/dev/null || exit 0\n{WATCHER}"), "rec-test-watcher"])
        .args([users, state_dir, socket_folder])
        .current_dir("/")
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    if let Err(error) = watcher {
        println!("the cluster of the tests stays, since nothing watches over it: {error}");
    }
}

/// Drops the databases of test processes that were killed.
async fn drop_orphans(administrator: &PgConnectOptions) -> Result<(), sqlx::Error> {
    let mut connection = administrator.connect().await?;
    let names: Vec<String> = sqlx::query_scalar("select datname from pg_database where datname like 'rec\\_test\\_%'")
        .fetch_all(&mut connection)
        .await?;
    connection.close().await?;
    for name in names {
        let process = name.split('_').nth(2).and_then(|pid| pid.parse().ok());
        if process.is_some_and(|pid| !is_alive(pid)) {
            execute(administrator, &format!("drop database if exists \"{name}\" with (force)")).await?;
        }
    }
    Ok(())
}

/// The name of the template with these migrations, made where there is none. Processes that need it at the same time
/// wait for the one that makes it.
async fn template(administrator: &PgConnectOptions, migrator: &Migrator) -> Result<String, ClusterError> {
    let mut content = Vec::new();
    for migration in migrator.iter() {
        content.extend_from_slice(&migration.version.to_be_bytes());
        content.extend_from_slice(&migration.checksum);
    }
    let hash = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, &content).simple().to_string();
    let name = format!("rec_template_{}", &hash[..16]);
    let mut connection = administrator.connect().await?;
    if !exists(&mut connection, &name).await? {
        // The key is any number that nobody else uses on a server of tests.
        sqlx::query("select pg_advisory_lock(7234652)").execute(&mut connection).await?;
        if !exists(&mut connection, &name).await? {
            make_template(&mut connection, administrator, migrator, &name).await?;
        }
    }
    connection.close().await?;
    Ok(name)
}

async fn make_template(
    connection: &mut PgConnection,
    administrator: &PgConnectOptions,
    migrator: &Migrator,
    name: &str,
) -> Result<(), ClusterError> {
    let unfinished = format!("{name}_new");
    for statement in [
        format!("drop database if exists \"{unfinished}\" with (force)"),
        format!("create database \"{unfinished}\" template template0"),
    ] {
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut *connection).await?;
    }
    migrate(administrator.clone().database(&unfinished), migrator)?;
    let rename = format!("alter database \"{unfinished}\" rename to \"{name}\"");
    sqlx::raw_sql(AssertSqlSafe(rename)).execute(&mut *connection).await?;
    Ok(())
}

/// Runs the migrations on a thread of their own: the future of `Migrator::run` is not `Send` where it borrows, and
/// then no test could spawn what makes its database.
fn migrate(database: PgConnectOptions, migrator: &Migrator) -> Result<(), ClusterError> {
    let work = || {
        block_on(async {
            let mut connection = database.connect().await?;
            let outcome = migrator.run(&mut connection).await;
            connection.close().await?;
            outcome.map_err(|error| ClusterError::Sql(sqlx::Error::Migrate(Box::new(error))))
        })
    };
    let outcome = std::thread::scope(|scope| scope.spawn(work).join());
    outcome.unwrap_or_else(|_panicked| Err(ClusterError::Interrupted("a migration panicked".to_owned())))
}

async fn exists(connection: &mut PgConnection, name: &str) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("select exists (select from pg_database where datname = $1)")
        .bind(name)
        .fetch_one(connection)
        .await
}

async fn execute(administrator: &PgConnectOptions, statement: &str) -> Result<(), sqlx::Error> {
    let mut connection = administrator.connect().await?;
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await?;
    connection.close().await
}

/// Runs a future to its end on a runtime of its own, on a thread that has none.
fn block_on<T, E: From<sqlx::Error>>(work: impl Future<Output = Result<T, E>>) -> Result<T, E> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    match runtime {
        Ok(runtime) => runtime.block_on(work),
        Err(error) => Err(sqlx::Error::Io(error).into()),
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use sqlx::migrate::{Migration, MigrationType};

    use super::*;

    fn migrator(sql: &'static str) -> Migrator {
        let migration = Migration::new(
            1,
            Cow::Borrowed("table"),
            MigrationType::Simple,
            sqlx::SqlSafeStr::into_sql_str(sql),
            false,
        );
        Migrator { migrations: Cow::Owned(vec![migration]), ..Migrator::DEFAULT }
    }

    #[tokio::test]
    async fn every_test_has_a_migrated_database_of_its_own() {
        let migrator = migrator("create table kept (n int)");
        let Some(first) = TestDatabase::new(&migrator).await else { return };
        let second = TestDatabase::new(&migrator).await.expect("there is a server");
        let (one, other) = (first.pool(2).await, second.pool(2).await);
        sqlx::query("insert into kept values (1)").execute(&one).await.expect("migrated");
        let count: i64 = sqlx::query_scalar("select count(*) from kept").fetch_one(&other).await.expect("migrated");
        assert_eq!(count, 0);
        let (name, administrator) = (first.name().to_owned(), first.administrator.clone());
        drop(first);
        let mut connection = administrator.connect().await.expect("connected");
        assert!(!exists(&mut connection, &name).await.expect("asked"), "dropped although a pool was open");
    }

    #[tokio::test]
    async fn other_migrations_have_another_template() {
        let Some(database) = TestDatabase::new(&migrator("create table a (n int)")).await else { return };
        let administrator = &database.administrator;
        let a = template(administrator, &migrator("create table a (n int)")).await.expect("made");
        let b = template(administrator, &migrator("create table b (n int)")).await.expect("made");
        assert_ne!(a, b);
        assert_eq!(a, template(administrator, &migrator("create table a (n int)")).await.expect("found"));
    }

    #[tokio::test]
    async fn tests_at_the_same_time_share_one_template() {
        let Some(_server) = TestDatabase::empty().await else { return };
        let distinct = uuid::Uuid::new_v4().simple().to_string();
        let sql: &'static str = Box::leak(format!("create table t_{distinct} (n int)").into_boxed_str());
        let mut running = tokio::task::JoinSet::new();
        for _ in 0..6 {
            running.spawn(
                async move { TestDatabase::new(&migrator(sql)).await.map(|database| database.name().to_owned()) },
            );
        }
        let names: std::collections::BTreeSet<_> = running.join_all().await.into_iter().flatten().collect();
        assert_eq!(names.len(), 6);
    }
}
