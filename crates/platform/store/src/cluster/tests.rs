//! What the private cluster promises, with a real Postgres.

use std::{
    io::{BufRead, BufReader},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use rustix::process::Signal;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};

use super::{
    Address, Binaries, Cluster, ClusterError, ClusterOptions, Durability, SearchPlaces,
    pidfile::{is_alive, signal},
};

/// A folder that the server's user may pass through, removed at the end.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("rec cluster ").tempdir().expect("folder");
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o711)).expect("mode");
        Self(folder)
    }

    fn state(&self) -> PathBuf {
        self.0.path().join("state with space")
    }

    fn options(&self) -> ClusterOptions {
        ClusterOptions { sync_new_data: false, ..ClusterOptions::new(self.state()) }
    }

    fn data(&self) -> PathBuf {
        self.state().join("postgres")
    }
}

/// Whether Postgres is installed; without it a test is skipped, or fails where tools are required.
fn postgres_is_here() -> bool {
    match Binaries::first(&SearchPlaces::of_machine()) {
        Ok(_) => true,
        Err(error) => {
            assert!(std::env::var_os("REC_TEST_REQUIRE").is_none_or(|value| value != "1"), "{error}");
            println!("SKIPPED: {error}");
            false
        }
    }
}

async fn execute(cluster: &Cluster, statement: &str) {
    let mut connection = cluster.connect_options("postgres").connect().await.expect("connected");
    sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(&mut connection).await.expect("executed");
    connection.close().await.expect("closed");
}

async fn count(cluster: &Cluster, table: &str) -> i64 {
    let mut connection = cluster.connect_options("postgres").connect().await.expect("connected");
    let statement = format!("select count(*) from {table}");
    let count = sqlx::query_scalar(AssertSqlSafe(statement)).fetch_one(&mut connection).await.expect("counted");
    connection.close().await.expect("closed");
    count
}

async fn until(what: &str, holds: impl Fn() -> bool) {
    for _ in 0..1_000 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{what} within ten seconds");
}

#[tokio::test]
async fn starts_from_nothing_keeps_its_data_and_ends() {
    if !postgres_is_here() {
        return;
    }
    let folder = Folder::new();
    let begin = std::time::Instant::now();
    let cluster = Cluster::start(folder.options()).await.expect("started");
    println!("first start {:?}", begin.elapsed());
    assert!(cluster.is_new() && !cluster.was_adopted());
    assert!(cluster.ensure_database("rec").await.expect("made"));
    assert!(!cluster.ensure_database("rec").await.expect("there"));
    cluster.drop_database("rec").await.expect("dropped");
    execute(&cluster, "create table kept (n int); insert into kept values (1)").await;
    assert!(cluster.url("rec").starts_with("postgresql:///rec?host=/"), "{}", cluster.url("rec"));
    let pid = cluster.pid();
    let begin = std::time::Instant::now();
    cluster.stop().await.expect("stopped");
    println!("stop {:?}", begin.elapsed());
    assert!(!is_alive(pid));

    let begin = std::time::Instant::now();
    let cluster = Cluster::start(folder.options()).await.expect("started");
    println!("second start {:?}", begin.elapsed());
    assert!(!cluster.is_new());
    assert_eq!(count(&cluster, "kept").await, 1);
    cluster.stop().await.expect("stopped");
}

#[tokio::test]
async fn the_server_listens_to_no_network_and_its_socket_is_nobody_elses() {
    if !postgres_is_here() {
        return;
    }
    let folder = Folder::new();
    let cluster = Cluster::start(folder.options()).await.expect("started");
    let mut connection = cluster.connect_options("postgres").connect().await.expect("connected");
    let shown: (String, String, String) = sqlx::query_as(
        "select current_setting('listen_addresses'), current_setting('fsync'), current_setting('synchronous_commit')",
    )
    .fetch_one(&mut connection)
    .await
    .expect("shown");
    assert_eq!(shown, (String::new(), "on".to_owned(), "on".to_owned()));
    let socket = cluster.connect_options("postgres").get_socket().cloned().expect("a socket");
    assert_eq!(std::fs::metadata(&socket).expect("there").permissions().mode() & 0o777, 0o700);
    assert!(socket.join(".s.PGSQL.5432").as_os_str().len() <= 107);
    cluster.stop().await.expect("stopped");
    assert!(!socket.exists(), "nothing is left behind");
}

