//! trade-executor: drives the `sender` machine. It holds the write key and sends what was committed and claimed,
//! nothing else; nothing in a call to it says what is sent.
//!
//! - `run`: start, feeds and health.
//! - `effects`: claims, sends and records.
//! - `exchange`: an intent as a call to the exchange.
//! - `signatures`: signatures of orders, made ahead.
//! - `warm`: a connection to the exchange that stands before there is an order.

mod effects;
mod exchange;
mod run;
mod signatures;
mod warm;

#[cfg(test)]
mod tests;

pub use run::run;
