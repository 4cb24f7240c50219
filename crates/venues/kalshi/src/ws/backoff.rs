//! How long to wait before connecting again.

use std::time::Duration;

use rand::RngExt as _;

/// Doubling pauses with jitter, so that clients which were cut off together do not come back together.
#[derive(Debug, Clone)]
pub struct Backoff {
    first: Duration,
    longest: Duration,
    failures: u32,
}

impl Backoff {
    /// Pauses of at most `first` after one failure, doubling up to `longest`.
    #[must_use]
    pub const fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest, failures: 0 }
    }

    /// The pause after one more failure: between half and the whole of its bound.
    pub fn next_pause(&mut self) -> Duration {
        let bound = self.first.saturating_mul(1_u32 << self.failures.min(16)).min(self.longest);
        self.failures = self.failures.saturating_add(1);
        bound.mul_f64(rand::rng().random_range(0.5..=1.0))
    }

    /// After a connection that held: the next pause is a first one again.
    pub const fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_bound_and_start_over() {
        let (first, longest) = (Duration::from_millis(200), Duration::from_secs(10));
        let mut backoff = Backoff::new(first, longest);
        let pauses: Vec<_> = (0..40).map(|_| backoff.next_pause()).collect();
        assert!(pauses[0] <= first && pauses[0] >= first / 2);
        assert!(pauses[4] >= first * 8);
        assert!(pauses.iter().all(|pause| *pause <= longest));
        backoff.reset();
        assert!(backoff.next_pause() <= first);
    }
}
