//! active-trade-supervisor: drives the `exit` machine, which asks the desk to close trades.
//!
//! - `run`: start, feed and health.
//! - `effects`: requests to the desk and alarms.

mod effects;
mod run;

pub use run::run;

#[cfg(test)]
mod tests;
