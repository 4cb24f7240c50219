//! Health: a service is healthy only while its own work is fresh.

use serde::{Deserialize, Serialize};

use crate::{Service, Timestamp};

/// What one service says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceHealth {
    /// The service.
    pub service: Service,
    /// Whether every check holds, but those that only advise.
    pub healthy: bool,
    /// What was checked.
    pub checks: Vec<Check>,
}

/// One thing that a service needs to be doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// What, as `index prints`.
    pub name: String,
    /// Whether it is fresh enough.
    pub ok: bool,
    /// Wall time since it last happened, in milliseconds; `None` when it never has.
    pub age_ms: Option<u64>,
    /// The age at which it is not ok any more, in milliseconds of wall time.
    pub limit_ms: u64,
    /// More for people.
    pub detail: Option<String>,
    /// Whether the service goes on without it: then it is degraded rather than unhealthy.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub advisory: bool,
}

impl ServiceHealth {
    /// What is wrong, in a few words; `None` when nothing is.
    #[must_use]
    pub fn complaint(&self) -> Option<String> {
        let failing: Vec<_> = self
            .checks
            .iter()
            .filter(|check| !check.ok)
            .map(|check| match (check.age_ms, &check.detail) {
                // Fresh but failing: its age says nothing.
                (Some(age), Some(detail)) if age <= check.limit_ms => format!("{}: {detail}", check.name),
                (Some(age), None) if age <= check.limit_ms => format!("{} fails", check.name),
                (Some(age), _) => {
                    format!("{} is {:.1} s old", check.name, f64::from(u32::try_from(age).unwrap_or(u32::MAX)) / 1e3)
                }
                (None, _) => format!("no {} yet", check.name),
            })
            .collect();
        match (self.healthy, failing.is_empty()) {
            (true, _) => None,
            (false, true) => Some("does not answer".to_owned()),
            (false, false) => Some(failing.join(", ")),
        }
    }

    /// What a healthy service goes on without, in a few words; `None` when it lacks nothing.
    #[must_use]
    pub fn degradation(&self) -> Option<String> {
        let lacking: Vec<_> = self
            .checks
            .iter()
            .filter(|check| self.healthy && check.advisory && !check.ok)
            .map(|check| format!("{}: {}", check.name, check.detail.as_deref().unwrap_or("fails")))
            .collect();
        (!lacking.is_empty()).then(|| lacking.join(", "))
    }
}

/// The health of every service, as system-monitor saw it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthReport {
    /// When.
    pub at: Timestamp,
    /// Every service; one that did not answer has no checks.
    pub services: Vec<ServiceHealth>,
}

impl HealthReport {
    /// Whether every service is healthy.
    #[must_use]
    pub fn all_healthy(&self) -> bool {
        self.services.iter().all(|service| service.healthy)
    }
}
