//! trade-manager: drives the `desk` machine. Everything that it decides is decided there; this shell leads by the
//! lease, carries out commits, feeds inbox and answers in order, and answers requests.
//!
//! - `run`: takes the lease, starts from the database, and starts again when the lease is lost.
//! - `feeds`: what the machine is told.
//! - `effects`: what the machine wants done.
//! - `lease`: holding the lease.
//! - `heartbeat`: the guard hears of the desk while it does.
//! - `second_factor`, `binding`: what arming needs and is bound to.

mod binding;
mod effects;
mod feeds;
mod heartbeat;
mod lease;
mod replies;
mod run;
mod second_factor;

pub use run::run;
