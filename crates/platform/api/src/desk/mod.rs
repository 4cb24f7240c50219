//! What can be asked of trade-manager: [`DeskApi`], its local form [`channel`], its HTTP form [`router`] with
//! [`HttpDesk`].

mod client;
mod local;
mod server;

use async_trait::async_trait;
use rec_domain::{
    TimeSpan,
    command::{DeskReply, DeskRequest},
    desk_view::DeskView,
};

pub use client::HttpDesk;
pub use local::{DeskCall, DeskInbox, LocalDesk, Reply, channel};
pub use server::router;

use crate::ApiError;

/// What can be asked of trade-manager.
#[async_trait]
pub trait DeskApi: Send + Sync {
    /// Asks for something. `Accepted` means committed; what becomes of it is told by events. Repeating the decision
    /// id returns the first answer.
    ///
    /// # Errors
    /// When there is no answer; see [`ApiError::is_uncertain`].
    async fn request(&self, request: DeskRequest) -> Result<DeskReply, ApiError>;

    /// The desk as it stands.
    ///
    /// # Errors
    /// When there is no answer.
    async fn view(&self) -> Result<Box<DeskView>, ApiError>;

    /// Says that the inbox has news. Hints that were not looked at yet become one.
    ///
    /// # Errors
    /// When it cannot be delivered; trade-manager finds the news by itself within a second.
    async fn inbox_hint(&self) -> Result<(), ApiError>;

    /// Says that the executor has answered. Hints that were not looked at yet become one.
    ///
    /// # Errors
    /// When it cannot be delivered; trade-manager finds the answers by itself within a second.
    async fn answers_hint(&self) -> Result<(), ApiError>;

    /// Says how far ahead of ours the exchange's clock was found to be, behind when negative. The newest word replaces
    /// those that were not looked at yet.
    ///
    /// # Errors
    /// When it cannot be delivered; it is found anew with the next answers of the exchange.
    async fn exchange_clock(&self, ahead: TimeSpan) -> Result<(), ApiError>;
}

#[cfg(test)]
mod tests;