/// Not a test of its own: the desk that the next test kills.
#[tokio::test]
async fn desk_that_is_killed() {
    let Some(state) = std::env::var_os("REC_TEST_CLUSTER_TO_HOLD") else { return };
    let cluster = Cluster::start(ClusterOptions { sync_new_data: false, ..ClusterOptions::new(state) }).await;
    println!("\nHOLDING {}", cluster.as_ref().map_or(0, Cluster::pid));
    tokio::time::sleep(Duration::from_secs(60)).await;
}

#[tokio::test]
async fn outlives_a_killed_desk_is_adopted_and_never_held_twice() {
    if !postgres_is_here() {
        return;
    }
    let folder = Folder::new();
    let mut desk = Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "--nocapture", "cluster::tests::desk_that_is_killed"])
        .env("REC_TEST_CLUSTER_TO_HOLD", folder.state())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a desk");
    let lines = BufReader::new(desk.stdout.take().expect("its words")).lines();
    let words = lines.map_while(Result::ok).find(|line| line.starts_with("HOLDING")).expect("it holds a cluster");
    let server: i32 = words.trim_start_matches("HOLDING ").parse().expect("a process id");
    assert!(server > 0, "the desk started its cluster");

    let held = Cluster::start(folder.options()).await.expect_err("the desk holds it");
    assert!(matches!(&held, ClusterError::Held { holder, .. } if *holder == desk.id().to_string()), "{held}");

    let address = Address::of_running(&folder.state()).expect("others may ask where it is");

    desk.kill().expect("killed");
    desk.wait().expect("gone");
    assert!(is_alive(server), "the server outlives its desk");
    let begin = std::time::Instant::now();
    let cluster = Cluster::start(folder.options()).await.expect("adopted");
    println!("adoption {:?}", begin.elapsed());
    assert!(cluster.was_adopted());
    assert_eq!(cluster.pid(), server);
    assert_eq!(cluster.address(), &address);
    cluster.stop().await.expect("stopped");
    assert!(!is_alive(server));
    assert_eq!(Address::of_running(&folder.state()), None);
}

#[tokio::test]
async fn a_killed_server_is_started_again_with_all_that_was_committed() {
    if !postgres_is_here() {
        return;
    }
    let folder = Folder::new();
    let cluster = Cluster::start(folder.options()).await.expect("started");
    execute(&cluster, "create table kept (n int); insert into kept values (1), (2)").await;
    let pid = cluster.pid();
    drop(cluster);
    signal(pid, Signal::KILL);
    until("the server is gone", || !is_alive(pid)).await;
    assert!(folder.data().join("postmaster.pid").exists(), "it had no time to clean up");
    let cluster = Cluster::start(folder.options()).await.expect("started again");
    assert!(!cluster.was_adopted());
    assert_eq!(count(&cluster, "kept").await, 2);
    cluster.stop().await.expect("stopped");
}

#[tokio::test]
async fn whoever_holds_a_server_that_ended_starts_it_again_at_the_same_address_and_never_twice() {
    if !postgres_is_here() {
        return;
    }
    let folder = Folder::new();
    let mut cluster = Cluster::start(folder.options()).await.expect("started");
    execute(&cluster, "create table kept (n int); insert into kept values (1), (2)").await;
    let (address, first) = (cluster.address().clone(), cluster.pid());
    assert!(cluster.is_serving());
    cluster.start_again().await.expect("there is nothing to do");
    assert_eq!(cluster.pid(), first, "one that serves the data is not started beside itself");

    signal(first, Signal::KILL);
    until("it is gone", || !cluster.is_serving()).await;
    let control = folder.data().join("global/pg_control");
    let aside = folder.data().join("pg_control.aside");
    std::fs::rename(&control, &aside).expect("broken");
    cluster.start_again().await.expect_err("it cannot start");
    let held = Cluster::start(folder.options()).await.expect_err("the lock is held meanwhile");
    assert!(matches!(held, ClusterError::Held { .. }), "{held}");
    std::fs::rename(&aside, &control).expect("whole again");
    cluster.start_again().await.expect("started");
    assert!(cluster.is_serving());
    assert_ne!(cluster.pid(), first);
    assert_eq!(cluster.address(), &address);
    assert_eq!(count(&cluster, "kept").await, 2);
    cluster.stop().await.expect("stopped");
}

#[tokio::test]
async fn a_pid_file_that_names_a_stranger_is_stale() {
    if !postgres_is_here() {
        return;
    }
    let folder = Folder::new();
    Cluster::start(folder.options()).await.expect("started").stop().await.expect("stopped");
    let text = format!("{}\n{}\n1\n5432\n/nowhere\n\n1 1\nready\n", std::process::id(), folder.data().display());
    std::fs::write(folder.data().join("postmaster.pid"), text).expect("written");
    let cluster = Cluster::start(folder.options()).await.expect("started");
    assert!(!cluster.was_adopted());
    cluster.stop().await.expect("stopped");
}

