//! The `odds` machine: the strike table, from prices, momentum, markets and books.
//!
//! The chance is asked of the settlement index, since that is what an event settles on; the spot price must be fresh
//! too, because momentum comes from it. Where an input is missing or stale a row says why instead of stating a number.

mod edge;
mod interface;
mod machine;
mod present;
mod quote;

#[cfg(test)]
mod tests;

pub use edge::edge;
pub use interface::{Config, Input, Output};
pub use machine::OddsMachine;
