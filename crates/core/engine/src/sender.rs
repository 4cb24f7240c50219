//! The `sender` machine.
