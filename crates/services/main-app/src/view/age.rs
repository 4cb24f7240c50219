//! The age of what is shown.

use rec_domain::{TimeSpan, Timestamp};

use super::format;

/// The present, on both clocks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moment {
    /// Market time.
    pub market: Timestamp,
    /// The time of day.
    pub wall: Timestamp,
    /// Seconds of market time in one second.
    pub speed: f64,
}

/// How old values may be before they are stale, in market time and already widened for transport.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Spot price.
    pub price: TimeSpan,
    /// Settlement index, and momentum.
    pub index: TimeSpan,
    /// Books.
    pub book: TimeSpan,
    /// Strike table.
    pub strike_table: TimeSpan,
}

impl Limits {
    /// The desk's own state is published at least once a second of wall time.
    pub const DESK_WALL: TimeSpan = TimeSpan::from_seconds(4);
    /// Health and the entry supervisor speak about once a second of wall time.
    pub const STATUS_WALL: TimeSpan = TimeSpan::from_seconds(5);
    /// The database is read every two seconds of wall time.
    pub const RECORDS_WALL: TimeSpan = TimeSpan::from_seconds(8);
}

/// The clock on which an age is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgeClock {
    /// Market time: measured values.
    Market,
    /// Time of day: what services say of themselves.
    Wall,
}

/// The age of a value: written down for the browser, which recomputes it, and worked out once for the first page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Age {
    at: Timestamp,
    age: TimeSpan,
    limit: TimeSpan,
    show_above: TimeSpan,
    clock: AgeClock,
}

impl Age {
    /// The age of a value that is as old as `at` on the market's clock.
    #[must_use]
    pub fn market(at: Timestamp, limit: TimeSpan, now: Moment) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "a speed is a small number and the cast saturates")]
        let transport = TimeSpan::from_micros((1_500_000.0 * now.speed) as i64);
        let show_above = TimeSpan::from_millis(1_500).at_least(transport);
        Self { at, age: now.market.since(at), limit, show_above, clock: AgeClock::Market }
    }

    /// The age of a value that was said at `at` of the time of day.
    #[must_use]
    pub fn wall(at: Timestamp, limit: TimeSpan, now: Moment) -> Self {
        let show_above = TimeSpan::from_millis(1_500);
        Self { at, age: now.wall.since(at), limit, show_above, clock: AgeClock::Wall }
    }

    /// Whether the value is too old to be trusted.
    #[must_use]
    pub fn is_stale(&self) -> bool {
        self.age > self.limit
    }

    /// Whether the age is worth showing.
    #[must_use]
    pub fn is_shown(&self) -> bool {
        self.age > self.show_above
    }

    /// The age in words; empty while the value is new.
    #[must_use]
    pub fn text(&self) -> String {
        if self.is_stale() {
            format!("stale · {}", format::age(self.age))
        } else if self.is_shown() {
            format::age(self.age)
        } else {
            String::new()
        }
    }

    /// The instant of the value in milliseconds, for the browser.
    #[must_use]
    pub const fn at_ms(&self) -> i64 {
        self.at.millis()
    }

    /// The limit in milliseconds, for the browser.
    #[must_use]
    pub const fn limit_ms(&self) -> i64 {
        self.limit.millis()
    }

    /// Above which age the browser shows it, in milliseconds.
    #[must_use]
    pub const fn show_ms(&self) -> i64 {
        self.show_above.millis()
    }

    /// The clock's name, for the browser.
    #[must_use]
    pub const fn clock(&self) -> &'static str {
        match self.clock {
            AgeClock::Market => "market",
            AgeClock::Wall => "wall",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(market_ms: i64, speed: f64) -> Moment {
        Moment { market: Timestamp::from_millis(market_ms), wall: Timestamp::from_millis(0), speed }
    }

    #[test]
    fn an_age_is_silent_while_new_shown_when_older_and_stale_beyond_its_limit() {
        let at = Timestamp::from_millis(0);
        let limit = TimeSpan::from_seconds(3);
        let text = |ms| Age::market(at, limit, moment(ms, 1.0)).text();
        assert_eq!(text(900), "");
        assert_eq!(text(2_100), "2.1 s");
        assert_eq!(text(3_000), "3.0 s");
        assert_eq!(text(3_100), "stale · 3.1 s");
        assert_eq!(text(200_000), "stale · 3 min");
    }

    #[test]
    fn fast_market_time_does_not_make_transport_look_old() {
        let at = Timestamp::from_millis(0);
        let limit = TimeSpan::from_seconds(30);
        assert_eq!(Age::market(at, limit, moment(29_000, 30.0)).text(), "");
        assert!(Age::market(at, limit, moment(31_000, 30.0)).is_stale());
    }
}
