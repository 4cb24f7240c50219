//! The momentum class that a fingerprint belongs to.

use serde::{Deserialize, Serialize};

/// Momentum in hundredths of a percent, rounded and limited to -30 to +30.
///
/// The outermost buckets hold everything beyond them: a score of 0.50 % is in bucket 30.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MomentumBucket(i32);

impl MomentumBucket {
    /// The lowest bucket.
    pub const MIN: i32 = -30;
    /// The highest bucket.
    pub const MAX: i32 = 30;
    /// How many buckets there are.
    pub const COUNT: usize = 61;

    /// `None` outside -30 to +30.
    #[must_use]
    pub fn new(bucket: i32) -> Option<Self> {
        (Self::MIN..=Self::MAX).contains(&bucket).then_some(Self(bucket))
    }

    /// The bucket of a score in percent, halves rounded away from zero; `None` when the score is not a finite number.
    #[must_use]
    pub fn from_score_percent(score_percent: f64) -> Option<Self> {
        if !score_percent.is_finite() {
            return None;
        }
        // Limited after the multiplication (the predecessor limited before it, to no effect).
        let limited = libm::round(100.0 * score_percent).clamp(f64::from(Self::MIN), f64::from(Self::MAX));
        #[expect(clippy::cast_possible_truncation, reason = "a whole number between -30 and 30")]
        Some(Self(limited as i32))
    }

    /// -30 to +30.
    #[must_use]
    pub const fn get(self) -> i32 {
        self.0
    }

    /// Its position in [`MomentumBucket::all`].
    pub(crate) fn position(self) -> usize {
        usize::try_from(self.0 - Self::MIN).expect("no bucket is below MIN")
    }

    /// All buckets, ascending.
    pub fn all() -> impl DoubleEndedIterator<Item = Self> {
        (Self::MIN..=Self::MAX).map(Self)
    }
}

impl std::fmt::Display for MomentumBucket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&format!("{:+}", self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_half_away_from_zero_and_limits_after_multiplying() {
        for (score, bucket) in
            [(0.2410, 24), (0.2005, 20), (0.36, 30), (-0.36, -30), (0.005, 1), (-0.005, -1), (0.0049, 0), (25.0, 30)]
        {
            assert_eq!(MomentumBucket::from_score_percent(score).map(MomentumBucket::get), Some(bucket), "{score}");
        }
        assert_eq!(MomentumBucket::from_score_percent(f64::NAN), None);
        assert_eq!(MomentumBucket::new(31), None);
        assert_eq!(MomentumBucket::all().count(), MomentumBucket::COUNT);
    }
}
