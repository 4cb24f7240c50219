//! The unit `monitor`: who watches the desk from beside it.

use rec_domain::Service;
use rec_runtime::Hosted;

/// The services of the unit.
pub const SERVICES: &[Hosted] = &[
    (Service::SystemMonitor, rec_system_monitor::run),
    (Service::CascadingFailureDetector, rec_cascading_failure_detector::run),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn holds_what_the_manifest_says() {
        let held: BTreeSet<Service> = SERVICES.iter().map(|(service, _)| *service).collect();
        let units = rec_config::Manifest::bundled().units();
        let stated = units.into_iter().find(|(unit, _)| *unit == "monitor").expect("the unit exists").1;
        assert_eq!(held, stated.into_iter().collect());
    }
}
