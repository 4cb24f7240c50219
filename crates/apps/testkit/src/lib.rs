//! Tests that hold crates together which may not know one another.
//!
//! - `claim_rule`: the claim as `engine` states it and as `store` enforces it.
//! - `client_on_twin`: the exchange's client and the twin, which share no wire type.

#[cfg(test)]
mod claim_rule;
#[cfg(test)]
mod client_on_twin;
