//! unified-production-coordinator: drives the `odds` machine, which makes the strike table from prices, momentum,
//! markets and books.
//!
//! - `run`: start, feed and health.
//! - [`fingerprints`]: the model, read from its folder.

pub mod fingerprints;
mod run;

pub use run::run;

#[cfg(test)]
mod tests;
