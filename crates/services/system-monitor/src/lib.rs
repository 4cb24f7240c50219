//! system-monitor: asks every service for its health each second of wall time, publishes what it saw, and names what
//! stopped.
//!
//! - `round`: one round of questions. `starting`: who has not yet had time to start.
//! - `alert`: what was and is wrong, as one list. `code`: which alerts there are.
//! - `heartbeat`: told to the outside while all is well. `watch`: the loop. `records`: changes, kept in the database.
//!   `pages`: `GET /api/alerts`.

mod alert;
mod code;
mod heartbeat;
mod pages;
mod records;
mod round;
mod starting;
mod watch;

pub use alert::{Alert, Alerts, DeskWord};
pub use code::AlertCode;

use rec_runtime::{BoxFuture, ServiceContext, serve_http};

/// Entry point.
#[must_use]
pub fn run(ctx: ServiceContext) -> BoxFuture<anyhow::Result<()>> {
    Box::pin(async move {
        let alerts = pages::SharedAlerts::default();
        let (records, waiting) = records::Records::new();
        tokio::try_join!(
            watch::watch(&ctx, &alerts, records),
            records::write(&ctx, waiting),
            serve_http(&ctx, pages::router(alerts.clone(), ctx.token.clone()))
        )?;
        Ok(())
    })
}
