//! The `lifecycle` machine.
