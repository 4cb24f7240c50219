//! The fingerprints of one underlying: a grid for each momentum bucket and one over all history.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{Grid, MomentumBucket};

/// How much history stands behind a fingerprint.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Support {
    /// Minutes of history in the bucket.
    pub samples: u64,
    /// How many independent and equally weighted samples they are worth; see [`crate::learn()`].
    pub effective_samples: f64,
}

/// A grid with what is known about its origin.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// The percentages.
    pub grid: Grid,
    /// How much history is in it; `None` where the source does not say.
    pub support: Option<Support>,
}

/// Why fingerprints could not be read or do not make a set.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FingerprintError {
    /// A cell, row or heading of a file is not what it should be.
    #[error("{file}, line {line}, column {column}: {problem}; replace the file or leave it out")]
    Malformed {
        /// The file's name.
        file: String,
        /// The line, counted from 1.
        line: usize,
        /// The column, counted from 1.
        column: usize,
        /// What is wrong, with the text found.
        problem: String,
    },
    /// A file as a whole is no grid.
    #[error("{file}: {problem}; replace the file or leave it out")]
    NotAGrid {
        /// The file's name.
        file: String,
        /// What is wrong.
        problem: String,
    },
    /// There is no fingerprint at all.
    #[error(
        "no fingerprint among {files} files; a set has files such as \
         btc_fingerprint_directional_momentum_-05.csv and btc_fingerprint_directional_baseline.csv"
    )]
    Nothing {
        /// Files looked at.
        files: usize,
    },
    /// Fingerprints of two underlyings together.
    #[error("{file} is of {symbol}, the files before it of {other}; put each underlying into its own folder")]
    TwoSymbols {
        /// The file that differs.
        file: String,
        /// Its underlying.
        symbol: String,
        /// The other one.
        other: String,
    },
    /// Two fingerprints of the same bucket.
    #[error("{file} and {other} are both the fingerprint of {bucket}; keep one of them")]
    Twice {
        /// The later file.
        file: String,
        /// The earlier file.
        other: String,
        /// `baseline` or the bucket.
        bucket: String,
    },
    /// Fingerprints with different horizons or thresholds.
    #[error("{file} and {other} have different horizons or thresholds; a set must come from one run")]
    DifferentAxes {
        /// The later file.
        file: String,
        /// The earlier file.
        other: String,
    },
}

/// Fingerprints of one underlying that share their horizons and thresholds. Never empty.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FingerprintSet {
    symbol: String,
    baseline: Option<Fingerprint>,
    buckets: BTreeMap<MomentumBucket, Fingerprint>,
}

impl FingerprintSet {
    /// From its parts, each named for error messages; the bucket `None` is the baseline.
    ///
    /// # Errors
    /// When there is none, a bucket comes twice, or horizons or thresholds differ.
    pub fn new(
        symbol: &str,
        parts: impl IntoIterator<Item = (String, Option<MomentumBucket>, Fingerprint)>,
    ) -> Result<Self, FingerprintError> {
        let mut set = Self { symbol: symbol.to_owned(), baseline: None, buckets: BTreeMap::new() };
        let mut names: BTreeMap<Option<MomentumBucket>, String> = BTreeMap::new();
        let mut first: Option<(String, Grid)> = None;
        for (name, bucket, fingerprint) in parts {
            if let Some(other) = names.insert(bucket, name.clone()) {
                let bucket = bucket.map_or_else(|| "the baseline".to_owned(), |bucket| format!("bucket {bucket}"));
                return Err(FingerprintError::Twice { file: name, other, bucket });
            }
            match &first {
                Some((other, grid)) if !grid.same_axes(&fingerprint.grid) => {
                    return Err(FingerprintError::DifferentAxes { file: name, other: other.clone() });
                }
                Some(_same_axes) => {}
                None => first = Some((name, fingerprint.grid.clone())),
            }
            match bucket {
                Some(bucket) => {
                    set.buckets.insert(bucket, fingerprint);
                }
                None => set.baseline = Some(fingerprint),
            }
        }
        if first.is_none() { Err(FingerprintError::Nothing { files: 0 }) } else { Ok(set) }
    }

    /// The underlying in lower case, as `btc`.
    #[must_use]
    pub fn symbol(&self) -> &str {
        &self.symbol
    }

    /// The fingerprint over all history.
    #[must_use]
    pub const fn baseline(&self) -> Option<&Fingerprint> {
        self.baseline.as_ref()
    }

    /// The buckets that there are, ascending.
    pub fn buckets(&self) -> impl Iterator<Item = (MomentumBucket, &Fingerprint)> {
        self.buckets.iter().map(|(bucket, fingerprint)| (*bucket, fingerprint))
    }

    /// The fingerprint to use for a bucket: its own; else that of the nearest bucket there is, of two equally
    /// near ones the calmer; else the baseline. Without a bucket (momentum unknown) the baseline; `None` when
    /// the set has none.
    #[must_use]
    pub fn for_bucket(&self, bucket: Option<MomentumBucket>) -> Option<&Fingerprint> {
        let Some(bucket) = bucket else { return self.baseline() };
        self.buckets
            .iter()
            .min_by_key(|(candidate, _fingerprint)| {
                ((candidate.get() - bucket.get()).abs(), candidate.get().abs(), candidate.get())
            })
            .map(|(_nearest, fingerprint)| fingerprint)
            .or_else(|| self.baseline())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flat(percent: f64) -> Fingerprint {
        let grid = Grid::new(vec![1], vec![0.0], vec![percent], vec![percent]).expect("valid");
        Fingerprint { grid, support: None }
    }

    fn bucket(number: i32) -> Option<MomentumBucket> {
        Some(MomentumBucket::new(number).expect("in range"))
    }

    #[test]
    fn a_missing_bucket_is_served_by_the_nearest() {
        let parts = [(None, 50.0), (bucket(-10), 10.0), (bucket(4), 4.0), (bucket(8), 8.0)];
        let parts = parts.map(|(bucket, percent)| (format!("{bucket:?}"), bucket, flat(percent)));
        let set = FingerprintSet::new("btc", parts).expect("a set");
        let served = |wanted| set.for_bucket(wanted).expect("one").grid.cells(crate::Direction::Up)[0].to_string();
        for (wanted, expected) in [(-30, "10"), (-10, "10"), (-3, "4"), (5, "4"), (6, "4"), (7, "8"), (30, "8")] {
            assert_eq!(served(bucket(wanted)), expected, "bucket {wanted}");
        }
        assert_eq!(served(None), "50");
        let only_buckets = FingerprintSet::new("btc", [(String::new(), bucket(1), flat(1.0))]).expect("a set");
        assert_eq!(only_buckets.for_bucket(None), None, "unknown momentum is not bucket 0");
    }

    #[test]
    fn refuses_what_is_no_set() {
        assert!(matches!(FingerprintSet::new("btc", []), Err(FingerprintError::Nothing { .. })));
        let twice = ["a", "b"].map(|name| (name.to_owned(), bucket(1), flat(1.0)));
        assert!(matches!(FingerprintSet::new("btc", twice), Err(FingerprintError::Twice { .. })));
        let other =
            Fingerprint { grid: Grid::new(vec![2], vec![0.0], vec![1.0], vec![1.0]).expect("valid"), support: None };
        let mixed = [("a".to_owned(), bucket(1), flat(1.0)), ("b".to_owned(), bucket(2), other)];
        assert!(matches!(FingerprintSet::new("btc", mixed), Err(FingerprintError::DifferentAxes { .. })));
    }
}
