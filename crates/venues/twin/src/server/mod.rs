//! The twin behind sockets: HTTP and WebSocket on the loopback address, signatures, a journal on disk, and a
//! market clock that may run faster than the wall's.

mod auth;
pub mod clock;
mod error;
mod exchange;
mod journal;
pub mod keys;
mod listener;
mod serve;
mod socket;
mod spot;
mod switches;
mod world;

pub use clock::{ClockOrigin, MarketClock};
pub use error::TwinError;
pub use journal::has_journal;
pub use keys::{ApiKey, PrivatePem, Scope};
pub use serve::{ServeConfig, TwinServer, serve};
pub use switches::TwinSwitches;
