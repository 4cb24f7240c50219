//! Machines under simulated time: no network, no database, no clock. What happens follows from the seed.

pub mod frames;
pub mod sim;
