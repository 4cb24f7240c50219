//! The `rec` command: what can be said to the desk on a command line.

pub mod lint;
