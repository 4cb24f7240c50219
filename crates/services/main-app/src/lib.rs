//! main-app: the desk's page and the operator's API.
//!
//! - `run`(fn@run): the service.
//! - [`live`]: what the desk last said, from the bus. [`view`]: what the page makes of it, as pure functions.
//! - [`records`]: what the page shows out of the database.
//! - [`routes`]: every route with who may use it. `pages` and `api`: what they do. `security`: what stands before them.
//! - [`auth`]: users, sessions, one-time log-ins. [`stream`]: the live page. `assets`: style sheets and scripts.
//!
//! The service holds no key and decides nothing: what the operator asks for goes to trade-manager as a command, and
//! what the page shows came over the bus.

mod api;
pub mod app;
mod assets;
pub mod auth;
pub mod live;
mod pages;
pub mod records;
pub mod routes;
mod run;
#[cfg(test)]
mod sample;
mod security;
pub mod stream;
#[cfg(test)]
mod tests;
pub mod view;

pub use app::{App, Now, Shared};
pub use auth::postgres::allow_one_log_in;
pub use routes::router;
pub use run::run;
