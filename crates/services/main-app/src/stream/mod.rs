//! The live page: server-sent events.
//!
//! - [`hub`]: the live state, and whoever follows it.
//! - [`encode`](mod@encode): the form of an event on the wire.
//! - `handler`: `GET /api/stream`.
//!
//! A follower first gets every panel, then those that changed, at most four times a second, and both clocks once a
//! second, which is also how he knows that the line is alive. One who does not read is dropped and comes back by
//! himself to a full picture, so that nothing has to be caught up.

pub mod encode;
pub(crate) mod handler;
pub mod hub;

pub use hub::{Hub, StreamRefused};
