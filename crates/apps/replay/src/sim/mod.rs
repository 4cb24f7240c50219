//! The money path of the desk (desk, store rules, sender, exchange) under one seeded (time, sequence) queue.
//!
//! | file | what it stands for |
//! |---|---|
//! | [`queue`] | the only order of events |
//! | [`memory`] | what Postgres keeps: commits, claims, answers, inbox |
//! | [`venue`] | the exchange's core in the desk's words |
//! | [`world`] | all of it together |

pub mod memory;
pub mod queue;
pub mod venue;
pub mod world;

pub use world::{World, WorldConfig};
