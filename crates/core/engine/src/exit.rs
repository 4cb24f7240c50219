//! The `exit` machine.
