//! Metrics: one recorder in the process, read at `GET /metrics` of each of its services.

use std::{sync::OnceLock, time::Duration};

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use rec_domain::health::ServiceHealth;

/// How old the newest book of a strike table was when the table was made, in seconds of wall time: how far the desk is
/// behind the exchange's stream while books change all the time.
pub const BOOK_AGE: &str = "rec_strike_table_book_age_seconds";
/// Bounds of that histogram's buckets. 50 ms is what a strike table is held to.
const BOOK_AGE_BOUNDS: [f64; 14] = [0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.04, 0.05, 0.075, 0.1, 0.25, 0.5, 1.0, 3.0];

/// How long a commit of trade-manager takes, in seconds of wall time.
pub const DESK_COMMIT: &str = "rec_desk_commit_seconds";
/// How long a claim of trade-executor takes, its commit included, in seconds of wall time.
pub const CLAIM: &str = "rec_claim_seconds";
/// Bounds of the buckets of both, ten a decade where it matters.
const COMMIT_BOUNDS: [f64; 24] = [
    0.0005, 0.00063, 0.0008, 0.001, 0.00125, 0.0016, 0.002, 0.0025, 0.0032, 0.004, 0.005, 0.0063, 0.008, 0.01, 0.0125,
    0.016, 0.02, 0.025, 0.032, 0.04, 0.05, 0.1, 0.5, 5.0,
];

static RECORDER: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

/// Installs the recorder, once in the process. Where somebody else has installed one, `/metrics` stays empty.
pub fn install() {
    RECORDER.get_or_init(|| recorder().inspect_err(|error| tracing::warn!(%error, "metrics are not collected")).ok());
}

fn recorder() -> Result<PrometheusHandle, BuildError> {
    let of = |name: &str| Matcher::Full(name.to_owned());
    PrometheusBuilder::new()
        .set_buckets_for_metric(of(BOOK_AGE), &BOOK_AGE_BOUNDS)?
        .set_buckets_for_metric(of(DESK_COMMIT), &COMMIT_BOUNDS)?
        .set_buckets_for_metric(of(CLAIM), &COMMIT_BOUNDS)?
        .install_recorder()
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

/// Notes the age of the newest book of a strike table; see [`BOOK_AGE`].
pub fn record_book_age(age: Duration) {
    metrics::histogram!(BOOK_AGE).record(age);
}

/// The most that ever waited in a bounded queue, as `rec_queue_most` beside its bound `rec_queue_bound`.
#[derive(Debug)]
pub struct QueueDepth {
    most: usize,
    gauge: metrics::Gauge,
}

impl QueueDepth {
    /// Of the queue called `name`, which holds up to `bound`.
    #[must_use]
    pub fn new(name: &'static str, bound: usize) -> Self {
        metrics::gauge!("rec_queue_bound", "queue" => name).set(number(bound));
        let gauge = metrics::gauge!("rec_queue_most", "queue" => name);
        gauge.set(0.0);
        Self { most: 0, gauge }
    }

    /// So many wait now.
    pub fn note(&mut self, waiting: usize) {
        if waiting > self.most {
            self.most = waiting;
            self.gauge.set(number(waiting));
        }
    }
}

fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
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
