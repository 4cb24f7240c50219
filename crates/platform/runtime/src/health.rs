//! The health of one service: named checks, each with the age at which it is not fresh any more.
//!
//! A service is healthy only while its own work is fresh, so nothing here can be switched on for good: a check holds
//! because it was beaten within its limit of wall time and has not failed since.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use rec_domain::{
    Service,
    health::{Check, ServiceHealth},
};

/// The limit for whatever should happen at least once a second: a source that stops makes the service unhealthy in
/// less than five seconds of wall time, the second between two looks of system-monitor included.
pub const EVERY_SECOND: Duration = Duration::from_millis(3_500);

/// Says whether something holds right now; the error is the detail for people.
type Probe = Box<dyn Fn() -> Result<(), String> + Send + Sync>;

/// The same for what a service goes on without, with a word for people in either case.
type Advice = Box<dyn Fn() -> Result<String, String> + Send + Sync>;

/// The health of one service. Cheap to clone.
#[derive(Clone)]
pub struct HealthBoard {
    service: Service,
    entries: Arc<Mutex<Entries>>,
}

#[derive(Default)]
struct Entries {
    beats: Vec<Beat>,
    probes: Vec<(String, Probe)>,
    advice: Vec<(String, Advice)>,
}

struct Beat {
    name: String,
    limit: Duration,
    last: Option<Instant>,
    failed: bool,
    detail: Option<String>,
}

impl HealthBoard {
    /// A board without checks; a service without checks is not healthy.
    #[must_use]
    pub fn new(service: Service) -> Self {
        Self { service, entries: Arc::default() }
    }

    /// Adds a check that must be beaten at least every `limit` of wall time; again to change the limit.
    pub fn check(&self, name: &str, limit: Duration) {
        self.with(name, |beat| beat.limit = limit);
    }

    /// Adds a check that is asked whenever somebody looks; it must not wait.
    pub fn probe(&self, name: &str, probe: impl Fn() -> Result<(), String> + Send + Sync + 'static) {
        let mut entries = self.lock();
        entries.probes.retain(|(known, _)| known != name);
        entries.probes.push((name.to_owned(), Box::new(probe)));
    }

    /// Adds a check of something that the service goes on without, asked whenever somebody looks; it must not wait. When
    /// it does not hold, the service is degraded and still healthy.
    pub fn advise(&self, name: &str, advice: impl Fn() -> Result<String, String> + Send + Sync + 'static) {
        let mut entries = self.lock();
        entries.advice.retain(|(known, _)| known != name);
        entries.advice.push((name.to_owned(), Box::new(advice)));
    }

    /// It happened just now, and well. A name without [`HealthBoard::check`] gets the limit [`EVERY_SECOND`].
    pub fn beat(&self, name: &str) {
        self.beat_at(name, Instant::now(), None);
    }

    /// As [`HealthBoard::beat`], with more for people.
    pub fn beat_with(&self, name: &str, detail: impl Into<String>) {
        self.beat_at(name, Instant::now(), Some(detail.into()));
    }

    fn beat_at(&self, name: &str, now: Instant, detail: Option<String>) {
        self.with(name, |beat| {
            beat.last = Some(now);
            beat.failed = false;
            beat.detail = detail;
        });
    }

    /// It went wrong: the check does not hold until the next beat.
    pub fn fail(&self, name: &str, detail: impl Into<String>) {
        self.with(name, |beat| {
            beat.failed = true;
            beat.detail = Some(detail.into());
        });
    }

    /// Takes a check away, for what is not needed any more.
    pub fn remove(&self, name: &str) {
        let mut entries = self.lock();
        entries.beats.retain(|beat| beat.name != name);
        entries.probes.retain(|(known, _)| known != name);
    }

    /// The service's health now.
    #[must_use]
    pub fn snapshot(&self) -> ServiceHealth {
        self.snapshot_at(Instant::now())
    }

