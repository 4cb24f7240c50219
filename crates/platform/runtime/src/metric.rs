//! Metrics: one recorder in the process, read at `GET /metrics` of each of its services.

use std::sync::OnceLock;

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use rec_domain::health::ServiceHealth;

static RECORDER: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

/// Installs the recorder, once in the process. Where somebody else has installed one, `/metrics` stays empty.
pub fn install() {
    RECORDER.get_or_init(|| {
        PrometheusBuilder::new()
            .install_recorder()
            .inspect_err(|error| tracing::warn!(%error, "metrics are not collected"))
            .ok()
    });
}

/// Every metric of the process in the text form of Prometheus.
#[must_use]
pub fn render() -> String {
    let handle = RECORDER.get().and_then(Option::as_ref);
    handle
        .map(|handle| {
            handle.run_upkeep();
            handle.render()
        })
        .unwrap_or_default()
}

/// Keeps the recorder's memory bounded; to be called every few seconds.
pub fn upkeep() {
    if let Some(Some(handle)) = RECORDER.get() {
        handle.run_upkeep();
    }
}

/// Shows a service's health as metrics.
pub fn record_health(health: &ServiceHealth) {
    let service = health.service.name();
    metrics::gauge!("rec_healthy", "service" => service).set(if health.healthy { 1.0 } else { 0.0 });
    for check in &health.checks {
        let name = check.name.clone();
        metrics::gauge!("rec_check_ok", "service" => service, "check" => name).set(if check.ok { 1.0 } else { 0.0 });
    }
}
