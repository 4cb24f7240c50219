//! What every service stands on: clocks, the driver's I/O, health, HTTP, logs, start and shutdown.
//!
//! A service is a library with one function, its [`ServiceMain`], which takes a [`ServiceContext`] and works until
//! [`ServiceContext::shutdown`] is cancelled:
//!
//! ```no_run
//! use rec_runtime::{BoxFuture, ServiceContext, axum::Router};
//!
//! /// Entry point of the service.
//! pub fn run(ctx: ServiceContext) -> BoxFuture<anyhow::Result<()>> {
//!     Box::pin(async move {
//!         ctx.health.check("ticks", rec_runtime::health::EVERY_SECOND);
//!         let work = async {
//!             let mut events = ctx.subscribe();
//!             loop {
//!                 tokio::select! {
//!                     () = ctx.shutdown.cancelled() => return anyhow::Ok(()),
//!                     delivery = events.recv() => {
//!                         tracing::debug!(topic = ?delivery.event.topic(), "event");
//!                         ctx.health.beat("ticks");
//!                     }
//!                 }
//!             }
//!         };
//!         tokio::try_join!(work, rec_runtime::serve_http(&ctx, Router::new()))?;
//!         Ok(())
//!     })
//! }
//! ```
//!
//! Its `main.rs` is `fn main() -> ExitCode { rec_runtime::main(Service::X, rec_x::run) }`.
//!
//! - [`clock`]: market time and wall time. [`drive`](mod@drive): feeds a machine. [`journal`]: journals of
//!   machines, and recordings of what came.
//! - [`health`]: named checks with limits. [`http`]: `/health`, `/metrics` and a service's own routes.
//! - [`service`]: the context. [`database`](mod@database): how a service comes to its database.
//! - [`compose`](mod@compose): several services in one process. [`entry`]: `main`.
//! - `testing` (a feature): what tests of services stand on.
//! - [`logs`], [`memory`], [`metric`], [`systemd`], [`token`], [`rotating`]: what their names say.

pub mod clock;
pub mod compose;
pub mod database;
pub mod drive;
pub mod entry;
pub mod health;
pub mod http;
pub mod journal;
pub mod logs;
pub mod memory;
pub mod metric;
mod passed;
pub mod rotating;
pub mod service;
pub mod systemd;
#[cfg(feature = "testing")]
pub mod testing;
pub mod token;
mod turning;

pub use axum;
pub use clock::{Clocks, MarketClock};
pub use compose::{Composition, Hosted, Running};
pub use database::DatabaseAccess;
pub use drive::{Effects, drive};
pub use entry::{main, main_of};
pub use health::HealthBoard;
pub use http::{serve_http, serve_public};
pub use journal::{FileJournal, Recorder, Tee};
pub use service::{BoxFuture, ServiceContext, ServiceMain};
pub use turning::Turning;
