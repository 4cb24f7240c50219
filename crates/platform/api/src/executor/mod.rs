//! What can be told to trade-executor: [`ExecutorApi`], its local form [`channel`], its HTTP form [`router`] with
//! [`HttpExecutor`].

mod client;
mod local;
mod server;

use async_trait::async_trait;
use rec_domain::command::Dispatch;

pub use client::HttpExecutor;
pub use local::{DispatchInbox, LocalExecutor, channel};
pub use server::router;

use crate::ApiError;

/// What can be told to trade-executor.
#[async_trait]
pub trait ExecutorApi: Send + Sync {
    /// Says that an intent is committed. Nothing else can be said: what is sent is what was committed, once the claim
    /// succeeds.
    ///
    /// # Errors
    /// When it cannot be delivered; trade-executor finds the intent by itself.
    async fn dispatch(&self, dispatch: Dispatch) -> Result<(), ApiError>;
}
