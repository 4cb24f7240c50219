//! What was and is wrong, as one list.

use std::collections::VecDeque;

use rec_domain::{Service, Timestamp, health::HealthReport};
use serde::Serialize;

/// Alerts that have ended and are remembered.
const MOST_ENDED: usize = 200;

/// Something that is or was wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Alert {
    /// The service.
    pub service: Service,
    /// The check, as `index prints`; none when the service does not answer.
    pub check: Option<String>,
    /// What is wrong, for people; as it was when it was seen last.
    pub message: String,
    /// Since when, in market time.
    pub since: Timestamp,
    /// When it was over, in market time.
    pub until: Option<Timestamp>,
}

/// What changed with a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It began.
    Raised(Alert),
    /// It is over.
    Cleared(Alert),
}

/// What was and is wrong. Each failing check of each service is an alert of its own.
#[derive(Debug, Clone, Default)]
pub struct Alerts {
    active: Vec<Alert>,
    ended: VecDeque<Alert>,
}

impl Alerts {
    /// Takes a report and says what began and what is over.
    pub fn take(&mut self, report: &HealthReport) -> Vec<Change> {
        let failing = failing(report);
        let mut changes = Vec::new();
        self.active.retain_mut(|alert| {
            let still = failing.iter().find(|(service, check, _)| *service == alert.service && *check == alert.check);
            match still {
                Some((_, _, message)) => {
                    alert.message.clone_from(message);
                    true
                }
                None => {
                    alert.until = Some(report.at);
                    changes.push(Change::Cleared(alert.clone()));
                    self.ended.push_front(alert.clone());
                    false
                }
            }
        });
        self.ended.truncate(MOST_ENDED);
        for (service, check, message) in failing {
            if !self.active.iter().any(|alert| alert.service == service && alert.check == check) {
                let alert = Alert { service, check, message, since: report.at, until: None };
                changes.push(Change::Raised(alert.clone()));
                self.active.push(alert);
            }
        }
        changes
    }

    /// What is wrong now, then what was, the latest first.
    pub fn iter(&self) -> impl Iterator<Item = &Alert> {
        self.active.iter().chain(&self.ended)
    }
}

fn failing(report: &HealthReport) -> Vec<(Service, Option<String>, String)> {
    let mut failing = Vec::new();
    for health in report.services.iter().filter(|health| !health.healthy) {
        let service = health.service;
        let before = failing.len();
        for check in health.checks.iter().filter(|check| !check.ok) {
            let age = match (check.age_ms, check.limit_ms) {
                (_, 0) => "fails".to_owned(),
                (None, _) => "never came".to_owned(),
                (Some(age), limit) if age > limit => format!("stale for {}.{} s", age / 1_000, age % 1_000 / 100),
                (Some(_), _) => "fails".to_owned(),
            };
            let detail = check.detail.as_ref().map(|detail| format!(": {detail}")).unwrap_or_default();
            failing.push((service, Some(check.name.clone()), format!("{service}: {} {age}{detail}", check.name)));
        }
        if failing.len() == before {
            failing.push((service, None, format!("{service} does not answer")));
        }
    }
    failing
}

#[cfg(test)]
mod tests {
    use rec_domain::health::{Check, ServiceHealth};

    use super::*;

    fn report(at: i64, index_age_ms: Option<u64>) -> HealthReport {
        let check = |name: &str, ok: bool| Check {
            name: name.to_owned(),
            ok,
            age_ms: index_age_ms,
            limit_ms: 3_500,
            detail: None,
            advisory: false,
        };
        let fresh = index_age_ms.is_some_and(|age| age <= 3_500);
        let checks = vec![check("spot price", true), check("index prints", fresh)];
        let services = vec![ServiceHealth { service: Service::PriceWatchdog, healthy: fresh, checks }];
        HealthReport { at: Timestamp::from_seconds(at), services }
    }

    #[test]
    fn a_stale_feed_is_named_once_and_its_end_is_told() {
        let mut alerts = Alerts::default();
        assert_eq!(alerts.take(&report(1, Some(100))), []);
        let changes = alerts.take(&report(5, Some(4_200)));
        let [Change::Raised(alert)] = changes.as_slice() else { unreachable!("one is raised: {changes:?}") };
        assert_eq!(alert.message, "price-watchdog: index prints stale for 4.2 s");
        assert_eq!(alerts.take(&report(6, Some(5_200))), [], "once");
        assert_eq!(alerts.iter().next().expect("active").message, "price-watchdog: index prints stale for 5.2 s");
        let changes = alerts.take(&report(7, Some(10)));
        let [Change::Cleared(alert)] = changes.as_slice() else { unreachable!("one is cleared: {changes:?}") };
        assert_eq!((alert.since.seconds(), alert.until.map(Timestamp::seconds)), (5, Some(7)));
    }

    #[test]
    fn silence_is_an_alert_and_the_memory_is_bounded() {
        let mut alerts = Alerts::default();
        let silent = |at: i64| HealthReport {
            at: Timestamp::from_seconds(at),
            services: vec![ServiceHealth { service: Service::Guard, healthy: false, checks: Vec::new() }],
        };
        for at in 0..1_000 {
            let changes = alerts.take(&silent(at));
            assert!(matches!(&changes[0], Change::Raised(alert) if alert.message == "guard does not answer"));
            alerts.take(&report(at, Some(1)));
        }
        assert_eq!(alerts.iter().count(), MOST_ENDED);
    }
}
