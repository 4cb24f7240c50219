//! auto-entry-supervisor: drives the `entry` machine, which asks the desk to open trades. The desk's gate has the last
//! word.
//!
//! - `run`: start, feed and health.
//! - `refusals`: reasons that changed, on their way to the desk.
//! - `effects`: requests to the desk and the status for pages.

mod effects;
mod refusals;
mod run;

pub use run::run;

#[cfg(test)]
mod tests;
