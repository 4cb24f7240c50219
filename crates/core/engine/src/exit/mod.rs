//! The `exit` machine: which open trades are to be closed, from each new price.
//!
//! It is level-triggered: at every step it computes for each supervised trade whether a close is wanted *now*, and acts
//! on the difference to what is under way. Nothing is latched. A close that was missed is asked for again while it is
//! still wanted; when the chance recovers before that, or momentum turns, it is wanted no more and what is still held
//! stays. A verification starts anew whenever the condition did not hold, or was not known to hold, for an instant.
//!
//! Nothing is decided on stale inputs or books: supervision is then suspended, and an alarm says so.

mod chance;
mod interface;
mod machine;
mod verdict;

#[cfg(test)]
mod tests;

pub use interface::{Config, Input, Obstacle, Output};
pub use machine::ExitMachine;
