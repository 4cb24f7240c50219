//! The built `rec` command, driven as a person drives it: typed, watched, interrupted, killed.
//!
//! Each test has a state directory, a home and ports of its own, and leaves no process behind. `REC_TEST_PROGRAM` names
//! a built `rec` to be tested instead of the one of this checkout.

mod again;
mod anywhere;
mod arming;
mod crash;
mod database;
mod database_down;
mod demo;
mod emergency;
mod endurance;
mod errors;
mod faults;
mod foreign;
mod guard;
mod health;
mod paper;
mod reconcile;
mod replay;
mod series;
mod single_writer;
mod storm;
mod support;
mod wire;
mod wrong;
