//! The `account` machine: everything that the exchange says of the account, read completely.
//!
//! What comes over the WebSocket is appended at once. Besides, everything is read page by page in *sweeps*: at the
//! start, after each connection, on a timer, and when the desk asks for one. A sweep first asks up to which instant the
//! exchange's lists are complete, so that the desk may conclude from what is absent; hence a sweep that failed or fell
//! short anywhere is given up and never reported.

mod interface;
mod machine;
mod sweep;

#[cfg(test)]
mod tests;

pub use interface::{Config, FetchNumber, Input, Items, List, Output};
pub use machine::AccountMachine;
