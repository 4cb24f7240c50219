//! The `book` machine.
