//! Machines under simulated time: no network, no database, no clock. What happens follows from the seed.

pub mod day;
pub mod frames;
pub mod sim;
