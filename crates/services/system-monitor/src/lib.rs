//! system-monitor: asks every service for its health each second of wall time, publishes what it saw, and names what
//! stopped.
//!
//! - `round`: one round of questions. `alert`: what was and is wrong, as one list.
//! - `watch`: the loop. `pages`: `GET /api/alerts`.

mod alert;
mod pages;
mod round;
mod watch;

pub use alert::{Alert, Alerts};

use rec_runtime::{BoxFuture, ServiceContext, serve_http};

/// Entry point.
#[must_use]
pub fn run(ctx: ServiceContext) -> BoxFuture<anyhow::Result<()>> {
    Box::pin(async move {
        let alerts = pages::SharedAlerts::default();
        tokio::try_join!(
            watch::watch(&ctx, &alerts),
            serve_http(&ctx, pages::router(alerts.clone(), ctx.token.clone()))
        )?;
        Ok(())
    })
}
