//! The `momentum` machine.
