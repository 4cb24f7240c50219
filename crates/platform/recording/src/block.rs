//! Lines in compressed blocks, each of which can be read without the others.
//!
//! A block is a skippable zstd frame with a head of forty bytes, and a zstd frame with the lines:
//!
//! | bytes | what |
//! | --- | --- |
//! | 4 | `5b 2a 4d 18`: a skippable frame |
//! | 4 | 32, the length of the rest of the head |
//! | 4 | `REC1` |
//! | 4 | length of the zstd frame that follows |
//! | 4 | length of the lines |
//! | 4 | how many lines; none in the block that closes a file |
//! | 8 | the number of the first line in the file, from 1 |
//! | 8 | the first bytes of SHA-256 over the sixteen bytes from the second length on, the number, and the zstd frame |
//!
//! All numbers are little-endian.

use sha2::{Digest, Sha256};

/// How every block begins.
pub(crate) const MAGIC: [u8; 12] = [0x5b, 0x2a, 0x4d, 0x18, 32, 0, 0, 0, b'R', b'E', b'C', b'1'];
/// Length of a block's head.
pub(crate) const HEAD: usize = 40;
/// The most that one block holds, uncompressed: a whole frame of 64 MiB, written as text, and some.
pub(crate) const MOST_BYTES: usize = 160 << 20;

/// What a block's head says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) compressed: usize,
    pub(crate) raw: usize,
    pub(crate) lines: u32,
    pub(crate) first_line: u64,
    pub(crate) digest: [u8; 8],
}

impl Head {
    /// Reads the head at the beginning of `bytes`; `None` when there is none.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let rest = bytes.get(..HEAD)?.strip_prefix(&MAGIC)?;
        let four = |at: usize| rest.get(at..at + 4)?.try_into().ok().map(u32::from_le_bytes);
        let eight = |at: usize| -> Option<[u8; 8]> { rest.get(at..at + 8)?.try_into().ok() };
        Some(Self {
            compressed: usize::try_from(four(0)?).ok()?,
            raw: usize::try_from(four(4)?).ok()?,
            lines: four(8)?,
            first_line: u64::from_le_bytes(eight(12)?),
            digest: eight(20)?,
        })
    }
}

/// The digest of a block: of the head's numbers and of the compressed lines.
pub(crate) fn digest(numbers: &[u8], compressed: &[u8]) -> [u8; 8] {
    let mut hash = Sha256::new();
    hash.update(numbers);
    hash.update(compressed);
    first_eight(&hash.finalize())
}

pub(crate) fn first_eight(hash: &[u8]) -> [u8; 8] {
    let mut first = [0; 8];
    first.copy_from_slice(&hash[..8]);
    first
}

/// Makes blocks of lines.
pub struct BlockWriter {
    compressor: zstd::bulk::Compressor<'static>,
}

impl std::fmt::Debug for BlockWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BlockWriter").finish_non_exhaustive()
    }
}

impl BlockWriter {
    /// zstd's level: its own default, at which journals shrink to a tenth for a few hundredths of a second a megabyte.
    const LEVEL: i32 = 3;

    /// A writer.
    ///
    /// # Errors
    /// When there is no memory for it.
    pub fn new() -> std::io::Result<Self> {
        Ok(Self { compressor: zstd::bulk::Compressor::new(Self::LEVEL)? })
    }

    /// The block of `lines` lines in `text`, each with its line break, the first of which is line `first_line` of its
    /// file. No line at all makes the block that closes a file.
    ///
    /// # Errors
    /// When the text is longer than a block may be, or cannot be compressed.
    pub fn block(&mut self, text: &[u8], lines: u32, first_line: u64) -> std::io::Result<Vec<u8>> {
        if text.len() > MOST_BYTES {
            return Err(std::io::Error::other(format!("{} bytes are more than a block holds", text.len())));
        }
        let compressed = self.compressor.compress(text)?;
        let too_long = |_error| std::io::Error::other("a block longer than its head can say");
        let mut block = Vec::with_capacity(HEAD + compressed.len());
        block.extend(MAGIC);
        block.extend(u32::try_from(compressed.len()).map_err(too_long)?.to_le_bytes());
        block.extend(u32::try_from(text.len()).map_err(too_long)?.to_le_bytes());
        block.extend(lines.to_le_bytes());
        block.extend(first_line.to_le_bytes());
        block.extend(digest(&block[MAGIC.len()..], &compressed));
        block.extend(compressed);
        Ok(block)
    }
}
