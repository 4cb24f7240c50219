//! db-poller: relays the outbox of the database to the bus.
//!
//! Unpublished rows are the truth, taken with `SKIP LOCKED`; a `NOTIFY` is only a hint to look at once. So nothing is
//! lost while this service or the bus was down, and an event may come twice but never not at all.
//!
//! - `relay`: the loop.
//! - `prune`: what goes after a while.

mod prune;
mod relay;

use rec_runtime::{BoxFuture, ServiceContext, axum::Router, serve_http};

/// Entry point.
#[must_use]
pub fn run(ctx: ServiceContext) -> BoxFuture<anyhow::Result<()>> {
    Box::pin(async move {
        tokio::try_join!(relay::relay(&ctx), prune::prune(&ctx), serve_http(&ctx, Router::new()))?;
        Ok(())
    })
}

#[cfg(test)]
mod tests;
