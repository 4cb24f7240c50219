//! Readers for recordings of 2025, when the exchange wrote prices in whole cents and counts in whole contracts.
//!
//! Only replays use this; the live wire has no such form any more. All times in recordings carry their offset. An
//! account's recorded lists are read by [`crate::export`], which knows both forms.

pub mod event;
pub mod message;

pub use event::{LegacyEvent, LegacyMarket, read_event};
pub use message::present_form;
