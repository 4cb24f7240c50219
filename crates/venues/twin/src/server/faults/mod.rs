//! What can go wrong on the way, on request: frames, answers, connections, the exchange's clock and its reading lag.
//!
//! There is one mechanism and two doors. A test in the same process holds [`Faults`]; everyone else posts a [`Fault`]
//! to the control endpoint, which exists only in a twin that was started with it. Both end in `World::inject`, which
//! also hands faults of the world to the core and writes each down with its market time. Chances come from the seed of
//! the fault, so that the same fault hits the same frames again as far as the frames are the same.
//!
//! - `fault`: what can be asked for.
//! - `state`: what is in force.
//! - `rule`: which frames and requests are hit.
//! - `outlet`: the frames of one connection, hit or not.
//! - `storm`: faults without end from a seed.
//! - `control`: the endpoint.
//! - `log`: what was injected, with its market time.

pub(super) mod control;
mod fault;
mod log;
mod outlet;
mod rule;
mod state;
mod storm;

pub use fault::{AnswerEffect, AnswerFault, Fault, FrameEffect, FrameFault, Requests};
pub(super) use log::{FaultLog, Injected};
pub(super) use outlet::Outlet;
pub use state::Faults;
pub(super) use storm::Storm;
