//! Who may use the desk.
//!
//! - [`store`]: what must be remembered of users, sessions and one-time log-ins; [`postgres`] remembers it.
//! - [`token`]: secrets that a browser or the operator holds; only their hashes are stored.
//! - [`password`]: argon2id, a few at a time.
//! - [`attempts`]: how many wrong log-ins an address may make in a minute.
//! - [`service`]: logging in and out.
//! - [`cookie`]: how the browser holds its session.

pub mod attempts;
pub mod cookie;
#[cfg(test)]
pub(crate) mod memory;
pub mod password;
pub mod postgres;
pub mod service;
pub mod store;
pub mod token;

pub use cookie::CookieRules;
pub use service::{Auth, AuthConfig, LogInError};
pub use store::{Account, AuthStoreError, Operator, UserStore};
pub use token::{SecretToken, TokenHash};
