//! A day again: every machine is fed its own journal, and must say what it said then, byte for byte.
//!
//! - [`verify`](mod@verify): one machine. [`machines`]: all of them, side by side.
//! - `edges`: which output of one machine is which input of another. [`links`]: whether they fit.
//! - [`report`]: what came out.

mod edges;
pub mod links;
pub mod machines;
pub mod report;
pub mod verify;

#[cfg(test)]
mod tests;

pub use links::LinkReport;
pub use machines::{DayError, verify_day};
pub use report::{DayReport, Difference, Gap, MachineReport, Part};
