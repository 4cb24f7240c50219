//! What end-to-end tests of built binaries stand on. The tests themselves live in `tests/`.

pub mod dice;
pub mod ports;
pub mod processes;
pub mod split;
pub mod twin_journal;
