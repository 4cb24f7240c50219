//! End-to-end tests of built binaries live in `tests/`.
