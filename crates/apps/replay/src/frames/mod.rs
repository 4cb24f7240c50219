//! Recorded frames of the exchange through the decoder and the machines of the desk: what they imply, and what was
//! passed over and why.
//!
//! [`minutes`] is the other half: the strike table of a recording minute by minute, and what the desk would decide.
//! [`read_recording`] takes the text of a file in any of the forms that recordings have; [`replay()`] gives a
//! [`Report`]. A recording may be an excerpt: numbers that are missing are named and make a book doubtful, and what
//! the frames at hand imply is reported all the same.

mod books;
mod index;
pub mod minutes;
mod recording;
mod replay;
mod report;

#[cfg(test)]
mod tests;

pub use recording::{Recorded, RecordingError, read_recording};
pub use replay::replay;
use replay::subscribed_markets;
pub use report::{BookState, Gap, IndexState, Passed, Print, Quote, Report, Subscription, Trade};
