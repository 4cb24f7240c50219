//! kalshi-account-sync: drives the `account` machine with everything that the exchange says of the account, and
//! appends what it reports to the inbox. It reads with the read key and decides nothing.
//!
//! - `run`: start, limits and health.
//! - `stream`: what the exchange's private channels say.
//! - `pages`: one page of a list of the account.
//! - `wishes`: the desk wants a reading now.
//! - `exchange_clock`: how far the exchange's clock is away.
//! - `effects`: what the machine wants done.

mod effects;
mod exchange_clock;
mod pages;
mod run;
mod stream;
mod wishes;

#[cfg(test)]
mod tests;

pub use run::run;
