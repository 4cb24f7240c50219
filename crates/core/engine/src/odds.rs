//! The `odds` machine.
