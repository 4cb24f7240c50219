//! The `entry` machine: whether and what to enter, from each new strike table and each row whose book changed since.
//!
//! The rules stand in [`Rule`], in the order in which they are applied; [`why_not`] gives the first that forbids an
//! entry and [`decision_table`] all of them, for pages and replay. The machine adds only what needs memory: the pause
//! after a momentum spike, the requests under way, and a bound on how many are made. The desk's gate has the last word.

mod decision;
mod interface;
mod limit;
mod machine;
mod pause;
mod rules;

#[cfg(test)]
mod tests;

pub use decision::{Pending, Proposal, Situation, decision_table, propose, why_not};
pub use interface::{Config, Input, Limits, Output};
pub use limit::entry_limit;
pub use machine::EntryMachine;
pub use pause::SpikePause;
pub use rules::Rule;
