//! The blocks of a file, and what is damaged in it.

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
};

use crate::block::{HEAD, Head, MAGIC, MOST_BYTES, digest};

/// A part of a file, in its order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Lines that are as they were written.
    Lines {
        /// The number of the first, from 1.
        first: u64,
        /// The lines, each with its line break.
        text: Vec<u8>,
    },
    /// Bytes that are not.
    Damage(Damage),
    /// The file was closed in order. Without it the process was killed, still runs, or the end was cut off.
    Closed,
}

/// Bytes of a file that are not as they were written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// The file.
    pub file: PathBuf,
    /// Where in the file, in bytes from its beginning.
    pub offset: u64,
    /// How many bytes.
    pub bytes: u64,
    /// How many lines were in it; `None` at the end of a file, where nothing says.
    pub lines: Option<u64>,
    /// What is wrong.
    pub kind: DamageKind,
}

/// What is wrong with bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DamageKind {
    /// They are not what was written.
    Altered,
    /// The file ends within a block.
    Cut,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (file, offset, bytes) = (self.file.display(), self.offset, self.bytes);
        match self.kind {
            DamageKind::Altered => write!(f, "{file}: {bytes} bytes from offset {offset} are not what was written")?,
            DamageKind::Cut => {
                write!(f, "{file}: cut off within the block at offset {offset}, {bytes} bytes of it left")?
            }
        }
        match self.lines {
            Some(1) => write!(f, "; 1 line is lost"),
            Some(lines) => write!(f, "; {lines} lines are lost"),
            None => Ok(()),
        }
    }
}

/// Reads a file. Whatever is whole is given, before and after a damage.
///
/// # Errors
/// When the file cannot be read at all.
pub fn scan(file: &Path) -> io::Result<Vec<Part>> {
    Ok(parts(file, &fs::read(file)?))
}

fn parts(file: &Path, bytes: &[u8]) -> Vec<Part> {
    let (mut parts, mut at, mut next_line) = (Vec::new(), 0, 1_u64);
    while at < bytes.len() {
        let rest = &bytes[at..];
        if let Some((head, length, text)) = whole_block(rest) {
            if head.first_line > next_line
                && let Some(Part::Damage(damage)) = parts.last_mut()
            {
                damage.lines = Some(head.first_line - next_line);
            }
            next_line = head.first_line + u64::from(head.lines);
            parts.push(if head.lines == 0 { Part::Closed } else { Part::Lines { first: head.first_line, text } });
            at += length;
            continue;
        }
        // From the next place that begins a block which is whole, the rest is read as if nothing had been.
        let next = (1..rest.len())
            .find(|offset| rest[*offset..].starts_with(&MAGIC) && whole_block(&rest[*offset..]).is_some());
        let cut = next.is_none() && is_cut(rest);
        let length = next.unwrap_or(rest.len());
        parts.push(Part::Damage(Damage {
            file: file.to_owned(),
            offset: at as u64,
            bytes: length as u64,
            lines: None,
            kind: if cut { DamageKind::Cut } else { DamageKind::Altered },
        }));
        at += length;
    }
    parts
}

/// Whether what is left begins as a block does and is shorter than its head says.
fn is_cut(rest: &[u8]) -> bool {
    match Head::read(rest) {
        Some(head) => rest.len() < HEAD.saturating_add(head.compressed),
        None => rest.len() < HEAD && MAGIC.starts_with(&rest[..rest.len().min(MAGIC.len())]),
    }
}

/// The block at the beginning of `bytes`, if it is whole and right: its head, its length and its lines.
fn whole_block(bytes: &[u8]) -> Option<(Head, usize, Vec<u8>)> {
    let head = Head::read(bytes)?;
    let length = HEAD.checked_add(head.compressed)?;
    let compressed = bytes.get(HEAD..length)?;
    if head.raw > MOST_BYTES || digest(&bytes[MAGIC.len()..HEAD - 8], compressed) != head.digest {
        return None;
    }
    let text = zstd::bulk::decompress(compressed, head.raw).ok()?;
    (text.len() == head.raw).then_some((head, length, text))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::block::BlockWriter;

    /// Three blocks of two lines each, and where they begin.
    fn file() -> (Vec<u8>, Vec<usize>) {
        let mut writer = BlockWriter::new().expect("memory");
        let (mut bytes, mut begins) = (Vec::new(), Vec::new());
        for number in 0..3_u64 {
            begins.push(bytes.len());
            let text = format!("{{\"line\":{}}}\n{{\"line\":{}}}\n", 2 * number + 1, 2 * number + 2);
            bytes.extend(writer.block(text.as_bytes(), 2, 2 * number + 1).expect("a block"));
        }
        begins.push(bytes.len());
        bytes.extend(writer.block(b"", 0, 7).expect("a block"));
        (bytes, begins)
    }

    fn lines(parts: &[Part]) -> Vec<u64> {
        let firsts =
            parts.iter().filter_map(|part| if let Part::Lines { first, .. } = part { Some(*first) } else { None });
        firsts.collect()
    }

    fn damages(parts: &[Part]) -> Vec<&Damage> {
        parts.iter().filter_map(|part| if let Part::Damage(damage) = part { Some(damage) } else { None }).collect()
    }

    #[test]
    fn what_was_written_is_read_and_closed() {
        let parts = parts(Path::new("f"), &file().0);
        assert_eq!((lines(&parts), parts.last()), (vec![1, 3, 5], Some(&Part::Closed)));
        assert!(matches!(&parts[1], Part::Lines { text, .. } if text == b"{\"line\":3}\n{\"line\":4}\n"));
    }

    #[test]
    fn a_program_that_knows_only_zstd_reads_it_too() {
        let text = zstd::decode_all(file().0.as_slice()).expect("zstd frames");
        assert_eq!(text.split(|byte| *byte == b'\n').count(), 7);
    }

    #[test]
    fn a_file_that_is_cut_off_gives_its_whole_blocks_and_says_where_it_ends() {
        let (bytes, begins) = file();
        for end in begins[1] + 1..begins[2] {
            let parts = parts(Path::new("f"), &bytes[..end]);
            assert_eq!(lines(&parts), [1], "cut at {end}");
            let damages = damages(&parts);
            assert_eq!((damages.len(), damages[0].offset), (1, begins[1] as u64), "cut at {end}");
            assert_eq!(damages[0].kind, DamageKind::Cut, "cut at {end}");
        }
    }

    proptest! {
        #[test]
        fn a_changed_bit_anywhere_is_named_with_its_offset_and_the_rest_is_read(place in 0.0_f64..1.0, bit in 0_u8..8) {
            let (mut bytes, begins) = file();
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in the file")]
            let at = (place * begins[3] as f64) as usize;
            bytes[at] ^= 1 << bit;
            let parts = parts(Path::new("f"), &bytes);
            let block = begins.iter().rposition(|begin| *begin <= at).expect("within");
            let damages = damages(&parts);
            prop_assert_eq!(damages.len(), 1);
            prop_assert_eq!(damages[0].offset, begins[block] as u64);
            prop_assert_eq!(damages[0].kind, DamageKind::Altered);
            // The block that closes the file tells how many lines the last block had.
            prop_assert_eq!(damages[0].lines, Some(2));
            let kept: Vec<u64> = [1, 3, 5].into_iter().filter(|first| *first != 2 * block as u64 + 1).collect();
            prop_assert_eq!(lines(&parts), kept);
        }
    }
}
