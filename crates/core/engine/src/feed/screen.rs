//! Holding back jumps until they are confirmed.

use rec_domain::{Timestamp, UsdPrice};
use serde::{Deserialize, Serialize};

/// A value with its time.
pub(super) type Sample = (Timestamp, UsdPrice);

/// Lets through what is near the last accepted value, and a jump only with enough further values near it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Screen {
    jump_percent: f64,
    confirmations: usize,
    accepted: Option<Sample>,
    held: Vec<Sample>,
}

impl Screen {
    pub(super) const fn new(jump_percent: f64, confirmations: usize) -> Self {
        Self { jump_percent, confirmations, accepted: None, held: Vec::new() }
    }

    /// The newest time seen, held back or not.
    pub(super) fn newest(&self) -> Option<Sample> {
        self.held.last().copied().or(self.accepted)
    }

    /// Whether `value` is near the last accepted one.
    pub(super) fn is_near_accepted(&self, value: UsdPrice) -> bool {
        self.accepted.is_none_or(|(_at, accepted)| self.near(accepted, value))
    }

    fn near(&self, known: UsdPrice, value: UsdPrice) -> bool {
        let known = known.as_f64();
        (value.as_f64() - known).abs() * 100.0 <= self.jump_percent * known
    }

    /// What is let through now, in order: nothing, this sample, or with it those that it confirms.
    pub(super) fn offer(&mut self, sample: Sample) -> Vec<Sample> {
        if self.is_near_accepted(sample.1) {
            self.held.clear();
            self.accepted = Some(sample);
            return vec![sample];
        }
        if self.held.last().is_some_and(|(_at, held)| !self.near(*held, sample.1)) {
            self.held.clear();
        }
        self.held.push(sample);
        if self.held.len() <= self.confirmations {
            return Vec::new();
        }
        self.accepted = Some(sample);
        std::mem::take(&mut self.held)
    }
}
