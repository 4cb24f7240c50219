//! Keeps a desk's private Postgres running: a server that ends although nobody asked it to is started again.
//!
//! The lock of the cluster is held all the time, and a server that serves the data is adopted rather than started beside
//! itself, so there are never two. The desk meanwhile does what it does whenever its database is away: it holds.

use std::{
    sync::{Arc, Mutex as StdMutex, MutexGuard, PoisonError},
    time::Duration,
};

use rec_store::cluster::{Address, Cluster};
use tokio::{
    sync::Mutex,
    task::JoinHandle,
    time::{Instant, MissedTickBehavior, interval, sleep},
};
use tokio_util::sync::{CancellationToken, DropGuard};
use tracing::{error, warn};

/// The name of the check by which health tells of it.
pub const CHECK: &str = "private Postgres";

/// Between two looks at the server.
const LOOK: Duration = Duration::from_millis(250);

/// Between two looks at the size of its log.
const LOG_LOOK: Duration = Duration::from_secs(60 * 60);

/// The pause before each attempt; after the last one it is given up.
const PAUSES: [Duration; 8] = [
    Duration::ZERO,
    Duration::from_millis(250),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(5),
    Duration::from_secs(10),
    Duration::from_secs(30),
];

/// After so long without an attempt they are counted anew.
const FORGIVEN_AFTER: Duration = Duration::from_secs(10 * 60);

/// A private cluster that is kept running. Dropped without [`KeptCluster::stop`] it leaves the server running, as an
/// unclean end would.
pub struct KeptCluster {
    cluster: Arc<Mutex<Cluster>>,
    address: Address,
    word: Word,
    stop: DropGuard,
    keeper: JoinHandle<()>,
}

impl KeptCluster {
    /// Keeps `cluster` running from now on.
    #[must_use]
    pub fn new(cluster: Cluster) -> Self {
        let (address, word, stop) = (cluster.address().clone(), Word::default(), CancellationToken::new());
        let cluster = Arc::new(Mutex::new(cluster));
        let keeper = tokio::spawn(keep(Arc::clone(&cluster), word.clone(), stop.clone()));
        Self { cluster, address, word, stop: stop.drop_guard(), keeper }
    }

    /// How it is reached; this never changes.
    #[must_use]
    pub const fn address(&self) -> &Address {
        &self.address
    }

    /// What there is to say of it.
    #[must_use]
    pub fn word(&self) -> Word {
        self.word.clone()
    }

    /// Makes the database of that name unless it exists; with `fresh` it is made anew.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn prepare(&self, database: &str, fresh: bool) -> anyhow::Result<()> {
        let cluster = self.cluster.lock().await;
        if fresh {
            cluster.drop_database(database).await?;
        }
        cluster.ensure_database(database).await?;
        Ok(())
    }

    /// Ends it, after an attempt to start it again that is under way.
    ///
    /// # Errors
    /// When it does not end.
    pub async fn stop(self) -> anyhow::Result<()> {
        drop(self.stop);
        self.keeper.await?;
        match Arc::into_inner(self.cluster) {
            Some(cluster) => Ok(cluster.into_inner().stop().await?),
            None => anyhow::bail!("somebody still uses the private Postgres"),
        }
    }
}

async fn keep(cluster: Arc<Mutex<Cluster>>, word: Word, stop: CancellationToken) {
    let mut attempts = Attempts::default();
    let mut looks = interval(LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut log_looked_at = Instant::now();
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = looks.tick() => {}
        }
        let mut cluster = cluster.lock().await;
        if log_looked_at.elapsed() > LOG_LOOK {
            log_looked_at = Instant::now();
            if let Err(error) = cluster.bound_log() {
                warn!(%error, "the log of Postgres cannot be shortened");
            }
        }
        if cluster.is_serving() {
            continue;
        }
        let Some(pause) = attempts.next(Instant::now()) else {
            error!(attempts = PAUSES.len(), "the private Postgres does not stay up: given up; start the desk again");
            word.say(|told| told.given_up = true);
            return;
        };
        word.say(|told| told.attempt = Some(attempts.made));
        warn!(
            pid = cluster.pid(),
            attempt = attempts.made,
            ?pause,
            "the private Postgres has ended: starting it again"
        );
        tokio::select! {
            () = stop.cancelled() => return,
            () = sleep(pause) => {}
        }
        match cluster.start_again().await {
            Ok(()) => {
                warn!(pid = cluster.pid(), "the private Postgres was started again");
                word.say(Told::started);
            }
            Err(error) => {
                error!(%error, attempt = attempts.made, "the private Postgres does not start");
                word.say(|told| told.failed = Some(error.to_string()));
            }
        }
    }
}

