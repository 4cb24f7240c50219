//! The local form: a bounded channel.

use async_trait::async_trait;
use rec_domain::{Service, command::Dispatch};
use tokio::sync::mpsc::{self, error::TrySendError};

use super::ExecutorApi;
use crate::ApiError;

/// The callers' end.
#[derive(Debug, Clone)]
pub struct LocalExecutor {
    dispatches: mpsc::Sender<Dispatch>,
}

/// trade-executor's end.
#[derive(Debug)]
pub struct DispatchInbox {
    dispatches: mpsc::Receiver<Dispatch>,
}

/// Both ends of a channel in which up to `capacity` dispatches wait. One that finds no place is refused at once: the
/// intent is committed and trade-executor finds it by itself.
#[must_use]
pub fn channel(capacity: usize) -> (LocalExecutor, DispatchInbox) {
    let (sender, receiver) = mpsc::channel(capacity.max(1));
    (LocalExecutor { dispatches: sender }, DispatchInbox { dispatches: receiver })
}

impl DispatchInbox {
    /// The next dispatch; `None` when every caller is gone. Cancelling the wait loses nothing.
    pub async fn recv(&mut self) -> Option<Dispatch> {
        self.dispatches.recv().await
    }
}

#[async_trait]
impl ExecutorApi for LocalExecutor {
    async fn dispatch(&self, dispatch: Dispatch) -> Result<(), ApiError> {
        let service = Service::TradeExecutor;
        self.dispatches.try_send(dispatch).map_err(|error| match error {
            TrySendError::Full(_) => ApiError::Refused {
                service,
                status: 503,
                detail: format!("{} dispatches wait already", self.dispatches.max_capacity()),
            },
            TrySendError::Closed(_) => ApiError::Unreachable { service, detail: "it has ended".to_owned() },
        })
    }
}
