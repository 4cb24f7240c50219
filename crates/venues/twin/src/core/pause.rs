//! The weekly maintenance: on Thursdays from 03:00 to 05:00 Eastern time orders are refused and cancels are taken.

use rec_domain::{TimeSpan, Timestamp, eastern};

use crate::core::exchange::{Due, Twin};

/// Days since the epoch of any Thursday, modulo seven: the epoch was one.
const THURSDAY: i64 = 0;
/// First and last hour of the pause.
const HOURS: (i8, i8) = (3, 5);

impl Twin {
    /// Whether orders are refused now, on every shard.
    #[must_use]
    pub fn is_trading_paused(&self) -> bool {
        self.trading_resumes().is_some()
    }

    /// When trading resumes, while it pauses.
    #[must_use]
    pub fn trading_resumes(&self) -> Option<Timestamp> {
        let weekly = (!self.config.mirror)
            .then(|| weekly_pause(self.now))
            .flatten()
            .filter(|(begin, end)| *begin <= self.now && self.now < *end);
        let fault = self.paused_until.filter(|until| self.now < *until);
        weekly.map(|(_, end)| end).max(fault)
    }

    /// The next instant at which a weekly pause begins.
    pub(crate) fn schedule_next_pause(&mut self) {
        let day = TimeSpan::from_minutes(24 * 60);
        let days = (0..8).map(|ahead| self.now + TimeSpan::from_micros(day.micros() * ahead));
        let begin = days.filter_map(weekly_pause).map(|(begin, _)| begin).find(|begin| *begin > self.now);
        if let Some(begin) = begin {
            self.schedule(begin, Due::Pause);
        }
    }
}

/// The pause of the Eastern day that `at` is in, when it is a Thursday.
fn weekly_pause(at: Timestamp) -> Option<(Timestamp, Timestamp)> {
    let day = eastern::day(at);
    let noon = eastern::instant(day, 12, 0, 0)?;
    if noon.seconds().div_euclid(86_400).rem_euclid(7) != THURSDAY {
        return None;
    }
    Some((eastern::instant(day, HOURS.0, 0, 0)?, eastern::instant(day, HOURS.1, 0, 0)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_is_on_thursdays_in_eastern_time_in_summer_and_in_winter() {
        let at = |text: &str| text.parse::<Timestamp>().expect("an instant");
        let pause = |text: &str| weekly_pause(at(text)).map(|(begin, end)| (begin.to_string(), end.to_string()));
        let summer = Some(("2026-09-24T07:00:00Z".to_owned(), "2026-09-24T09:00:00Z".to_owned()));
        assert_eq!(pause("2026-09-24T12:00:00Z"), summer);
        assert_eq!(pause("2026-09-25T03:59:59Z"), summer, "still Thursday in New York");
        assert_eq!(pause("2026-09-25T04:00:00Z"), None);
        let winter = Some(("2026-01-15T08:00:00Z".to_owned(), "2026-01-15T10:00:00Z".to_owned()));
        assert_eq!(pause("2026-01-15T12:00:00Z"), winter);
    }
}
