//! A clock that cannot be trusted halts entries.
//!
//! The shells measure the time of day against the running time, and the exchange's clock against ours. Market time does
//! not follow a step before it was accepted, so nothing in the books depends on it; but what the exchange takes for too
//! old or too early does.

use rec_domain::{TimeSpan, halt::HaltSource};

use super::draft::Draft;

impl Draft<'_> {
    /// The time of day stepped against the running time.
    pub(super) fn clock_stepped(&mut self, step: TimeSpan) {
        self.books.clock_doubted_at = Some(self.now);
        let reason = format!("the time of day stepped by {:.3} s against the running time", step.as_seconds_f64());
        self.alarm(reason.clone());
        self.halt(HaltSource::Clock, reason);
    }

    /// The exchange's clock was read: far from ours, entries halt until it is near again. The exchange would refuse
    /// what it takes for too old or too early, and closes would not be where we think they are.
    pub(super) fn exchange_clock(&mut self, ahead: TimeSpan) {
        let limit = self.config.clock_distance;
        let far = ahead > limit || ahead < TimeSpan::ZERO - limit;
        self.books.exchange_clock_far = far;
        if !far {
            return;
        }
        self.books.clock_doubted_at = Some(self.now);
        // Read again every few seconds, so it is said once.
        if !self.books.halts.contains_key(&HaltSource::Clock) {
            let seconds = ahead.as_seconds_f64();
            let reason = format!("the exchange's clock is at least {seconds:+.3} s from ours, {limit} are allowed");
            self.alarm(reason.clone());
            self.halt(HaltSource::Clock, reason);
        }
    }

    /// Clears the halt once the clock has run evenly for a while, near to the exchange's.
    pub(super) fn trust_the_clock_again(&mut self) {
        if self.books.exchange_clock_far {
            return;
        }
        let Some(halt) = self.books.halts.get(&HaltSource::Clock) else { return };
        let since = self.books.clock_doubted_at.map_or(halt.since, |at| at.max(halt.since));
        if self.now.since(since) >= self.config.clock_calm {
            self.resume(HaltSource::Clock, "the clock has run evenly and near the exchange's since".to_owned());
        }
    }
}
