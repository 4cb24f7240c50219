//! The unit `monitor`: who watches the desk from beside it.

use rec_domain::Service;
use rec_runtime::Hosted;

/// The services of the unit.
pub const SERVICES: &[Hosted] = &[
    (Service::SystemMonitor, rec_system_monitor::run),
    (Service::CascadingFailureDetector, rec_cascading_failure_detector::run),
];

#[cfg(test)]
mod tests;
