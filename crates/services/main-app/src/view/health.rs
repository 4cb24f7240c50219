//! Health of every service.

use rec_domain::{Service, health::HealthReport};

use super::{Age, Limits, Moment};
use crate::live::Live;

/// What the health panel shows.
#[derive(Debug, Clone, PartialEq)]
pub struct HealthView {
    /// Every service.
    pub services: Vec<ServiceRow>,
    /// How many are healthy.
    pub healthy: usize,
    /// How old the report is; `None` while there is none.
    pub age: Option<Age>,
}

/// One service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceRow {
    /// Its name.
    pub name: &'static str,
    /// Whether it is healthy; `None` when nobody has said.
    pub healthy: Option<bool>,
    /// What is wrong.
    pub complaint: Option<String>,
}

impl HealthView {
    /// The health panel.
    #[must_use]
    pub fn of(live: &Live, now: Moment) -> Self {
        let report = live.health.as_ref();
        let services = services(report.map(|report| &report.value));
        Self {
            healthy: services.iter().filter(|service| service.healthy == Some(true)).count(),
            services,
            age: report.map(|report| Age::wall(report.received_at, Limits::STATUS_WALL, now)),
        }
    }

    /// Whether every service is healthy.
    #[must_use]
    pub fn is_well(&self) -> bool {
        self.healthy == self.services.len()
    }
}

/// Every service of the desk with what `report` says of it.
#[must_use]
pub fn services(report: Option<&HealthReport>) -> Vec<ServiceRow> {
    Service::ALL
        .iter()
        .map(|service| {
            let found = report.and_then(|report| report.services.iter().find(|known| known.service == *service));
            ServiceRow {
                name: service.name(),
                healthy: found.map(|health| health.healthy),
                complaint: match found {
                    Some(health) => health.complaint(),
                    None => Some("nothing known yet".to_owned()),
                },
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn a_service_that_nobody_speaks_of_is_not_healthy() {
        let mut live = sample::live();
        live.health.as_mut().expect("report").value.services.retain(|health| health.service != Service::Guard);
        let view = HealthView::of(&live, sample::moment());
        let guard = view.services.iter().find(|service| service.name == "guard").expect("always listed");
        assert_eq!(guard.healthy, None);
        assert!(!view.is_well());
    }
}
