//! The `momentum` machine: one reading a second from the spot prices of the last half hour.

mod machine;
mod points;

#[cfg(test)]
mod tests;

pub use machine::{Config, Input, MomentumMachine, Output};
pub use points::momentum_points;
