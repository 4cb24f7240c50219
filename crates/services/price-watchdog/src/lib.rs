//! price-watchdog: drives the `feed` and `momentum` machines with the spot venue's prices and the settlement index, and
//! publishes what they accept.
//!
//! - `run`: start, limits and health.
//! - `spot`: prices and candles of the spot venue.
//! - `index`: prints of the settlement index, from the exchange's stream.
//! - `effects`: what the machines want done.
//! - `archive`: what was published, kept in the database.

mod archive;
mod effects;
mod index;
mod run;
mod spot;

#[cfg(test)]
mod tests;

pub use run::run;
