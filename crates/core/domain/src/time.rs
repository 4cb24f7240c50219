//! Instants and spans in microseconds, and where the present comes from.

use std::{
    fmt,
    ops::{Add, AddAssign, Sub},
    str::FromStr,
};

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// An instant: microseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

/// A span of time in microseconds. Signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TimeSpan(i64);

/// Where the present comes from. Only `runtime` implements this on the system's clock.
pub trait Clock: Send + Sync {
    /// The present instant.
    fn now(&self) -> Timestamp;
}

/// A text that is no instant in RFC 3339 form.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("\"{0}\" is not an RFC 3339 instant")]
pub struct TimestampError(String);

impl Timestamp {
    /// From microseconds since the epoch.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// From milliseconds since the epoch.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis.saturating_mul(1_000))
    }

    /// From seconds since the epoch.
    #[must_use]
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    /// Microseconds since the epoch.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Whole milliseconds since the epoch, rounded down.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// Whole seconds since the epoch, rounded down.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// How long after `earlier` this is; negative when it is before.
    #[must_use]
    pub const fn since(self, earlier: Self) -> TimeSpan {
        TimeSpan(self.0.saturating_sub(earlier.0))
    }

    /// The start of the whole second that this instant is in.
    #[must_use]
    pub const fn floor_second(self) -> Self {
        Self(self.0.div_euclid(1_000_000) * 1_000_000)
    }
}

impl TimeSpan {
    /// No time.
    pub const ZERO: Self = Self(0);

    /// From microseconds.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// From milliseconds.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis.saturating_mul(1_000))
    }

    /// From seconds.
    #[must_use]
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    /// From minutes.
    #[must_use]
    pub const fn from_minutes(minutes: i64) -> Self {
        Self(minutes.saturating_mul(60_000_000))
    }

    /// Microseconds.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Whole milliseconds, rounded down.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// Whole seconds, rounded down.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// As fractional seconds, for statistics and presentation.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "spans are far below 2^53 microseconds")]
    pub fn as_seconds_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// The longer of the two.
    #[must_use]
    pub fn at_least(self, other: Self) -> Self {
        self.max(other)
    }
}

impl Add<TimeSpan> for Timestamp {
    type Output = Self;
    fn add(self, span: TimeSpan) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl AddAssign<TimeSpan> for Timestamp {
    fn add_assign(&mut self, span: TimeSpan) {
        *self = *self + span;
    }
}

impl Sub<TimeSpan> for Timestamp {
    type Output = Self;
    fn sub(self, span: TimeSpan) -> Self {
        Self(self.0.saturating_sub(span.0))
    }
}

impl Add for TimeSpan {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for TimeSpan {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Timestamp {
    /// As HTTP states an instant, in whole seconds: `Wed, 23 Sep 2026 19:50:00 GMT` (RFC 9110, section 5.6.7). Empty
    /// outside of the years that it can state.
    #[must_use]
    pub fn to_http_date(self) -> String {
        let printer = jiff::fmt::rfc2822::DateTimePrinter::new();
        let instant = jiff::Timestamp::from_microsecond(self.0).ok();
        instant.and_then(|instant| printer.timestamp_to_rfc9110_string(&instant).ok()).unwrap_or_default()
    }

