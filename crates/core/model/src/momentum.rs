//! Price history at one second, and the weighted move over the last half hour.
//!
//! The score is the weighted mean of the moves over 1, 2, 3, 4, 15 and 30 minutes, taken over the moves that
//! exist. A move needs a price at its start: the newest one at or before that instant, if it is not older
//! than [`MomentumHistory::REFERENCE_AGE_LIMIT`] there. The end of every move is the newest price itself.

use std::collections::VecDeque;

use rec_domain::{TimeSpan, Timestamp, UsdPrice, momentum::MomentumReading};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Weights of the moves over [`MomentumReading::PERIODS_MINUTES`].
pub const WEIGHTS: [f64; 6] = [0.30, 0.25, 0.20, 0.15, 0.05, 0.05];

/// The weighted mean of the moves that exist; `None` when none does.
#[must_use]
pub fn weighted_score(deltas_percent: &[Option<f64>; 6]) -> Option<f64> {
    let mut sum = 0.0;
    let mut weights = 0.0;
    for (delta, weight) in deltas_percent.iter().zip(WEIGHTS) {
        if let Some(delta) = delta {
            sum += weight * delta;
            weights += weight;
        }
    }
    (weights > 0.0).then(|| sum / weights)
}

/// The move from `then` to `now` in percent; `None` unless both are positive.
#[must_use]
pub fn move_percent(then: f64, now: f64) -> Option<f64> {
    (then > 0.0 && now > 0.0).then(|| 100.0 * (now - then) / then)
}

/// Why a price was not taken into the history.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PriceRejected {
    /// A price must be above zero.
    #[error("{price} at {at} is no price of an underlying: it must be above zero; the feed is wrong")]
    NotPositive {
        /// The instant given.
        at: Timestamp,
        /// The price given.
        price: UsdPrice,
    },
    /// The history already goes further.
    #[error("a price of {at} came after one of {newest}; prices must come in order of time")]
    OutOfOrder {
        /// The instant given.
        at: Timestamp,
        /// The newest instant in the history.
        newest: Timestamp,
    },
}

/// The last half hour of prices, one a second (the last one of each second).
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct MomentumHistory {
    /// Ascending, at most one a second.
    samples: VecDeque<(Timestamp, UsdPrice)>,
}

impl MomentumHistory {
    /// How much is kept: the longest period, the age allowed at its start, and some slack.
    pub const KEPT: TimeSpan = TimeSpan::from_minutes(33);

    /// How old a price may be at the instant it stands for. One minute, so that one-minute candles serve as
    /// history when the desk starts.
    pub const REFERENCE_AGE_LIMIT: TimeSpan = TimeSpan::from_minutes(1);

    /// Without a price.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a price observed at `at`; it replaces an earlier one of the same second.
    ///
    /// # Errors
    /// When the price is not positive or older than the newest one; the history is unchanged then.
    pub fn observe(&mut self, at: Timestamp, price: UsdPrice) -> Result<(), PriceRejected> {
        if !price.is_positive() {
            return Err(PriceRejected::NotPositive { at, price });
        }
        if let Some((newest, newest_price)) = self.samples.back_mut() {
            if at < *newest {
                return Err(PriceRejected::OutOfOrder { at, newest: *newest });
            }
            if newest.seconds() == at.seconds() {
                (*newest, *newest_price) = (at, price);
                return Ok(());
            }
        }
        self.samples.push_back((at, price));
        self.forget_old();
        Ok(())
    }

