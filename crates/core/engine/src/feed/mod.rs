//! The `feed` machine: spot prices and index prints that can be believed, each with its age.
//!
//! It drops what came twice or too late, holds back what jumps until it is confirmed, says which source fell silent, and
//! has the spot venue's candles fetched once, for momentum.

mod candle;
mod interface;
mod machine;
mod screen;
mod window;

#[cfg(test)]
mod tests;

pub use candle::Candle;
pub use interface::{Config, Counters, Input, Output, Source};
pub use machine::FeedMachine;
pub use window::PrintWindow;
