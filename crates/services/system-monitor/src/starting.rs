//! Which services have not yet had time to start.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use rec_domain::{Service, health::ServiceHealth};

/// How long a service may take until everything has happened in it once, in wall time.
const GRACE: Duration = Duration::from_secs(10);

/// What is known of the starts of services.
#[derive(Debug)]
pub(crate) struct Starts {
    began: Instant,
    known: BTreeMap<Service, Start>,
}

#[derive(Debug, Clone, Copy)]
struct Start {
    since: Instant,
    answers: bool,
    /// It has been healthy since, and lacked nothing.
    done: bool,
}

impl Starts {
    /// Nobody has answered yet.
    pub(crate) const fn new(now: Instant) -> Self {
        Self { began: now, known: BTreeMap::new() }
    }

    /// Takes what a service says of itself, and says whether it is starting: it began to answer a short while ago, or
    /// this monitor did to ask, it has not been quite well since, and nothing is wrong but that something has never
    /// happened yet, or that it lacks what it goes on without.
    pub(crate) fn is_starting(&mut self, health: &ServiceHealth, now: Instant) -> bool {
        let first = Start { since: self.began, answers: false, done: false };
        let start = self.known.entry(health.service).or_insert(first);
        let answers = !health.checks.is_empty();
        if answers && !start.answers {
            *start = Start { since: now, answers, done: false };
        }
        start.answers = answers;
        start.done |= health.healthy && health.checks.iter().all(|check| check.ok);
        let only_waits = health.checks.iter().filter(|check| !check.ok && !check.advisory).all(|c| c.age_ms.is_none());
        !start.done && only_waits && now.saturating_duration_since(start.since) < GRACE
    }
}

#[cfg(test)]
mod tests {
    use rec_domain::health::Check;

    use super::*;

    fn says(age_ms: Option<u64>, ok: bool) -> ServiceHealth {
        let check = Check { name: "poll".to_owned(), ok, age_ms, limit_ms: 3_500, detail: None, advisory: false };
        ServiceHealth { service: Service::DbPoller, healthy: ok, checks: vec![check] }
    }

    fn silent() -> ServiceHealth {
        ServiceHealth { service: Service::DbPoller, healthy: false, checks: Vec::new() }
    }

    #[test]
    fn a_service_starts_until_its_grace_is_over_and_again_when_it_comes_back() {
        let begin = Instant::now();
        let mut starts = Starts::new(begin);
        let at = |seconds| begin + Duration::from_secs(seconds);
        assert!(starts.is_starting(&silent(), at(0)));
        assert!(starts.is_starting(&silent(), at(9)));
        assert!(!starts.is_starting(&silent(), at(10)), "it should answer by now");
        assert!(starts.is_starting(&says(None, false), at(11)), "it does, and nothing has happened in it yet");
        assert!(!starts.is_starting(&says(None, false), at(21)), "it takes too long");
        assert!(!starts.is_starting(&says(Some(0), true), at(22)));
        assert!(!starts.is_starting(&silent(), at(23)), "it has ended");
        assert!(starts.is_starting(&says(None, false), at(24)), "it was started again");
    }

    #[test]
    fn what_a_service_goes_on_without_may_come_later_too() {
        let begin = Instant::now();
        let mut starts = Starts::new(begin);
        let mut degraded = says(Some(0), true);
        let lacking = Check { ok: false, advisory: true, ..degraded.checks[0].clone() };
        degraded.checks.push(lacking);
        assert!(starts.is_starting(&degraded, begin));
        assert!(!starts.is_starting(&degraded, begin + GRACE));
    }

    #[test]
    fn what_happened_and_stopped_is_no_start() {
        let begin = Instant::now();
        let mut starts = Starts::new(begin);
        assert!(!starts.is_starting(&says(Some(4_000), false), begin), "it did something before");
        let mut starts = Starts::new(begin);
        assert!(!starts.is_starting(&says(Some(0), true), begin));
        assert!(!starts.is_starting(&says(None, false), begin), "it was well once");
    }
}
