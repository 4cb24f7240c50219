//! What a process writes down for later: the journals of its machines and the traffic that it received.
//!
//! - [`tee`]: every input a machine consumed and what it said, below `<state_dir>/journal/<machine>/`.
//! - [`recorder`]: every frame and body that came, below `<state_dir>/recording/<stream>/`.
//! - [`spool`]: the thread that writes them, its bounded queue, and what is kept.
//!
//! The form of the files is [`rec_recording`]'s.

pub mod recorder;
pub mod spool;
pub mod tee;

pub use recorder::{Recorder, TrafficStream};
pub use spool::{Bounds, StreamStatus};
pub use tee::{FileJournal, Tee};

#[cfg(test)]
mod tests;
