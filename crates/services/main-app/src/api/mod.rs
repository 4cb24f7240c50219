//! The operator's API. Answers are JSON; refusals are problem details (RFC 9457) with a stable code; what trade-manager
//! accepted is 202, since it is a promise and not yet a deed.

pub(crate) mod arming;
pub(crate) mod auth;
pub(crate) mod automation;
pub(crate) mod close;
pub(crate) mod command;
pub(crate) mod flatten;
pub(crate) mod halt;
pub(crate) mod ports;
pub(crate) mod risk;
pub(crate) mod state;
pub(crate) mod status;
