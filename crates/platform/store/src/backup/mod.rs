//! Dumps of the desk's database: made, looked into, restored, proven. Nothing here happens by itself at a start.
//!
//! A dump is made by `pg_dump` in one snapshot, with a [`Manifest`] beside it that counts the rows of that very
//! snapshot. What a dump holds is read from the dump itself, so that one without a manifest, made by hand, can be
//! restored too: a dump of another mode, of another application or of a newer version is refused before anything is
//! written. [`restore`] fills a fresh database only, in one transaction. [`ScratchRestore`] does it in a cluster that is
//! thrown away, counts, and checks the books.

mod counts;
mod dump;
mod error;
mod inspect;
mod manifest;
mod restore;
mod scan;
mod scratch;
#[cfg(test)]
mod tests;
mod tools;

pub use dump::backup;
pub use error::BackupError;
pub use inspect::{DumpFormat, Inspected, inspect};
pub use manifest::{Manifest, manifest_file};
pub use restore::{Restored, restore};
pub use scratch::{Difference, ScratchRestore, Verified};
pub use tools::{Target, Tools};
