//! The chain of hashes over the postings, computed anew.
//!
//! The database makes the links itself (migration 0012); this says the same again in another language, so that a wrong
//! function there is noticed too.

use std::fmt::{self, Write as _};

use serde::{Serialize, Serializer};
use sha2::{Digest as _, Sha256};

use super::read::{StoredLine, StoredPosting};

/// What the first posting has for its predecessor's hash.
const BEGINNING: [u8; 32] = [0; 32];

/// A posting's number and hash: whoever keeps it can tell later whether anything up to it was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainHead {
    /// The posting.
    pub number: i64,
    /// Its hash in hexadecimal digits.
    pub hash: String,
}

impl fmt::Display for ChainHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.number, self.hash)
    }
}

impl Serialize for ChainHead {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl std::str::FromStr for ChainHead {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || format!("\"{text}\" is no NUMBER:HASH, as `rec ledger verify` prints it");
        let (number, hash) = text.split_once(':').ok_or_else(wrong)?;
        let is_hash = hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = number.parse().ok().filter(|number| *number > 0 && is_hash).ok_or_else(wrong)?;
        Ok(Self { number, hash: hash.to_ascii_lowercase() })
    }
}

/// Walks along the chain.
pub(super) struct Walk {
    /// The stored hash of the posting before, where it has one.
    before: Option<Vec<u8>>,
}

impl Walk {
    pub(super) fn new() -> Self {
        Self { before: Some(BEGINNING.to_vec()) }
    }

    /// What is wrong with the next posting's link. One that does not fit is named once, and not in all that follow.
    pub(super) fn next(&mut self, posting: &StoredPosting, lines: &[StoredLine]) -> Option<String> {
        let before = std::mem::replace(&mut self.before, posting.hash.clone());
        let (Some(previous), Some(hash)) = (&posting.previous, &posting.hash) else {
            return Some("it is not in the chain".to_owned());
        };
        if before.is_some_and(|before| before != *previous) {
            return Some("its link does not hold the hash of the posting before".to_owned());
        }
        let computed = Sha256::new().chain_update(previous).chain_update(text(posting, lines)).finalize();
        (computed[..] != hash[..]).then(|| "it is not what was hashed when it was posted".to_owned())
    }
}

/// What is hashed of a posting, as `desk.posting_text` says it.
fn text(posting: &StoredPosting, lines: &[StoredLine]) -> String {
    let mut text = format!(
        "{} {} {} {} {} {} {} {}",
        posting.number,
        counted(Some(&posting.account)),
        counted(Some(&posting.mode)),
        posting.at.timestamp_micros(),
        counted(Some(&posting.kind)),
        number(posting.trade_id),
        counted(posting.fill_id.as_deref()),
        counted(Some(&posting.note)),
    );
    for line in lines {
        let _infallible = write!(
            text,
            "\n{} {} {} {} {} {} {} {} {}",
            line.line,
            counted(Some(&line.account)),
            counted(Some(&line.mode)),
            counted(Some(&line.ledger)),
            number(line.exchange_index),
            number(line.subaccount),
            counted(line.ticker.as_deref()),
            counted(line.side.as_deref()),
            line.amount_micros,
        );
    }
    text
}

/// A text with its length in bytes before it; a dash where there is none.
fn counted(text: Option<&str>) -> String {
    text.map_or_else(|| "-".to_owned(), |text| format!("{}:{text}", text.len()))
}

fn number<T: ToString>(number: Option<T>) -> String {
    number.map_or_else(|| "-".to_owned(), |number| number.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_a_number_and_a_hash() {
        let head = ChainHead { number: 7, hash: "ab".repeat(32) };
        assert_eq!(head.to_string().parse(), Ok(head.clone()));
        for wrong in ["7", "x:ab", "0:ab", &format!("7:{}", "g".repeat(64)), &format!("-1:{}", head.hash)] {
            assert!(wrong.parse::<ChainHead>().is_err(), "{wrong}");
        }
    }
}
