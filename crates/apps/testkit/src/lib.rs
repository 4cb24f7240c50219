//! Tests that hold crates together which may not know one another.
//!
//! - `claim_rule`: the claim as `engine` states it and as `store` enforces it.

#[cfg(test)]
mod claim_rule;
