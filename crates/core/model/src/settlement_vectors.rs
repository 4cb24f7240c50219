//! Recorded settlements to hold the rule against: a JSON list of closes with their index prints and the
//! exchange's word.
//!
//! ```json
//! [{"close_time": "2026-09-25T20:00:00Z", "expiration_value": "84028.57", "t0_unix_s": 1790366338,
//!   "brti_1hz_cents": [8403392, 8403577]}]
//! ```
//!
//! Print i is stamped `t0_unix_s` + i seconds; `null` is a second without a print. The prints may be of another
//! index (any one key that ends in `_1hz_cents`), other keys are ignored, and a single close need not be in a list.

use std::collections::BTreeMap;

use rec_domain::{TimeSpan, Timestamp, UsdPrice};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{SettleError, settlement_value};

/// One recorded close.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettlementVector {
    /// The close.
    pub close_time: Timestamp,
    /// What the exchange settled on.
    pub recorded: UsdPrice,
    /// Index prints by their stamp.
    pub prints: Vec<(Timestamp, UsdPrice)>,
}

/// The rule against the record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SettlementCheck {
    /// The close.
    pub close_time: Timestamp,
    /// What the rule gives.
    pub computed: UsdPrice,
    /// What the exchange settled on.
    pub recorded: UsdPrice,
    /// Whether they are the same.
    pub equal: bool,
}

/// Why a text is no list of recorded settlements.
#[derive(Debug, Error)]
pub enum VectorError {
    /// Not JSON of that shape.
    #[error("this is no JSON list of settlements with close_time, expiration_value, t0_unix_s and prints")]
    Json(#[from] serde_json::Error),
    /// The exchange's value is no number.
    #[error("the expiration_value \"{text}\" of the close {close_time} is no price: {reason}")]
    Value {
        /// The close.
        close_time: Timestamp,
        /// The text found.
        text: String,
        /// Why it is none.
        reason: rec_domain::decimal::DecimalError,
    },
    /// No prints, or those of several indices.
    #[error("the close {close_time} has {found} lists of prints (keys that end in _1hz_cents); it needs exactly one")]
    Prints {
        /// The close.
        close_time: Timestamp,
        /// How many there are.
        found: usize,
    },
    /// A print is beyond what a price can hold.
    #[error("print {index} of the close {close_time} is out of range")]
    OutOfRange {
        /// The close.
        close_time: Timestamp,
        /// Its position, counted from 0.
        index: usize,
    },
}

#[derive(Deserialize)]
#[serde(expecting = "a settlement")]
struct Raw {
    close_time: Timestamp,
    expiration_value: serde_json::Value,
    t0_unix_s: i64,
    #[serde(flatten)]
    others: BTreeMap<String, serde_json::Value>,
}

/// Reads recorded settlements.
///
/// # Errors
/// When the text is not of that shape, or a number is out of range.
pub fn read_settlement_vectors(json: &str) -> Result<Vec<SettlementVector>, VectorError> {
    // Not an untagged enumeration: its error would not say where the fault is.
    let raw = if json.trim_start().starts_with('{') {
        vec![serde_json::from_str::<Raw>(json)?]
    } else {
        serde_json::from_str::<Vec<Raw>>(json)?
    };
    raw.into_iter().map(read_vector).collect()
}

fn read_vector(raw: Raw) -> Result<SettlementVector, VectorError> {
    let close_time = raw.close_time;
    let lists: Vec<_> = raw.others.into_iter().filter(|(key, _value)| key.ends_with("_1hz_cents")).collect();
    let found = lists.len();
    let [(_key, list)] = <[_; 1]>::try_from(lists).map_err(|_not_one| VectorError::Prints { close_time, found })?;
    let cents: Vec<Option<i64>> = serde_json::from_value(list)?;
    let value = raw.expiration_value.as_str().map_or_else(|| raw.expiration_value.to_string(), str::to_owned);
    // The exchange writes some values with a thousands separator.
    let recorded = value.replace(',', "").parse().map_err(|reason| VectorError::Value {
        close_time,
        text: value.chars().take(40).collect(),
        reason,
    })?;
    let t0 = Timestamp::from_seconds(raw.t0_unix_s);
    let mut prints = Vec::with_capacity(cents.len());
    for (index, cents) in cents.into_iter().enumerate() {
        let Some(cents) = cents else { continue };
        let out_of_range = || VectorError::OutOfRange { close_time, index };
        let seconds = i64::try_from(index).ok().ok_or_else(out_of_range)?;
        let units = cents.checked_mul(10_000).ok_or_else(out_of_range)?;
        prints.push((t0 + TimeSpan::from_seconds(seconds), UsdPrice::from_units(units)));
    }
    Ok(SettlementVector { close_time, recorded, prints })
}

impl SettlementVector {
    /// Applies the settlement rule.
    ///
    /// # Errors
    /// When prints are missing or contradict each other.
    pub fn check(&self) -> Result<SettlementCheck, SettleError> {
        let computed = settlement_value(self.close_time, self.prints.iter().copied())?;
        let (close_time, recorded) = (self.close_time, self.recorded);
        Ok(SettlementCheck { close_time, computed, recorded, equal: computed == recorded })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(value: &str, key: &str, changed: &str) -> String {
        let cents: Vec<String> =
            (0..62).map(|i| if i == 1 { changed.to_owned() } else { (8_400_000 + i).to_string() }).collect();
        format!(
            r#"{{"close_time":"2026-09-25T20:00:00Z","expiration_value":"{value}","note":"x","t0_unix_s":1790366339,"{key}":[{}]}}"#,
            cents.join(",")
        )
    }

    #[test]
    fn reads_one_or_many_and_compares_to_the_cent() {
        // Prints 1 to 60 are the window; the one stamped T is not.
        let one = json("84,000.31", "brti_1hz_cents", "8400001");
        for text in [one.clone(), format!("[{one}]"), json("84000.31", "ethusd_rti_1hz_cents", "8400001")] {
            let vectors = read_settlement_vectors(&text).expect("valid");
            let check = vectors[0].check().expect("complete");
            assert_eq!((check.computed.to_string().as_str(), check.equal), ("84000.31", true));
        }
        let number = one.replace("\"84,000.31\"", "84000.31");
        assert!(read_settlement_vectors(&number).expect("valid")[0].check().expect("complete").equal, "a bare number");
        let other = read_settlement_vectors(&json("84000.30", "brti_1hz_cents", "8400001")).expect("valid");
        assert!(!other[0].check().expect("complete").equal);
        let gap = read_settlement_vectors(&json("84000.31", "brti_1hz_cents", "null")).expect("valid");
        assert!(matches!(gap[0].check(), Err(SettleError::Missing { count: 1, .. })));
    }

    #[test]
    fn refuses_another_shape() {
        assert!(matches!(read_settlement_vectors("nothing"), Err(VectorError::Json(_))));
        assert!(matches!(read_settlement_vectors("[{}]"), Err(VectorError::Json(_))));
        let no_prints = json("1.00", "brti", "1");
        assert!(matches!(read_settlement_vectors(&no_prints), Err(VectorError::Prints { found: 0, .. })));
        let no_price = json("n/a", "brti_1hz_cents", "1");
        assert!(matches!(read_settlement_vectors(&no_price), Err(VectorError::Value { .. })));
        let huge = json("1.00", "brti_1hz_cents", "9223372036854775807");
        assert!(matches!(read_settlement_vectors(&huge), Err(VectorError::OutOfRange { index: 1, .. })));
    }
}
