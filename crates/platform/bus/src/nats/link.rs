//! How the connection to the server is doing, for health and metrics.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// How the connection is doing. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Link {
    state: Arc<Mutex<State>>,
    counts: Arc<Counts>,
}

#[derive(Debug)]
struct State {
    since: Instant,
    /// Why there is no connection; none while there is one.
    away: Option<String>,
}

#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) connected: AtomicU64,
    pub(super) sent: AtomicU64,
    pub(super) received: AtomicU64,
    pub(super) dropped: AtomicU64,
    pub(super) missed: AtomicU64,
    pub(super) too_large: AtomicU64,
    pub(super) unreadable: AtomicU64,
    pub(super) lag_micros: AtomicU64,
}

/// What [`Link::status`] says. Counts are since the start of the process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkStatus {
    /// Why there is no connection; none while there is one.
    pub away: Option<String>,
    /// For how long it has been so.
    pub lasting: Duration,
    /// Connections made.
    pub connected: u64,
    /// Events sent.
    pub sent: u64,
    /// Events received.
    pub received: u64,
    /// Events that were not sent because a buffer here was full.
    pub dropped: u64,
    /// Events of others that were lost on their way.
    pub missed: u64,
    /// Events that were not sent because the server takes no message of their size.
    pub too_large: u64,
    /// Messages that could not be read.
    pub unreadable: u64,
    /// How long the last event was on its way.
    pub lag: Duration,
}

impl Link {
    pub(super) fn new() -> Self {
        let state = State { since: Instant::now(), away: Some("not connected yet".to_owned()) };
        Self { state: Arc::new(Mutex::new(state)), counts: Arc::default() }
    }

    pub(super) fn up(&self) {
        self.counts.connected.fetch_add(1, Ordering::Relaxed);
        self.set(None);
    }

    pub(super) fn down(&self, why: String) {
        self.set(Some(why));
    }

    fn set(&self, away: Option<String>) {
        let mut state = self.lock();
        if state.away.is_some() != away.is_some() {
            state.since = Instant::now();
        }
        state.away = away;
    }

    pub(super) fn counts(&self) -> &Counts {
        &self.counts
    }

    /// How it is now.
    #[must_use]
    pub fn status(&self) -> LinkStatus {
        let (away, lasting) = {
            let state = self.lock();
            (state.away.clone(), state.since.elapsed())
        };
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let counts = &self.counts;
        LinkStatus {
            away,
            lasting,
            connected: read(&counts.connected),
            sent: read(&counts.sent),
            received: read(&counts.received),
            dropped: read(&counts.dropped),
            missed: read(&counts.missed),
            too_large: read(&counts.too_large),
            unreadable: read(&counts.unreadable),
            lag: Duration::from_micros(read(&counts.lag_micros)),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        // Nothing can panic while the lock is held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LinkStatus {
    /// Events lost here or on their way, for whatever reason.
    #[must_use]
    pub const fn lost(&self) -> u64 {
        self.dropped + self.missed + self.too_large + self.unreadable
    }
}
