//! What an operator does when it matters: `rec halt`, `resume`, `arm`, `disarm`, `kill`, `flatten`, `doctor`.
//!
//! - [`kill`]: nothing is opened any more. [`flatten`]: nothing is held any more; `emergency`: the same without a desk.
//! - [`doctor`]: what has to be right before a desk is armed; `key_checks`: the part of it that asks the exchange.
//! - [`halting`]: halt and resume. [`arming`]: arm and disarm. [`enrolment`]: the second factor.

pub mod arming;
pub mod doctor;
mod emergency;
pub mod enrolment;
pub mod flatten;
pub mod halting;
mod key_checks;
pub mod kill;
