//! cascading-failure-detector: halts entries by command while a service that the desk needs is not healthy, and
//! clears that halt when all are well again. It decides nothing: the `failure` machine does.
//!
//! - `detector`: the machine's inputs and outputs.

mod detector;

use rec_runtime::{BoxFuture, ServiceContext, axum::Router, serve_http};

/// Entry point.
#[must_use]
pub fn run(ctx: ServiceContext) -> BoxFuture<anyhow::Result<()>> {
    Box::pin(async move {
        tokio::try_join!(detector::detect(&ctx), serve_http(&ctx, Router::new()))?;
        Ok(())
    })
}
