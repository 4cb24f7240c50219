//! The twin's world without I/O: it reads no clock, spawns nothing, and repeats byte for byte from its
//! seed and the mutations that were applied.

pub mod account;
pub mod book;
pub mod config;
mod crowd;
mod dice;
pub mod exchange;
pub mod fair;
mod groups;
mod identity;
pub mod ledger;
mod lifecycle;
pub mod market;
mod matching;
pub mod mutation;
mod orders;
pub mod output;
pub mod path;
pub mod query;
pub mod rejection;
pub mod session;
pub mod spot;
pub mod wire;

pub use config::TwinConfig;
pub use exchange::Twin;
pub use mutation::{Applied, CancelOrder, CreateGroup, CreateOrder, Mutation, SelfTradePrevention, TimeInForce};
pub use output::{Channel, Output};
pub use rejection::Rejection;
pub use session::{Frame, Session};

#[cfg(test)]
mod tests;
