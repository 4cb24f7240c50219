//! The machines of the desk: every decision, and nothing else.
//!
//! A machine takes an instant and an input and gives outputs. It does no I/O, reads no clock and draws no random
//! numbers, so that the same inputs give the same outputs on every machine and in every replay. [`driver`] feeds a
//! machine and tees what it consumed into a journal; [`topology`] says which output feeds which input.

pub mod account;
pub mod book;
pub mod claim;
pub mod desk;
pub mod driver;
pub mod entry;
pub mod exit;
pub mod failure;
pub mod feed;
pub mod journal;
pub mod lifecycle;
pub mod machine;
pub mod momentum;
pub mod odds;
pub mod sender;
mod shape;
mod shared;
pub mod topology;

pub use driver::{Driver, Full};
pub use journal::{Journal, JournalEntry, NoJournal};
pub use machine::{KeptOutputs, Machine};
pub use shared::Shared;
