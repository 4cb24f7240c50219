//! The `lifecycle` machine: which markets there are, and whose books are wanted.
//!
//! Everything is decided by `open_time` and `close_time`, never by what a ticker looks like: the exchange announces
//! neither opening nor closing by time. Lists are fetched on a timer, more often around a roll-over and after the
//! exchange announced something that only a list tells in full.

mod interface;
mod machine;
mod selection;

#[cfg(test)]
mod tests;

pub use interface::{Config, Input, Output};
pub use machine::LifecycleMachine;
