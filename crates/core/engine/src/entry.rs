//! The `entry` machine.
