//! One round of questions.

use std::time::Duration;

use rec_domain::{
    Service,
    desk_view::DeskView,
    health::{HealthReport, ServiceHealth},
};
use rec_runtime::ServiceContext;
use tokio::task::JoinSet;

/// How long a service may take to say how it is, in wall time.
const DEADLINE: Duration = Duration::from_millis(800);

/// The check that holds while anybody answers: a monitor that hears nobody knows nothing.
pub(crate) const ANSWERS: &str = "answers of services";

/// Asks every service at the same time. One that does not answer is unhealthy and has no checks.
pub(crate) async fn ask_all(ctx: &ServiceContext) -> HealthReport {
    let mut asked = JoinSet::new();
    for service in Service::ALL.iter().copied().filter(|service| *service != ctx.service) {
        let peers = ctx.peers.clone();
        asked.spawn(async move {
            peers.health(service, DEADLINE).await.unwrap_or_else(|error| {
                tracing::debug!(%service, %error, "no health");
                ServiceHealth { service, healthy: false, checks: Vec::new() }
            })
        });
    }
    let mut services = asked.join_all().await;
    if services.iter().any(|health| !health.checks.is_empty()) {
        ctx.health.beat(ANSWERS);
    }
    services.push(ctx.health.snapshot());
    services.sort_by_key(|health| health.service);
    HealthReport { at: ctx.clocks.now(), services }
}

/// The desk as it stands; `None` when trade-manager does not say.
pub(crate) async fn ask_desk(ctx: &ServiceContext) -> Option<Box<DeskView>> {
    tokio::time::timeout(DEADLINE, ctx.desk.view()).await.ok()?.ok()
}
