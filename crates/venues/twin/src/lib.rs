//! A faithful local exchange and spot venue: everything simulated, everything repeatable from a seed.
//!
//! [`core`] is the world itself: prices, books, an account, settlement, and the exchange's protocol as pure
//! functions. It takes the time as an argument. `server` puts it behind sockets: HTTP, WebSocket, signatures,
//! a journal on disk and the market clock. The wire types are the twin's own, so that a field that a client
//! reads wrongly is not written wrongly here too.

pub mod core;
#[cfg(feature = "server")]
pub mod server;
