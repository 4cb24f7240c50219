//! Eastern time: presentation, report days and the exchange's ticker grammar. Decisions use UTC.

use jiff::tz::{Dst, TimeZone};

use crate::Timestamp;

const ZONE: &str = "America/New_York";

/// A calendar date in the Eastern time zone, which is what a "day" means in limits and reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct EasternDay {
    /// Year, as 2026.
    pub year: i16,
    /// Month, 1 to 12.
    pub month: i8,
    /// Day of the month, 1 to 31.
    pub day: i8,
}

impl std::fmt::Display for EasternDay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

fn zoned(instant: Timestamp) -> jiff::Zoned {
    let zone = TimeZone::get(ZONE).unwrap_or(TimeZone::UTC);
    jiff::Timestamp::from_microsecond(instant.micros()).unwrap_or(jiff::Timestamp::UNIX_EPOCH).to_zoned(zone)
}

/// The Eastern date of `instant`.
#[must_use]
pub fn day(instant: Timestamp) -> EasternDay {
    let date = zoned(instant).date();
    EasternDay { year: date.year(), month: date.month(), day: date.day() }
}

/// `14:40:00 EDT`.
#[must_use]
pub fn clock(instant: Timestamp) -> String {
    zoned(instant).strftime("%H:%M:%S %Z").to_string()
}

/// `2026-09-23 14:40:00 EDT`.
#[must_use]
pub fn date_and_clock(instant: Timestamp) -> String {
    zoned(instant).strftime("%Y-%m-%d %H:%M:%S %Z").to_string()
}

/// The instant at which Eastern wall clocks show the given date and time; the earlier one where an hour repeats.
#[must_use]
pub fn instant(day: EasternDay, hour: i8, minute: i8, second: i8) -> Option<Timestamp> {
    let zone = TimeZone::get(ZONE).ok()?;
    let local = jiff::civil::DateTime::new(day.year, day.month, day.day, hour, minute, second, 0).ok()?;
    let zoned = zone.to_ambiguous_zoned(local).compatible().ok()?;
    Some(Timestamp::from_micros(zoned.timestamp().as_microsecond()))
}

/// `26SEP2516`: the exchange's date and closing hour in an hourly event ticker.
#[must_use]
pub fn event_hour_code(close_time: Timestamp) -> String {
    zoned(close_time).strftime("%y%b%d%H").to_string().to_uppercase()
}

/// Whether Eastern clocks are on daylight-saving time at `instant`.
#[must_use]
pub fn is_daylight_saving(instant: Timestamp) -> bool {
    let zoned = zoned(instant);
    zoned.time_zone().to_offset_info(zoned.timestamp()).dst() == Dst::Yes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hour_of_close_is_in_eastern_time() {
        let close: Timestamp = "2025-07-26T19:00:00Z".parse().expect("instant");
        assert_eq!(event_hour_code(close), "25JUL2615");
        assert_eq!(clock(close), "15:00:00 EDT");
        assert!(is_daylight_saving(close));
        // 23:30 EST is the next day in UTC.
        let late: Timestamp = "2026-01-02T04:30:00Z".parse().expect("instant");
        assert_eq!(day(late).to_string(), "2026-01-01");
        assert!(!is_daylight_saving(late));
    }

    #[test]
    fn wall_clock_to_instant_and_back() {
        let wednesday = EasternDay { year: 2026, month: 9, day: 23 };
        let at = instant(wednesday, 14, 40, 0).expect("exists");
        assert_eq!(at.to_string(), "2026-09-23T18:40:00Z");
        assert_eq!(date_and_clock(at), "2026-09-23 14:40:00 EDT");
    }
}