    /// From what [`Timestamp::to_http_date`] writes.
    ///
    /// # Errors
    /// When it is no such text.
    pub fn from_http_date(text: &str) -> Result<Self, TimestampError> {
        jiff::fmt::rfc2822::DateTimeParser::new()
            .parse_timestamp(text)
            .map(|instant| Self(instant.as_microsecond()))
            .map_err(|_invalid| TimestampError(text.chars().take(40).collect()))
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC, with as many decimals as are needed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(instant) => write!(f, "{instant}"),
            Err(_out_of_range) => write!(f, "{}us", self.0),
        }
    }
}

impl FromStr for Timestamp {
    type Err = TimestampError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(micros) = plain_instant(text.as_bytes()) {
            return Ok(Self(micros));
        }
        text.parse::<jiff::Timestamp>()
            .map(|instant| Self(instant.as_microsecond()))
            .map_err(|_invalid| TimestampError(text.chars().take(40).collect()))
    }
}

/// Microseconds since the epoch of an instant in the form that exchanges write, `2026-09-25T19:13:44.342537Z` with up to
/// six digits of the second's fraction. `None` leaves it to the general reader, which knows all forms and every error:
/// each change of a book carries such a text, and this takes a tenth of its time.
fn plain_instant(text: &[u8]) -> Option<i64> {
    let (clock, fraction) = match text.split_at_checked(19)? {
        (clock, [b'.', digits @ .., b'Z']) if (1..=6).contains(&digits.len()) => (clock, digits),
        (clock, b"Z") => (clock, &[][..]),
        _ => return None,
    };
    let number = |digits: &[u8]| {
        let digit = |number: i64, digit: &u8| digit.is_ascii_digit().then(|| number * 10 + i64::from(digit - b'0'));
        digits.iter().try_fold(0, digit)
    };
    let part = |begin: usize, end: usize| number(clock.get(begin..end)?);
    let marks = [clock[4], clock[7], clock[10], clock[13], clock[16]];
    let (year, month, day) = (part(0, 4)?, part(5, 7)?, part(8, 10)?);
    let (hour, minute, second) = (part(11, 13)?, part(14, 16)?, part(17, 19)?);
    // Days that few months have are left to the general reader too.
    let last = if month == 2 { 28 } else { 30 };
    let is_plain = marks == *b"--T::" && year >= 1970 && (1..=12).contains(&month) && (1..=last).contains(&day);
    if !is_plain || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    // The year begins in March, so that the day of the leap year is its last.
    let (years, months) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * years + years / 4 - years / 100 + years / 400 + (153 * months + 2) / 5 + day - 1 - 719_468;
    let micros = number(fraction)? * 10_i64.pow(6 - u32::try_from(fraction.len()).ok()?);
    Some((((days * 24 + hour) * 60 + minute) * 60 + second) * 1_000_000 + micros)
}

impl Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl fmt::Display for TimeSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}s", crate::decimal::format(self.0, 6, 0))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_and_writes_the_date_of_http_in_whole_seconds() {
        let at: Timestamp = "2026-09-23T19:50:00.75Z".parse().unwrap();
        assert_eq!(at.to_http_date(), "Wed, 23 Sep 2026 19:50:00 GMT");
        assert_eq!(Timestamp::from_http_date(&at.to_http_date()), Ok("2026-09-23T19:50:00Z".parse().unwrap()));
        assert!(Timestamp::from_http_date("yesterday").is_err());
    }

    #[test]
    fn reads_and_writes_rfc_3339() {
        let instant: Timestamp = "2026-09-25T19:13:44.342537Z".parse().expect("instant");
        assert_eq!(instant.micros(), 1_790_363_624_342_537);
        assert_eq!(instant.to_string(), "2026-09-25T19:13:44.342537Z");
        assert_eq!("2026-09-25T20:00:00Z".parse::<Timestamp>().expect("instant").seconds(), 1_790_366_400);
        assert!("yesterday".parse::<Timestamp>().is_err());
    }

    #[test]
    fn the_short_way_reads_nothing_else_than_the_general_one() {
        for text in ["2026-09-25T19:13:44.342537Z", "2024-02-28T23:59:59Z", "1970-01-01T00:00:00.5Z"] {
            assert!(plain_instant(text.as_bytes()).is_some(), "{text}");
        }
        for text in [
            "2026-09-25T19:13:60Z",
            "2026-09-25T24:13:00Z",
            "2026-13-25T19:13:00Z",
            "2026-00-25T19:13:00Z",
            "2026-09-00T19:13:00Z",
            "2026-09-25T19:13:00.Z",
            "2026-09-25T19:13:00.1234567Z",
            "2026-09-25T19:13:00+02:00",
            "2026/09/25T19:13:00Z",
            "2026-09-2\u{0661}T19:13:00Z",
            "2026-09-25T19:13",
        ] {
            assert_eq!(plain_instant(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn rounds_down_before_the_epoch_too() {
        assert_eq!(Timestamp::from_micros(-1).seconds(), -1);
        assert_eq!(TimeSpan::from_millis(1_500).seconds(), 1);
    }

    proptest! {
        #[test]
        fn both_ways_read_the_same_instant(micros in 0..253_000_000_000_000_000_i64, digits in 0..=6_usize) {
            let general = jiff::Timestamp::from_microsecond(micros).expect("within its range");
            let text = format!("{general:.digits$}");
            let expected = text.parse::<jiff::Timestamp>().expect("its own form").as_microsecond();
            if let Some(read) = plain_instant(text.as_bytes()) {
                prop_assert_eq!(read, expected);
            } else {
                prop_assert!(text[8..10].parse::<u8>().expect("a day") > 28, "{}", text);
            }
        }
    }
}