/// How often it was tried lately.
#[derive(Debug, Default)]
struct Attempts {
    made: u32,
    last: Option<Instant>,
}

impl Attempts {
    /// The pause before the next attempt, which counts from now on; none when there were enough.
    fn next(&mut self, now: Instant) -> Option<Duration> {
        if self.last.is_some_and(|last| now.saturating_duration_since(last) >= FORGIVEN_AFTER) {
            self.made = 0;
        }
        let pause = PAUSES.get(usize::try_from(self.made).ok()?)?;
        self.made += 1;
        self.last = Some(now);
        Some(*pause)
    }
}

/// What there is to say of a kept cluster. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Word(Arc<StdMutex<Told>>);

#[derive(Debug, Default)]
struct Told {
    /// How often it was started again, and when the last time.
    times: u32,
    last: Option<Instant>,
    /// The attempt under way.
    attempt: Option<u32>,
    /// Why the last attempt failed.
    failed: Option<String>,
    given_up: bool,
}

impl Told {
    fn started(&mut self) {
        *self = Self { times: self.times + 1, last: Some(Instant::now()), ..Self::default() };
    }
}

impl Word {
    fn say(&self, change: impl FnOnce(&mut Told)) {
        change(&mut self.lock());
    }

    fn lock(&self) -> MutexGuard<'_, Told> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// For people.
    ///
    /// # Errors
    /// The same, while there is no server.
    pub fn advice(&self) -> Result<String, String> {
        let told = self.lock();
        let failed = told.failed.as_ref().map(|why| format!("; the last attempt failed: {why}")).unwrap_or_default();
        match (told.attempt, told.given_up) {
            (_, true) => Err(format!(
                "it does not stay up and was given up after {} attempts; start the desk again{failed}",
                PAUSES.len()
            )),
            (Some(attempt), false) => {
                Err(format!("it has ended and is started again, attempt {attempt} of {}{failed}", PAUSES.len()))
            }
            (None, false) => Ok(match (told.times, told.last) {
                (0, _) | (_, None) => "running".to_owned(),
                (1, Some(last)) => format!("running, started again {} s ago", last.elapsed().as_secs()),
                (times, Some(last)) => {
                    format!("running, started again {times} times, last {} s ago", last.elapsed().as_secs())
                }
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_take_longer_pauses_and_end_and_are_forgiven_after_a_while() {
        let mut attempts = Attempts::default();
        let now = Instant::now();
        let pauses: Vec<_> = std::iter::from_fn(|| attempts.next(now)).take(100).collect();
        assert_eq!(pauses, PAUSES);
        assert!(pauses.is_sorted());
        assert_eq!(attempts.next(now + FORGIVEN_AFTER / 2), None);
        assert_eq!(attempts.next(now + FORGIVEN_AFTER), Some(Duration::ZERO));
    }

    #[test]
    fn it_is_told_what_happens_and_what_happened() {
        let word = Word::default();
        assert_eq!(word.advice(), Ok("running".to_owned()));
        word.say(|told| (told.attempt, told.failed) = (Some(2), Some("no space left".to_owned())));
        let told = word.advice().expect_err("it is away");
        assert!(told.contains("attempt 2 of 8") && told.contains("no space left"), "{told}");
        word.say(Told::started);
        word.say(Told::started);
        assert_eq!(word.advice(), Ok("running, started again 2 times, last 0 s ago".to_owned()));
        word.say(|told| told.given_up = true);
        assert!(word.advice().expect_err("given up").contains("start the desk again"));
    }
}
