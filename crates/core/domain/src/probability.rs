//! Probabilities.

use serde::{Deserialize, Serialize};

/// A probability in [0, 1], quantised to 1e-6 so that every machine compares the same number.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Probability(f64);

impl Probability {
    /// `None` when the value is not a number or lies outside [0, 1].
    #[must_use]
    pub fn new(value: f64) -> Option<Self> {
        (0.0..=1.0).contains(&value).then(|| Self((value * 1e6 + 0.5).floor() / 1e6))
    }

    /// From percent, 0 to 100.
    #[must_use]
    pub fn from_percent(percent: f64) -> Option<Self> {
        Self::new(percent / 100.0)
    }

    /// In [0, 1].
    #[must_use]
    pub fn get(self) -> f64 {
        self.0
    }

    /// In percent, for presentation and for limits that the operator states in percent.
    #[must_use]
    pub fn percent(self) -> f64 {
        (self.0 * 1e6 + 0.5).floor() / 1e4
    }

    /// The probability of the opposite.
    #[must_use]
    pub fn complement(self) -> Self {
        Self(((1.0 - self.0) * 1e6 + 0.5).floor() / 1e6)
    }
}

/// A number that is no probability.
#[derive(Debug, thiserror::Error)]
#[error("{0} is not a probability between 0 and 1")]
pub struct NotAProbability(f64);

impl TryFrom<f64> for Probability {
    type Error = NotAProbability;
    fn try_from(value: f64) -> Result<Self, Self::Error> {
        Self::new(value).ok_or(NotAProbability(value))
    }
}

impl From<Probability> for f64 {
    fn from(probability: Probability) -> Self {
        probability.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_a_probability_is_one() {
        assert!(Probability::new(f64::NAN).is_none());
        assert!(Probability::new(-0.1).is_none());
        assert!(Probability::new(1.000_001).is_none());
        let p = Probability::from_percent(71.799_6).expect("in range");
        assert_eq!(p.percent().to_string(), "71.7996");
        assert_eq!(p.complement().percent().to_string(), "28.2004");
    }
}
