//! A clock that cannot be trusted halts entries.
//!
//! The shell measures the time of day against the running time. Market time does not follow a step before it was
//! accepted, so nothing in the books depends on it; but what the exchange takes for too old or too early does.

use rec_domain::{TimeSpan, halt::HaltSource};

use super::draft::Draft;

impl Draft<'_> {
    /// The time of day stepped against the running time.
    pub(super) fn clock_stepped(&mut self, step: TimeSpan) {
        self.books.clock_stepped_at = Some(self.now);
        let reason = format!("the time of day stepped by {:.3} s against the running time", step.as_seconds_f64());
        self.alarm(reason.clone());
        self.halt(HaltSource::Clock, reason);
    }

    /// Clears the halt once the clock has run evenly for a while.
    pub(super) fn trust_the_clock_again(&mut self) {
        let Some(halt) = self.books.halts.get(&HaltSource::Clock) else { return };
        let since = self.books.clock_stepped_at.map_or(halt.since, |at| at.max(halt.since));
        if self.now.since(since) >= self.config.clock_calm {
            self.resume(HaltSource::Clock, "the clock has run evenly since".to_owned());
        }
    }
}