    /// Fills in closes of one-minute candles (start of the minute, close), in any order, for the time before
    /// the first price that was observed. A close stands for the end of its minute; candles that are still
    /// running at `now` are left out. Returns how many were taken.
    pub fn seed_from_candles(
        &mut self,
        candles: impl IntoIterator<Item = (Timestamp, UsdPrice)>,
        now: Timestamp,
    ) -> usize {
        let oldest = self.samples.front().map(|(at, _price)| *at);
        let mut closes: Vec<_> = candles
            .into_iter()
            .map(|(start, close)| (start + TimeSpan::from_minutes(1), close))
            .filter(|(end, close)| {
                close.is_positive()
                    && *end <= now
                    && *end > now - Self::KEPT
                    && oldest.is_none_or(|oldest| end.seconds() < oldest.seconds())
            })
            .collect();
        closes.sort_by_key(|(end, _close)| *end);
        closes.dedup_by_key(|(end, _close)| end.seconds());
        let taken = closes.len();
        for close in closes.into_iter().rev() {
            self.samples.push_front(close);
        }
        self.forget_old();
        taken
    }

    /// The newest price and its instant.
    #[must_use]
    pub fn newest(&self) -> Option<(Timestamp, UsdPrice)> {
        self.samples.back().copied()
    }

