//! kalshi-api-watchdog: drives the `book` and `lifecycle` machines with the exchange's stream and lists, and publishes
//! which markets there are, the tops of their books, and what the exchange announces of them.
//!
//! - `run`: start, limits and health.
//! - `stream`: one connection for all its channels. `line`: which commands and subscriptions on it are whose.
//! - `discovery`: the markets of the followed series, by the exchange's lists.
//! - `books`, `markets`: what the machines want done.
//! - `archive`: markets, kept in the database. `idle`: health while no market is open.

mod archive;
mod books;
mod discovery;
mod idle;
mod line;
mod markets;
mod run;
mod stream;

#[cfg(test)]
mod tests;

pub use run::run;
