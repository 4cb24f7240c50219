//! auto-entry-supervisor: drives the `entry` machine, which asks the desk to open trades. The desk's gate has the last
//! word.
//!
//! - `run`: start, feed and health. `past`: what momentum was before the start.
//! - `refusals`: reasons that changed, on their way to the desk.
//! - `effects`: requests to the desk and the status for pages.

mod effects;
mod past;
mod refusals;
mod run;

pub use run::run;

#[cfg(test)]
mod tests;