    fn snapshot_at(&self, now: Instant) -> ServiceHealth {
        let entries = self.lock();
        let beats = entries.beats.iter().map(|beat| {
            let age = beat.last.map(|last| now.saturating_duration_since(last));
            Check {
                name: beat.name.clone(),
                ok: !beat.failed && age.is_some_and(|age| age <= beat.limit),
                age_ms: age.map(millis),
                limit_ms: millis(beat.limit),
                detail: beat.detail.clone(),
                advisory: false,
            }
        });
        let probes = entries.probes.iter().map(|(name, probe)| {
            let detail = probe().err();
            Check { name: name.clone(), ok: detail.is_none(), age_ms: Some(0), limit_ms: 0, detail, advisory: false }
        });
        let advice = entries.advice.iter().map(|(name, advice)| {
            let (ok, detail) = match advice() {
                Ok(detail) => (true, Some(detail)),
                Err(detail) => (false, Some(detail)),
            };
            Check { name: name.clone(), ok, age_ms: Some(0), limit_ms: 0, detail, advisory: true }
        });
        let checks: Vec<Check> = beats.chain(probes).chain(advice).collect();
        let mut counting = checks.iter().filter(|check| !check.advisory).peekable();
        let healthy = counting.peek().is_some() && counting.all(|check| check.ok);
        ServiceHealth { service: self.service, healthy, checks }
    }

    fn with(&self, name: &str, change: impl FnOnce(&mut Beat)) {
        let mut entries = self.lock();
        match entries.beats.iter_mut().find(|beat| beat.name == name) {
            Some(beat) => change(beat),
            None => {
                let mut beat =
                    Beat { name: name.to_owned(), limit: EVERY_SECOND, last: None, failed: false, detail: None };
                change(&mut beat);
                entries.beats.push(beat);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for HealthBoard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HealthBoard").field("service", &self.service).finish_non_exhaustive()
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_that_never_did_anything_is_not_healthy() {
        let board = HealthBoard::new(Service::DbPoller);
        assert!(!board.snapshot().healthy);
        board.check("poll", EVERY_SECOND);
        assert!(!board.snapshot().healthy);
        assert_eq!(board.snapshot().complaint().expect("unhealthy"), "no poll yet");
    }

    #[test]
    fn what_stops_makes_it_unhealthy_within_five_seconds_and_what_resumes_heals_it() {
        let board = HealthBoard::new(Service::DbPoller);
        let start = Instant::now();
        board.beat_at("poll", start, None);
        assert!(board.snapshot_at(start + Duration::from_secs(3)).healthy);
        // Four seconds, so that a look once a second sees it before the fifth has passed.
        assert!(!board.snapshot_at(start + Duration::from_secs(4)).healthy);
        board.beat_at("poll", start + Duration::from_secs(60), None);
        assert!(board.snapshot_at(start + Duration::from_secs(61)).healthy);
    }

    #[test]
    fn a_failure_counts_at_once_and_until_the_next_beat() {
        let board = HealthBoard::new(Service::DbPoller);
        board.beat("poll");
        board.fail("poll", "connection refused");
        let health = board.snapshot();
        assert!(!health.healthy);
        assert_eq!(health.checks[0].detail.as_deref(), Some("connection refused"));
        board.beat("poll");
        assert!(board.snapshot().healthy);
    }

    #[test]
    fn what_a_service_goes_on_without_degrades_it_and_no_more() {
        let board = HealthBoard::new(Service::DbPoller);
        board.advise("bus between processes", || Err("not connected".to_owned()));
        assert!(!board.snapshot().healthy, "advice is no work of its own");
        board.beat("poll");
        let health = board.snapshot();
        assert!(health.healthy);
        assert_eq!(health.degradation().as_deref(), Some("bus between processes: not connected"));
        board.advise("bus between processes", || Ok("connected".to_owned()));
        assert_eq!(board.snapshot().degradation(), None);
    }

    #[test]
    fn a_probe_is_asked_at_each_look() {
        let board = HealthBoard::new(Service::DbPoller);
        board.beat("poll");
        let full = Arc::new(std::sync::atomic::AtomicBool::new(false));
        let asked = Arc::clone(&full);
        board.probe("journal", move || match asked.load(std::sync::atomic::Ordering::Relaxed) {
            false => Ok(()),
            true => Err("no space left on device".to_owned()),
        });
        assert!(board.snapshot().healthy);
        full.store(true, std::sync::atomic::Ordering::Relaxed);
        assert!(!board.snapshot().healthy);
    }
}