    /// How many prices are held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.samples.len()
    }

    /// Whether there is no price.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.samples.is_empty()
    }

    /// The newest price at or before `instant`, unless it is older than the limit there.
    #[must_use]
    pub fn price_at(&self, instant: Timestamp) -> Option<UsdPrice> {
        let after = self.samples.partition_point(|(at, _price)| *at <= instant);
        let (at, price) = self.samples.get(after.checked_sub(1)?)?;
        (instant.since(*at) <= Self::REFERENCE_AGE_LIMIT).then_some(*price)
    }

    /// Momentum at `now`. Without a price, or when the newest one is older than the limit, no move exists:
    /// a feed that went silent has no momentum, it does not keep its last one.
    #[must_use]
    pub fn reading(&self, now: Timestamp) -> MomentumReading {
        let newest = self.newest().filter(|(at, _price)| now.since(*at) <= Self::REFERENCE_AGE_LIMIT);
        let deltas_percent = MomentumReading::PERIODS_MINUTES.map(|minutes| {
            let (at, price) = newest?;
            let then = self.price_at(at - TimeSpan::from_minutes(minutes))?;
            move_percent(then.as_f64(), price.as_f64())
        });
        MomentumReading { at: now, score_percent: weighted_score(&deltas_percent), deltas_percent }
    }

    fn forget_old(&mut self) {
        let Some((newest, _price)) = self.newest() else { return };
        while self.samples.front().is_some_and(|(at, _price)| newest.since(*at) > Self::KEPT) {
            self.samples.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::MomentumBucket;

    const NOON: Timestamp = Timestamp::from_seconds(1_790_366_400);

    fn minutes_ago(minutes: i64) -> Timestamp {
        NOON - TimeSpan::from_minutes(minutes)
    }

    fn history(samples: &[(i64, i64)]) -> MomentumHistory {
        let mut history = MomentumHistory::new();
        for (minutes, cents) in samples {
            history.observe(minutes_ago(*minutes), UsdPrice::from_cents(*cents)).expect("in order");
        }
        history
    }

    const WORKED: [(i64, i64); 7] =
        [(30, 9_900), (15, 9_950), (4, 9_970), (3, 9_980), (2, 9_980), (1, 9_990), (0, 10_000)];

    #[test]
    fn the_worked_example_gives_bucket_24_and_20_without_the_oldest_price() {
        let bucket = |history: &MomentumHistory| {
            MomentumBucket::from_score_percent(history.reading(NOON).score_percent?).map(MomentumBucket::get)
        };
        let full = history(&WORKED);
        let score = full.reading(NOON).score_percent.expect("a score");
        assert!((score - 0.2410).abs() < 5e-5, "{score}");
        assert_eq!(bucket(&full), Some(24));
        let short = history(&WORKED[1..]);
        assert_eq!(short.reading(NOON).deltas_percent[5], None);
        assert_eq!(bucket(&short), Some(20));
    }

    #[test]
    fn the_newest_price_ends_every_move() {
        let mut history = history(&WORKED);
        history.observe(NOON + TimeSpan::from_seconds(1), UsdPrice::from_cents(20_000)).expect("in order");
        let one_minute = history.reading(NOON + TimeSpan::from_seconds(1)).deltas_percent[0].expect("a move");
        assert!((one_minute - 100.0 * 10_010.0 / 9_990.0).abs() < 1e-9, "{one_minute}");
    }

    #[test]
    fn an_old_price_starts_no_move_and_a_silent_feed_has_no_momentum() {
        let history = history(&[(6, 10_000), (0, 10_100)]);
        assert_eq!(history.reading(NOON).deltas_percent, [None; 6], "6 minutes old is no price of 4 minutes ago");
        assert_eq!(history.reading(NOON).score_percent, None);
        let full = self::history(&WORKED);
        assert!(full.reading(NOON + TimeSpan::from_seconds(60)).score_percent.is_some());
        assert_eq!(full.reading(NOON + TimeSpan::from_seconds(61)).score_percent, None);
        assert_eq!(MomentumHistory::new().reading(NOON).score_percent, None);
    }

    #[test]
    fn refuses_what_is_no_price_or_goes_back_in_time() {
        let mut history = history(&WORKED);
        assert!(matches!(history.observe(NOON, UsdPrice::ZERO), Err(PriceRejected::NotPositive { .. })));
        let before = minutes_ago(1);
        assert!(matches!(
            history.observe(before, UsdPrice::from_cents(1)),
            Err(PriceRejected::OutOfOrder { at, .. }) if at == before
        ));
        assert_eq!(history.len(), 7);
    }

    #[test]
    fn the_last_price_of_a_second_counts_and_memory_is_bounded() {
        let mut history = MomentumHistory::new();
        for tick in 0..100_000_i64 {
            let at = NOON + TimeSpan::from_millis(250 * tick);
            history.observe(at, UsdPrice::from_cents(10_000 + tick)).expect("in order");
        }
        assert_eq!(history.newest().map(|(_at, price)| price), Some(UsdPrice::from_cents(109_999)));
        assert!((31 * 60..=33 * 60 + 1).contains(&history.len()), "{}", history.len());
    }

    #[test]
    fn candles_give_a_score_at_once_and_never_the_running_minute() {
        let mut history = MomentumHistory::new();
        let now = NOON + TimeSpan::from_seconds(17);
        history.observe(now, UsdPrice::from_cents(10_000)).expect("first");
        let candles = (0..60).map(|back| (minutes_ago(back), UsdPrice::from_cents(9_000 + back)));
        let taken = history.seed_from_candles(candles, now);
        assert_eq!(taken, 33);
        assert_eq!(history.newest(), Some((now, UsdPrice::from_cents(10_000))), "the running candle is left out");
        let reading = history.reading(now);
        assert!(reading.deltas_percent.iter().all(Option::is_some), "{reading:?}");
        assert_eq!(history.price_at(minutes_ago(2)), Some(UsdPrice::from_cents(9_003)), "a close ends its minute");
        assert_eq!(history.seed_from_candles([(minutes_ago(5), UsdPrice::from_cents(1))], now), 0, "not twice");
    }

    proptest! {
        #[test]
        fn a_steady_climb_scores_its_weighted_mean(slope in 1_i64..200) {
            let mut history = MomentumHistory::new();
            for second in 0..=1_800_i64 {
                let price = UsdPrice::from_units(100_000_000_000 + slope * 1_000 * second);
                history.observe(NOON + TimeSpan::from_seconds(second), price).expect("in order");
            }
            let reading = history.reading(NOON + TimeSpan::from_seconds(1_800));
            let now = 100_000.0 + slope as f64 * 1.8;
            let mut expected = 0.0;
            for (minutes, weight) in MomentumReading::PERIODS_MINUTES.into_iter().zip(WEIGHTS) {
                let then = 100_000.0 + slope as f64 * 0.001 * (1_800 - 60 * minutes) as f64;
                expected += weight * 100.0 * (now - then) / then;
            }
            prop_assert!((reading.score_percent.expect("a score") - expected).abs() < 1e-9);
        }
    }
}
