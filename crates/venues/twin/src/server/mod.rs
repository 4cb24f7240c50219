//! The twin behind sockets: HTTP and WebSocket on the loopback address, signatures, a journal on disk, and a
//! market clock that may run faster than the wall's.

mod auth;
pub mod clock;
mod conditions;
mod error;
mod exchange;
mod faults;
mod journal;
pub mod keys;
mod listener;
mod mirror;
mod other_spot;
mod reads;
mod serve;
mod socket;
mod spot;
mod world;

pub use clock::{ClockOrigin, MarketClock};
pub use conditions::{Conditions, ControlToken};
pub use error::TwinError;
pub use faults::{AnswerEffect, AnswerFault, Fault, Faults, FrameEffect, FrameFault, Requests};
pub use journal::has_journal;
pub use keys::{ApiKey, PrivatePem, Scope};
pub use mirror::{MirrorFeed, UnpaidEvent};
pub use serve::{ServeConfig, TwinServer, serve};
