//! The market clock: market time from the wall's, at a speed.

use std::time::{Duration, Instant};

use rec_domain::{Clock, TimeSpan, Timestamp};

use super::TwinError;

/// What two processes need to share a market clock.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClockOrigin {
    /// The market instant at the origin.
    pub market: Timestamp,
    /// The time of day at the origin.
    pub wall: Timestamp,
    /// Market seconds in a second of the wall.
    pub speed: f64,
}

/// A clock that shows market time.
#[derive(Debug, Clone, Copy)]
pub struct MarketClock {
    origin: ClockOrigin,
    started: Instant,
}

impl MarketClock {
    /// A clock that shows `market` now, at the time of day `wall`. From here it runs with the machine's running
    /// time, so that a step of the time of day does not move it.
    ///
    /// # Errors
    /// When the speed is not between 0.01 and 1000.
    pub fn start(market: Timestamp, wall: Timestamp, speed: f64) -> Result<Self, TwinError> {
        if !(0.01..=1_000.0).contains(&speed) {
            return Err(TwinError::Speed(speed));
        }
        Ok(Self { origin: ClockOrigin { market, wall, speed }, started: Instant::now() })
    }

    /// A clock that shows what another one does that was started elsewhere, at the time of day `wall`.
    ///
    /// # Errors
    /// When the speed is not between 0.01 and 1000.
    pub fn join(origin: ClockOrigin, wall: Timestamp) -> Result<Self, TwinError> {
        let behind = Duration::from_micros(u64::try_from(wall.since(origin.wall).micros()).unwrap_or(0));
        Self::start(origin.market + scaled(behind, origin.speed), wall, origin.speed)
    }

    /// A span of market time as the wall's.
    #[must_use]
    pub fn wall_span(&self, market: TimeSpan) -> Duration {
        Duration::from_micros(u64::try_from(market.micros()).unwrap_or(0)).div_f64(self.origin.speed)
    }

    /// What another process needs to show the same time.
    #[must_use]
    pub const fn origin(&self) -> ClockOrigin {
        self.origin
    }

    /// A span of the wall's time as market time.
    #[must_use]
    pub fn market_span(&self, wall: Duration) -> TimeSpan {
        scaled(wall, self.origin.speed)
    }

    /// A limit that also covers transport: at least one second of the wall.
    #[must_use]
    pub fn transport_limit(&self, limit: TimeSpan) -> TimeSpan {
        limit.at_least(self.market_span(Duration::from_secs(1)))
    }
}

impl Clock for MarketClock {
    fn now(&self) -> Timestamp {
        self.origin.market + scaled(self.started.elapsed(), self.origin.speed)
    }
}

#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "years of microseconds stay exact")]
fn scaled(wall: Duration, speed: f64) -> TimeSpan {
    TimeSpan::from_micros((wall.as_micros() as f64 * speed) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_that_cover_transport_grow_with_the_speed() {
        let at = Timestamp::from_seconds(1_790_186_400);
        let clock = MarketClock::start(at, at, 30.0).expect("speed");
        assert_eq!(clock.transport_limit(TimeSpan::from_seconds(5)), TimeSpan::from_seconds(30));
        assert_eq!(clock.transport_limit(TimeSpan::from_seconds(60)), TimeSpan::from_seconds(60));
        assert!(clock.now() >= at);
        assert_eq!(clock.wall_span(TimeSpan::from_seconds(15)), Duration::from_millis(500));
        let later = MarketClock::join(clock.origin(), at + TimeSpan::from_seconds(2)).expect("speed");
        assert!(later.now() >= at + TimeSpan::from_seconds(60), "two seconds of the wall are a minute");
        assert!(MarketClock::start(at, at, 0.0).is_err() && MarketClock::start(at, at, f64::NAN).is_err());
    }
}
