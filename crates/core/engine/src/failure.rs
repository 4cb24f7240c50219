//! The `failure` machine.
