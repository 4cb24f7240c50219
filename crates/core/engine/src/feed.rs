//! The `feed` machine.
