//! How journals of machines and recordings of traffic stand on disk.
//!
//! Both are text, one JSON object a line, in files `<number>.jsonl.zst` of a folder. `zstdcat` reads an intact file;
//! [`scan()`] reads a damaged one too and names every damage.
//!
//! - [`block`]: lines in compressed blocks with a checksum each. [`scan`](mod@scan): the blocks of a file.
//! - [`journal`]: the lines of a machine's journal. [`traffic`]: the lines of a recording.
//! - [`files`]: the numbered files of a folder.

pub mod block;
pub mod files;
pub mod journal;
pub mod scan;
pub mod traffic;

pub use scan::{Damage, DamageKind, Part, scan};
