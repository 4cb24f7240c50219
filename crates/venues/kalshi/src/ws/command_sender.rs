//! The way of commands to the connection: bounded, and each for one connection only.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use thiserror::Error;
use tokio::sync::mpsc::{self, error::TrySendError};

use super::command::Command;

/// Why a command was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CommandError {
    /// Too many commands wait.
    #[error("too many commands wait to be sent")]
    Full,
    /// The connection task has ended.
    #[error("the connection has ended")]
    Ended,
}

/// What waits for the connection's task.
pub(super) enum Request {
    Send { connection: u64, id: u64, command: Command },
    Reconnect { connection: u64 },
}

/// Commands that wait to be sent.
pub(super) const COMMAND_QUEUE: usize = 256;

/// Sends commands to the connection.
#[derive(Debug, Clone)]
pub struct CommandSender {
    requests: mpsc::Sender<Request>,
    last_id: Arc<AtomicU64>,
}

impl CommandSender {
    pub(super) fn new(requests: mpsc::Sender<Request>) -> Self {
        Self { requests, last_id: Arc::new(AtomicU64::new(0)) }
    }

    /// Queues a command for the connection numbered `connection` and gives its number, which its answers repeat.
    /// A command for an earlier connection is dropped: its subscriptions are gone.
    ///
    /// # Errors
    /// When too many commands wait, or the connection task has ended.
    pub fn send(&self, connection: u64, command: Command) -> Result<u64, CommandError> {
        let id = self.last_id.fetch_add(1, Ordering::Relaxed) + 1;
        self.queue(Request::Send { connection, id, command }).map(|()| id)
    }

    /// Drops the connection numbered `connection`, unless it is gone already, and makes a new one.
    ///
    /// # Errors
    /// When too many commands wait, or the connection task has ended.
    pub fn reconnect(&self, connection: u64) -> Result<(), CommandError> {
        self.queue(Request::Reconnect { connection })
    }

    fn queue(&self, request: Request) -> Result<(), CommandError> {
        self.requests.try_send(request).map_err(|error| match error {
            TrySendError::Full(_) => CommandError::Full,
            TrySendError::Closed(_) => CommandError::Ended,
        })
    }
}
