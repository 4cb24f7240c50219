//! The `account` machine.
