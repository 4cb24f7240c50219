//! trade-executor: drives the `sender` machine. It holds the write key and sends what was committed and claimed,
//! nothing else; nothing in a call to it says what is sent.
//!
//! - `run`: start, feeds and health.
//! - `effects`: claims, sends and records.
//! - `exchange`: an intent as a call to the exchange.

mod effects;
mod exchange;
mod run;

#[cfg(test)]
mod tests;

pub use run::run;
