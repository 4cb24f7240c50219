//! How far the exchange's clock is from ours.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use rec_domain::{TimeSpan, Timestamp};

/// Answers that count: each states whole seconds, several in a row leave less open.
const ANSWERS: usize = 8;
/// What a `Date` leaves open.
const SECOND: TimeSpan = TimeSpan::from_seconds(1);

/// What the `Date` headers of a client's last answers, refusals included, say of the exchange's clock.
#[derive(Debug, Default)]
pub struct ExchangeClock(Mutex<Seen>);

#[derive(Debug, Default)]
struct Seen {
    /// How far ahead the exchange is at least and at most, by one answer each.
    bounds: VecDeque<(TimeSpan, TimeSpan)>,
    is_news: bool,
}

impl ExchangeClock {
    /// Notes an answer to a request that was sent and received at these instants of our clock.
    pub fn note(&self, sent: Timestamp, received: Timestamp, date: Timestamp) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.is_news = true;
        let newest = (date.since(received), (date + SECOND).since(sent));
        seen.bounds.push_back(newest);
        if seen.bounds.len() > ANSWERS {
            seen.bounds.pop_front();
        }
        let (least, most) = within(&seen.bounds);
        if least > most {
            // One of the clocks stepped meanwhile: what was seen before it counts no more.
            seen.bounds = VecDeque::from([newest]);
        }
    }

    /// How far ahead the exchange's clock certainly is, behind when negative, zero when it may be equal; `None` when
    /// there was no answer since this was last asked.
    #[must_use]
    pub fn take_ahead(&self) -> Option<TimeSpan> {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (least, most) = within(&seen.bounds);
        std::mem::take(&mut seen.is_news).then(|| least.max(TimeSpan::ZERO) + most.min(TimeSpan::ZERO))
    }
}

fn within(bounds: &VecDeque<(TimeSpan, TimeSpan)>) -> (TimeSpan, TimeSpan) {
    let least = bounds.iter().map(|(least, _)| *least).max().unwrap_or_default();
    let most = bounds.iter().map(|(_, most)| *most).min().unwrap_or_default();
    (least, most)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(1_790_000_000_000 + millis)
    }

    /// An answer by a clock that is `ahead`, half way between request and answer.
    fn answered(clock: &ExchangeClock, sent: i64, ahead: i64) {
        let stated = Timestamp::from_seconds((at(sent + 50 + ahead)).millis().div_euclid(1_000));
        clock.note(at(sent), at(sent + 100), stated);
    }

    #[test]
    fn equal_clocks_are_equal_however_slow_the_answers() {
        let clock = ExchangeClock::default();
        assert_eq!(clock.take_ahead(), None);
        clock.note(at(0), at(9_900), at(5_000));
        (0..20).for_each(|number| answered(&clock, number * 270, 0));
        assert_eq!(clock.take_ahead(), Some(TimeSpan::ZERO));
        assert_eq!(clock.take_ahead(), None, "nothing was heard since");
    }

    #[test]
    fn several_answers_find_a_distance_that_one_alone_leaves_open() {
        for ahead in [-1_700, 1_700] {
            let clock = ExchangeClock::default();
            (0..8).for_each(|number| answered(&clock, number * 270, ahead));
            let found = clock.take_ahead().expect("answers").micros() / 1_000;
            assert!((found - ahead).abs() <= 300, "{found} of {ahead}");
            assert!(found.abs() <= ahead.abs(), "no more than is certain: {found} of {ahead}");
        }
    }

    #[test]
    fn a_step_is_found_at_once_and_its_end_too() {
        let clock = ExchangeClock::default();
        (0..8).for_each(|number| answered(&clock, number * 270, 0));
        answered(&clock, 3_000, 600_000);
        assert!(clock.take_ahead() > Some(TimeSpan::from_seconds(598)));
        answered(&clock, 4_000, 0);
        assert_eq!(clock.take_ahead(), Some(TimeSpan::ZERO));
    }
}
