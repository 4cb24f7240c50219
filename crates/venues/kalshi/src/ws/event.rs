//! What the connection tells its consumer.

use std::time::Duration;

use rec_domain::Timestamp;
use thiserror::Error;

use super::frame::Frame;
use crate::rest::ErrorBody;

/// What the connection tells its consumer. `connection` counts the connections from one.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// There is a new connection without any subscription.
    Connected {
        /// Its number.
        connection: u64,
        /// When, by the given clock.
        at: Timestamp,
    },
    /// A frame came.
    Frame {
        /// The connection that it came on.
        connection: u64,
        /// The frame.
        frame: Frame,
        /// When it came, by the given clock.
        received_at: Timestamp,
    },
    /// The connection is gone, or could not be made; another attempt follows after a pause.
    Disconnected {
        /// Its number.
        connection: u64,
        /// Why.
        reason: DisconnectReason,
        /// When, by the given clock.
        at: Timestamp,
    },
}

/// Why there is no connection.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DisconnectReason {
    /// It could not be made.
    #[error("cannot connect: {0}")]
    CannotConnect(String),
    /// The exchange refused it.
    #[error("refused with status {status}: {error}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// What it said.
        error: ErrorBody,
    },
    /// Nothing came for longer than the limit.
    #[error("nothing came for {0:?}")]
    Silent(Duration),
    /// The consumer was too slow.
    #[error("the consumer was {0} events behind")]
    Overflow(usize),
    /// The exchange closed it.
    #[error("closed by the exchange: {0}")]
    Closed(String),
    /// It broke.
    #[error("lost: {0}")]
    Lost(String),
    /// The consumer wanted another one.
    #[error("the consumer asked for a new connection")]
    Requested,
}
