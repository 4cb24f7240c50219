//! Commands between services: traits with an in-process and an HTTP form.
//!
//! - [`desk`]: what can be asked of trade-manager.
//! - [`executor`]: what can be told to trade-executor.
//! - [`emergency`]: the journal of what was sent without the desk.
//! - [`guard`]: the datagrams between trade-manager and guard.
//! - [`error`]: why a call has no answer, and what that says of its effect.
//! - [`token`]: the token that services show to each other, and the check of it.
//! - [`problem`]: refusals over HTTP (RFC 9457).
//! - [`http`]: what the HTTP clients share.
//!
//! The truth is in the database: a lost command is asked again with the same [`rec_domain::DecisionId`], and a lost
//! hint only costs time.

pub mod desk;
pub mod emergency;
pub mod error;
pub mod executor;
pub mod guard;
pub mod http;
pub mod problem;
pub mod token;

pub use desk::{DeskApi, DeskCall, DeskInbox, HttpDesk, LocalDesk};
pub use error::ApiError;
pub use executor::{DispatchInbox, ExecutorApi, HttpExecutor, LocalExecutor};
pub use problem::Problem;
pub use token::ServiceToken;