#[tokio::test]
async fn a_server_whose_socket_was_removed_is_replaced() {
    if !postgres_is_here() {
        return;
    }
    let folder = Folder::new();
    let cluster = Cluster::start(folder.options()).await.expect("started");
    let (pid, socket) = (cluster.pid(), cluster.connect_options("x").get_socket().cloned().expect("a socket"));
    drop(cluster);
    std::fs::remove_dir_all(&socket).expect("removed, as a log-out does");
    let cluster = Cluster::start(folder.options()).await.expect("replaced");
    assert_ne!(cluster.pid(), pid);
    assert!(!is_alive(pid));
    cluster.stop().await.expect("stopped");
}

#[tokio::test]
async fn a_server_started_for_tests_never_carries_a_desk() {
    if !postgres_is_here() {
        return;
    }
    let folder = Folder::new();
    let scratch = ClusterOptions { durability: Durability::Scratch, ..folder.options() };
    let cluster = Cluster::start(scratch).await.expect("started");
    let pid = cluster.pid();
    drop(cluster);
    let cluster = Cluster::start(folder.options()).await.expect("replaced");
    assert_ne!(cluster.pid(), pid);
    cluster.stop().await.expect("stopped");
}

#[tokio::test]
async fn data_of_another_version_and_strange_folders_are_left_alone() {
    if !postgres_is_here() {
        return;
    }
    let folder = Folder::new();
    std::fs::create_dir_all(folder.data()).expect("folder");
    std::fs::write(folder.data().join("holiday.jpg"), "x").expect("file");
    let pass = std::fs::Permissions::from_mode(0o711);
    std::fs::set_permissions(folder.state(), pass).expect("mode");
    let error = Cluster::start(folder.options()).await.expect_err("not data");
    assert!(matches!(error, ClusterError::NotData(_)), "{error}");
    std::fs::write(folder.data().join("PG_VERSION"), "9\n").expect("file");
    let error = Cluster::start(folder.options()).await.expect_err("another version");
    assert!(error.to_string().contains("was made by Postgres 9"), "{error}");
    assert!(folder.data().join("holiday.jpg").exists());
}

#[tokio::test]
async fn a_server_that_cannot_start_is_quoted() {
    if !postgres_is_here() {
        return;
    }
    let folder = Folder::new();
    Cluster::start(folder.options()).await.expect("started").stop().await.expect("stopped");
    std::fs::remove_file(folder.data().join("global/pg_control")).expect("broken");
    let error = Cluster::start(folder.options()).await.expect_err("it cannot start").to_string();
    assert!(error.contains("could not find the database system"), "{error}");
}

#[tokio::test]
async fn an_interrupted_first_start_leaves_nothing_half_made() {
    if !postgres_is_here() {
        return;
    }
    let folder = Folder::new();
    let half = folder.state().join("postgres.new");
    std::fs::create_dir_all(&half).expect("folder");
    std::fs::set_permissions(folder.state(), std::fs::Permissions::from_mode(0o711)).expect("mode");
    std::fs::write(half.join("PG_VERSION"), "15\n").expect("file");
    let cluster = Cluster::start(folder.options()).await.expect("started");
    assert!(cluster.is_new() && !half.exists());
    cluster.stop().await.expect("stopped");
}

#[tokio::test]
async fn root_is_told_which_folder_the_servers_user_cannot_enter() {
    if !postgres_is_here() || !rustix::process::geteuid().is_root() {
        return;
    }
    let folder = Folder::new();
    std::fs::set_permissions(folder.0.path(), std::fs::Permissions::from_mode(0o700)).expect("mode");
    let error = Cluster::start(folder.options()).await.expect_err("closed").to_string();
    assert!(error.contains("chmod o+x") && error.contains(&folder.0.path().display().to_string()), "{error}");
    assert!(Path::new(&folder.state()).exists());
}

#[tokio::test]
async fn without_postgres_nothing_is_made() {
    let folder = Folder::new();
    let options = ClusterOptions { places: SearchPlaces::default(), ..folder.options() };
    let error = Cluster::start(options).await.expect_err("no programs");
    assert!(matches!(error, ClusterError::NoBinaries { .. }), "{error}");
    assert!(!folder.data().exists());
}
