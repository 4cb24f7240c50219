//! How the stream is reached, and the limits of its connection.

use std::{sync::Arc, time::Duration};

use rec_domain::tap::Tap;

/// How the stream is reached. All spans are wall time.
#[derive(Debug, Clone)]
pub struct ConnectionConfig {
    /// Address, as `wss://external-api-ws.kalshi.com/trade-api/ws/v2`.
    pub url: String,
    /// The `User-Agent` header.
    pub user_agent: String,
    /// A connection without any frame for this long is given up. A third of it after the last frame we ping.
    pub liveness: Duration,
    /// For connecting, encryption and upgrade together.
    pub connect_deadline: Duration,
    /// For one command to leave.
    pub write_deadline: Duration,
    /// Longest pause before the second attempt; it doubles with each further one.
    pub first_pause: Duration,
    /// Longest pause of all.
    pub longest_pause: Duration,
    /// A connection that held this long makes the next pause a first one again.
    pub stable_after: Duration,
    /// Events that wait for the consumer; one more drops the connection.
    pub queue: usize,
    /// Bytes of one message; a longer one is not read, and drops the connection.
    pub largest_message: usize,
    /// Who is given every frame before it is decoded.
    pub tap: Option<Arc<dyn Tap>>,
}

impl ConnectionConfig {
    /// The usual limits for the stream at `url`.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            user_agent: concat!("rec/", env!("CARGO_PKG_VERSION")).to_owned(),
            // The exchange pings about every 10 s, but not under heavy flow; our own pings fill the gap.
            liveness: Duration::from_secs(9),
            connect_deadline: Duration::from_secs(5),
            write_deadline: Duration::from_secs(2),
            first_pause: Duration::from_millis(250),
            longest_pause: Duration::from_secs(10),
            stable_after: Duration::from_secs(10),
            queue: 4096,
            // A book of a thousand levels takes some thirty kilobytes.
            largest_message: 4 << 20,
            tap: None,
        }
    }
}
