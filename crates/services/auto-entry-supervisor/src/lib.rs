//! auto-entry-supervisor: drives the `entry` machine, which asks the desk to open trades. The desk's gate has the last
//! word.
//!
//! - `run`: start, feed and health.
//! - `effects`: requests to the desk and the status for pages.

mod effects;
mod run;

pub use run::run;

#[cfg(test)]
mod tests;
