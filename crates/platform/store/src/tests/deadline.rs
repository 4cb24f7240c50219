//! A server that stops answering is given up within the client's deadline, and what that means for a commit is known.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use rec_domain::{Mode, Service};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{UnixListener, UnixStream},
};

use super::{Leader, sample};
use crate::{CommitOutcome, Database, Role, StoreError, testing::TestDatabase};

/// What is long enough for a server that answers.
const DEADLINE: Duration = Duration::from_secs(2);

/// From which word of the client on a connection goes silent, and whether the word itself arrives.
#[derive(Debug, Clone, Copy)]
struct Silence {
    from: &'static str,
    arrives: bool,
}

/// A socket before that of the server, whose connections stay open and go silent.
struct Relay {
    folder: tempfile::TempDir,
    silence: Arc<Mutex<Option<Silence>>>,
}

impl Relay {
    /// `None`, with a word on standard output, where the server has no socket.
    fn before(test: &TestDatabase) -> Option<Self> {
        let options = test.options();
        let Some(server) = options.get_socket() else {
            println!("SKIPPED: the test server is not reached by a socket");
            return None;
        };
        let name = format!(".s.PGSQL.{}", options.get_port());
        let folder = tempfile::tempdir().expect("a folder");
        let listener = UnixListener::bind(folder.path().join(&name)).expect("a socket");
        let silence = Arc::new(Mutex::new(None));
        tokio::spawn(serve(listener, server.join(name), Arc::clone(&silence)));
        Some(Self { folder, silence })
    }

    fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn falls_silent(&self, silence: impl Into<Option<Silence>>) {
        *self.silence.lock().expect("no test has failed") = silence.into();
    }
}

async fn serve(listener: UnixListener, server: PathBuf, silence: Arc<Mutex<Option<Silence>>>) {
    while let Ok((mut client, _)) = listener.accept().await {
        let (server, silence) = (server.clone(), Arc::clone(&silence));
        tokio::spawn(async move {
            let Ok(mut server) = UnixStream::connect(server).await else { return };
            let (mut asked, mut said) = (vec![0; 65_536], vec![0; 65_536]);
            loop {
                tokio::select! {
                    read = client.read(&mut asked) => {
                        let Ok(count @ 1..) = read else { return };
                        let now = silence.lock().expect("no test has failed").filter(|silence| {
                            asked[..count].windows(silence.from.len()).any(|word| word == silence.from.as_bytes())
                        });
                        if now.is_none_or(|silence| silence.arrives) && server.write_all(&asked[..count]).await.is_err() {
                            return;
                        }
                        if now.is_some() {
                            // Until the client gives up.
                            while let Ok(1..) = client.read(&mut asked).await {}
                            return;
                        }
                    }
                    read = server.read(&mut said) => {
                        let Ok(count @ 1..) = read else { return };
                        if client.write_all(&said[..count]).await.is_err() {
                            return;
                        }
                    }
                }
            }
        });
    }
}

/// A leader, and his database by way of a relay.
async fn relayed() -> Option<(Leader, Relay, Database)> {
    let leader = Leader::of_mode(Mode::Twin).await?;
    let relay = Relay::before(&leader.test)?;
    let options = leader.test.options().socket(relay.folder());
    let role = Role::Service(Service::TradeManager);
    let mut database = Database::open_with(options, role, 2).await.expect("it passes");
    database.pool.set_deadline(DEADLINE);
    Some((leader, relay, database))
}

#[tokio::test]
async fn a_statement_without_answer_is_given_up_and_takes_no_connection_from_the_others() {
    let Some((_leader, relay, database)) = relayed().await else { return };
    relay.falls_silent(Silence { from: "no answer", arrives: true });
    let begun = Instant::now();
    let asked = || async { sqlx::query("SELECT 'no answer'").execute(&database.pool).await.expect_err("no answer") };
    // One more than the pool has connections.
    let (one, other, third) = tokio::join!(asked(), asked(), asked());
    let errors = [one, other, third].map(StoreError::from);
    assert!(errors.iter().all(|error| matches!(error, StoreError::Unavailable(_))), "{errors:?}");
    assert!(begun.elapsed() < 4 * DEADLINE, "{:?}", begun.elapsed());
    database.ping().await.expect("others are answered");
}

#[tokio::test]
async fn a_server_that_takes_too_long_is_not_waited_for() {
    let Some((_leader, _relay, database)) = relayed().await else { return };
    let error = sqlx::query("SELECT pg_sleep(14)").execute(&database.pool).await.expect_err("too long");
    assert!(matches!(StoreError::from(error), StoreError::Unavailable(_)));
    let rows: Vec<i32> =
        sqlx::query_scalar("SELECT generate_series(1, 3)").fetch_all(&database.pool).await.expect("it serves");
    assert_eq!(rows, [1, 2, 3]);
}

#[tokio::test]
async fn a_connection_that_is_heard_to_the_end_is_kept_also_after_an_error() {
    let Some(leader) = Leader::of_mode(Mode::Twin).await else { return };
    let role = Role::Service(Service::TradeManager);
    let pool = Database::open_with(leader.test.options(), role, 1).await.expect("open").pool;
    let pid =
        async || sqlx::query_scalar::<_, i32>("SELECT pg_backend_pid()").fetch_one(&pool).await.expect("a number");
    let first = pid().await;
    sqlx::query("SELECT generate_series(1, 9)").fetch_all(&pool).await.expect("rows");
    sqlx::query("SELECT 1 / 0").execute(&pool).await.expect_err("no number");
    sqlx::query("SELECT FROM desk.lease WHERE false").fetch_one(&pool).await.expect_err("no row");
    let mut transaction = pool.begin().await.expect("begun");
    sqlx::query("SELECT 1 / 0").execute(&mut *transaction).await.expect_err("no number");
    transaction.rollback().await.expect("rolled back");
    pool.begin().await.expect("begun").commit().await.expect("committed");
    assert_eq!(pid().await, first);
    drop(pool.begin().await.expect("begun"));
    assert_ne!(pid().await, first, "one that is left in a transaction is not");
}

#[tokio::test]
async fn a_commit_whose_answer_does_not_come_is_unknown_and_found_out_and_one_cut_off_before_has_failed() {
    let Some((leader, relay, database)) = relayed().await else { return };
    let (desk, epoch) = (database.desk(), leader.lease.epoch());
    let mut number = 0;
    for (from, arrives, unknown, happened) in [
        ("COMMIT", true, true, true),
        ("COMMIT", false, true, false),
        // The last thing before it.
        ("SET CONSTRAINTS", true, false, false),
        ("BEGIN", false, false, false),
    ] {
        number += 1;
        relay.falls_silent(Silence { from, arrives });
        let rows = if number == 1 { sample::opening(epoch) } else { vec![] };
        let outcome = desk.commit(&sample::commit(epoch, number, rows)).await;
        assert_eq!(matches!(outcome, CommitOutcome::Unknown(_)), unknown, "{from} {arrives}: {outcome:?}");
        assert!(!matches!(outcome, CommitOutcome::Committed), "{from} {arrives}");
        relay.falls_silent(None);
        assert_eq!(desk.was_committed(epoch, number).await.expect("asked"), happened, "{from} {arrives}");
    }
    let outcome = desk.commit(&sample::commit(epoch, number, vec![])).await;
    assert!(matches!(outcome, CommitOutcome::Committed), "{outcome:?}");
}
