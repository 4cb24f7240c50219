//! One number that tells two histories apart.

use std::{fmt, io};

/// Takes words and bytes in their order. Not for secrets: it tells apart what chance makes differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Digest(u64);

impl Default for Digest {
    fn default() -> Self {
        Self(0x243F_6A88_85A3_08D3)
    }
}

impl Digest {
    /// Takes a word.
    pub(super) const fn take(&mut self, word: u64) {
        let mixed = (self.0.rotate_left(23) ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        self.0 = mixed ^ (mixed >> 29);
    }

    /// Takes a signed word.
    pub(super) const fn take_signed(&mut self, word: i64) {
        self.take(word.cast_unsigned());
    }

    /// Takes a text, with its length.
    pub(super) fn take_text(&mut self, text: &str) {
        self.take(text.len() as u64);
        self.take_bytes(text.as_bytes());
    }

    fn take_bytes(&mut self, bytes: &[u8]) {
        let mut words = bytes.chunks_exact(8);
        for word in &mut words {
            self.take(word.try_into().map_or(0, u64::from_le_bytes));
        }
        for byte in words.remainder() {
            self.take(u64::from(*byte));
        }
    }

    /// Takes whatever can be written down.
    pub(super) fn take_value(&mut self, value: &impl serde::Serialize) {
        if serde_json::to_writer(&mut *self, value).is_err() {
            self.take(u64::MAX);
        }
    }

    /// The number.
    #[must_use]
    pub(super) const fn get(self) -> u64 {
        self.0
    }
}

impl io::Write for Digest {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.take_bytes(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_content_matter() {
        let of = |words: &[u64]| {
            let mut digest = Digest::default();
            words.iter().for_each(|word| digest.take(*word));
            digest
        };
        assert_eq!(of(&[1, 2]), of(&[1, 2]));
        assert_ne!(of(&[1, 2]), of(&[2, 1]));
        assert_ne!(of(&[0]), of(&[0, 0]));
        let mut text = Digest::default();
        text.take_text("a longer text than eight bytes");
        let mut other = Digest::default();
        other.take_text("a longer text than eight Bytes");
        assert_ne!(text, other);
    }
}
