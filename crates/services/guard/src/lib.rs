//! guard: trips the entry order groups when the desk is gone.
//!
//! It needs neither the database nor the bus: trade-manager sends heartbeats over a unix socket, and fifteen seconds
//! of wall time without one make it trigger the entry group on every shard in use, look whether that worked, try
//! again within bounds, and say so loudly. It never trips a newer epoch than the one that fell silent.
//!
//! Whoever starts it puts it into a session of its own, so that it outlives the desk; a second guard for the same
//! state directory finds the lock held and leaves. [`is_running`] tells whether there is one to adopt.
//!
//! - [`decision`]: what it decides, as a pure machine. [`exchange`]: the order groups. `lock`: one guard a desk.
//! - `socket`: datagrams. `watch`: the loop.

pub mod decision;
pub mod exchange;
mod lock;
mod socket;
mod watch;

pub use lock::is_running;

use rec_runtime::{BoxFuture, ServiceContext};

/// Entry point. Ends by itself when it is told to quit, or some minutes after it tripped.
#[must_use]
pub fn run(ctx: ServiceContext) -> BoxFuture<anyhow::Result<()>> {
    Box::pin(async move {
        let exchange = exchange::Exchange::of_guard(&ctx)?;
        watch::watch(&ctx, decision::GuardLimits::default(), exchange).await
    })
}
