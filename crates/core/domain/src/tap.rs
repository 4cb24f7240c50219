//! Listening to what comes from an exchange or a spot venue, as it came.

use crate::Timestamp;

/// Takes what a client received before it is decoded. It must not wait and cannot fail.
///
/// Nothing that authenticates is given: no headers, no signatures, and of requests only method, path and query.
pub trait Tap: std::fmt::Debug + Send + Sync {
    /// A frame of a socket. `connection` counts the connections of its client from one.
    fn frame(&self, at: Timestamp, connection: u64, text: &str);

    /// The body of an answer to `request`, as `GET /markets?limit=100`.
    fn body(&self, at: Timestamp, request: &str, status: u16, text: &str);
}
