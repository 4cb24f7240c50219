//! The `desk` machine.
