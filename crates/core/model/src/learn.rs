//! Fingerprints learned from one-minute history.
//!
//! Each minute with a full momentum score is a sample of its bucket (scores beyond ±0.30 % count in the
//! outermost ones, as they do when a chance is asked for) and of the baseline. For each horizon of t *minutes*
//! its move is counted, as long as no minute is missing on the way. Recent samples weigh more: half as much
//! for each half-life of age.
//!
//! **Support.** Samples of successive minutes share most of their future, so their number overstates what is
//! known. The effective number counts samples of a bucket that are at least the longest horizon apart (windows
//! that do not overlap) and multiplies by Kish's ratio (Σw)²/(n·Σw²) for unequal weights. It is a lower bound.
//!
//! **Sparse buckets.** A bucket with effective number n is mixed with the estimate of the next bucket towards
//! zero, n parts to [`LearnSettings::prior_strength`] parts; bucket 0 is mixed with the baseline in the same
//! way. So a bucket without samples repeats its inner neighbour, and what is known of the outer ones reaches
//! from the baseline outwards. The neighbour and not the baseline, because large momentum mainly means high volatility.
//!
//! **Order.** A larger move is never more likely: cells are cumulated, and mixing uses the same shares over the
//! whole row. A move is never less likely in a longer time: where the counts say otherwise, which is noise
//! except for a drift at moves near zero, the rows are replaced by their means (isotonic regression, which keeps
//! the first order).

use rec_domain::{TimeSpan, momentum::MomentumReading};
use thiserror::Error;

use crate::{
    Fingerprint, FingerprintError, FingerprintSet, Grid, MinuteClose, MomentumBucket, MomentumHistory,
    momentum::{move_percent, weighted_score},
    tally::{Cells, Tally},
    thresholds::Thresholds,
};

/// How to learn.
#[derive(Debug, Clone, PartialEq)]
pub struct LearnSettings {
    /// The underlying in lower case, as `btc`.
    pub symbol: String,
    /// The thresholds in percent, ascending from 0.
    pub thresholds_percent: Vec<f64>,
    /// The longest horizon; rows are the minutes from 1 to it.
    pub horizon_minutes: u32,
    /// After how long a sample weighs half.
    pub half_life: TimeSpan,
    /// How many effective samples the estimate of the inner neighbour is worth.
    pub prior_strength: f64,
}

impl LearnSettings {
    /// One hour, 0.00 to 2.00 % (in steps of 0.01 up to 0.30, of 0.05 beyond), a half-life of 90 days.
    ///
    /// The predecessor's steps of 0.05 % everywhere are as long as a whole minute's usual move, too coarse for
    /// the last minutes.
    #[must_use]
    pub fn for_symbol(symbol: &str) -> Self {
        let hundredths = (0..30).chain((30..=200).step_by(5));
        Self {
            symbol: symbol.to_ascii_lowercase(),
            thresholds_percent: hundredths.map(|hundredth| f64::from(hundredth) / 100.0).collect(),
            horizon_minutes: 60,
            half_life: TimeSpan::from_minutes(90 * 24 * 60),
            prior_strength: 100.0,
        }
    }
}

/// Why nothing could be learned.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LearnError {
    /// A setting makes no sense.
    #[error("{0}; correct the settings for learning")]
    Settings(&'static str),
    /// A price is not positive.
    #[error("entry {index} of the history has the price {price}; prices are above zero, repair the history")]
    PriceNotPositive {
        /// The position in the history, counted from 0.
        index: usize,
        /// The price as text.
        price: String,
    },
    /// Minutes do not ascend.
    #[error(
        "entry {index} of the history ({at}) is not in a later minute than the one before; sort it and leave out doubles"
    )]
    OutOfOrder {
        /// The position in the history, counted from 0.
        index: usize,
        /// Its instant.
        at: String,
    },
    /// The history spans more than can be learned from at once.
    #[error("the history spans {minutes} minutes, more than {MOST_MINUTES}; leave out the oldest part")]
    TooLong {
        /// Its span.
        minutes: i64,
    },
    /// Nothing reaches the longest horizon.
    #[error(
        "nowhere in the {minutes} minutes of history are there 30 for momentum and then the whole longest horizon \
         without a gap; give a longer history or one with fewer gaps"
    )]
    TooShort {
        /// Minutes given.
        minutes: usize,
    },
    /// The thresholds make no grid.
    #[error(transparent)]
    Fingerprint(#[from] FingerprintError),
    /// The thresholds make no grid.
    #[error(transparent)]
    Grid(#[from] crate::GridError),
}

/// Twenty years.
const MOST_MINUTES: i64 = 20 * 366 * 24 * 60;

/// The fingerprints of a history with strictly ascending minutes. The same history gives the same bytes.
///
/// # Errors
/// When the settings or the history make no sense, or no sample reaches the longest horizon.
pub fn learn(history: &[MinuteClose], settings: &LearnSettings) -> Result<FingerprintSet, LearnError> {
    check_settings(settings)?;
    let prices = dense_minutes(history)?;
    let (tallies, whole) = count(&prices, settings);
    // A horizon that no sample reaches would look like a price that never moves.
    if !whole.reaches_every_horizon() {
        return Err(LearnError::TooShort { minutes: history.len() });
    }
    let fingerprint = |tally: &Tally, cells: &Cells| -> Result<Fingerprint, LearnError> {
        let grid = cells.grid(&settings.thresholds_percent)?;
        Ok(Fingerprint { grid, support: Some(tally.support()) })
    };
    let baseline = whole.estimate();
    let mut parts = vec![("the baseline".to_owned(), None, fingerprint(&whole, &baseline)?)];
    let upwards: Vec<_> = MomentumBucket::all().filter(|bucket| bucket.get() >= 0).collect();
    let downwards: Vec<_> = MomentumBucket::all().rev().filter(|bucket| bucket.get() < 0).collect();
    let zero = tallies[upwards[0].position()].mixed_with(&baseline, settings.prior_strength);
    for (outwards, start) in [(upwards, baseline), (downwards, zero)] {
        let mut inner = start;
        for bucket in outwards {
            let tally = &tallies[bucket.position()];
            inner = tally.mixed_with(&inner, settings.prior_strength);
            parts.push((bucket.to_string(), Some(bucket), fingerprint(tally, &inner)?));
        }
    }
    Ok(FingerprintSet::new(&settings.symbol, parts)?)
}

fn check_settings(settings: &LearnSettings) -> Result<(), LearnError> {
    if settings.symbol.is_empty() || !settings.symbol.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(LearnError::Settings("the symbol is not made of letters and digits"));
    }
    if !(1..=1_440).contains(&settings.horizon_minutes) {
        return Err(LearnError::Settings("the longest horizon is not between 1 and 1440 minutes"));
    }
    if settings.half_life <= TimeSpan::ZERO {
        return Err(LearnError::Settings("the half-life is not above zero"));
    }
    if !(settings.prior_strength.is_finite() && settings.prior_strength > 0.0) {
        return Err(LearnError::Settings("the strength of the prior is not above zero"));
    }
    // The other rules for thresholds are those of a grid.
    let columns = settings.thresholds_percent.len();
    Grid::new(vec![1], settings.thresholds_percent.clone(), vec![0.0; columns], vec![0.0; columns])?;
    Ok(())
}

/// One price for each minute from the first to the last, zero where there is none.
fn dense_minutes(history: &[MinuteClose]) -> Result<Vec<f64>, LearnError> {
    let (Some(first), Some(last)) = (history.first(), history.last()) else {
        return Err(LearnError::TooShort { minutes: 0 });
    };
    let span = last.minute() - first.minute() + 1;
    if span > MOST_MINUTES {
        return Err(LearnError::TooLong { minutes: span });
    }
    let mut prices = Vec::new();
    for (index, entry) in history.iter().enumerate() {
        let position =
            usize::try_from(entry.minute() - first.minute()).ok().filter(|position| *position >= prices.len());
        let Some(position) = position.filter(|position| i64::try_from(*position).is_ok_and(|minute| minute < span))
        else {
            return Err(LearnError::OutOfOrder { index, at: entry.at.to_string() });
        };
        if !entry.close.is_positive() {
            return Err(LearnError::PriceNotPositive { index, price: entry.close.to_string() });
        }
        prices.resize(position, 0.0);
        prices.push(entry.close.as_f64());
    }
    Ok(prices)
}

/// The momentum bucket of each minute, by the same rule as live momentum with one price a minute; only where
/// all six moves exist.
fn bucket_at(prices: &[f64], minute: usize) -> Option<MomentumBucket> {
    let price_before = |minutes: i64| {
        let then = minute.checked_sub(usize::try_from(minutes).ok()?)?;
        let tolerated = usize::try_from(MomentumHistory::REFERENCE_AGE_LIMIT.seconds() / 60).ok()?;
        let oldest = then.saturating_sub(tolerated);
        prices[oldest..=then].iter().rev().copied().find(|price| *price > 0.0)
    };
    let mut deltas = [None; 6];
    for (delta, minutes) in deltas.iter_mut().zip(MomentumReading::PERIODS_MINUTES) {
        *delta = Some(move_percent(price_before(minutes)?, prices[minute])?);
    }
    MomentumBucket::from_score_percent(weighted_score(&deltas)?)
}

/// What there is in each bucket, by [`MomentumBucket::position`], and in all together.
fn count(prices: &[f64], settings: &LearnSettings) -> (Vec<Tally>, Tally) {
    let thresholds = Thresholds::new(&settings.thresholds_percent);
    let rows = settings.horizon_minutes as usize;
    let mut whole = Tally::new(rows, settings.thresholds_percent.len());
    let mut tallies = vec![whole.clone(); MomentumBucket::COUNT];
    let half_life_minutes = settings.half_life.as_seconds_f64() / 60.0;
    for (minute, price) in prices.iter().enumerate() {
        let future = &prices[minute + 1..];
        if *price <= 0.0 || future.first().is_none_or(|next| *next <= 0.0) {
            continue;
        }
        let Some(bucket) = bucket_at(prices, minute) else { continue };
        #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^53 minutes")]
        let weight = libm::exp2(-((prices.len() - 1 - minute) as f64) / half_life_minutes);
        let tally = &mut tallies[bucket.position()];
        tally.add_sample(minute, weight);
        whole.add_sample(minute, weight);
        let percent = 100.0 / price;
        for (row, later) in future.iter().take(rows).enumerate() {
            if *later <= 0.0 {
                break;
            }
            let moved = (later - price) * percent;
            tally.add_move(row, moved, thresholds.reached(moved.abs()), weight);
        }
    }
    for tally in &tallies {
        whole.add_moves_of(tally);
    }
    (tallies, whole)
}

#[cfg(test)]
mod tests {
    use rec_domain::{Timestamp, UsdPrice};

    use super::*;
    use crate::{Direction, Support, SyntheticMarket};

    const START: Timestamp = Timestamp::from_seconds(1_790_366_400);

    fn steady(minutes: usize) -> Vec<MinuteClose> {
        let market = SyntheticMarket {
            volatility_spread: 0.0,
            jumps_a_day: 0.0,
            calm_volatility_percent: 0.05,
            ..SyntheticMarket::new(11, START, UsdPrice::from_cents(11_800_000))
        };
        market.history(minutes)
    }

    fn restless(days: usize) -> Vec<MinuteClose> {
        SyntheticMarket::new(4, START, UsdPrice::from_cents(11_800_000)).history(days * 24 * 60)
    }

    fn settings() -> LearnSettings {
        LearnSettings::for_symbol("BTC")
    }

    #[test]
    fn recovers_a_known_process() {
        let set = learn(&steady(90 * 24 * 60), &settings()).expect("learned");
        assert_eq!((set.symbol(), set.buckets().count()), ("btc", 61));
        let zero = MomentumBucket::new(0);
        for (grid, allowed) in
            [(&set.baseline().expect("a baseline").grid, 1.5), (&set.for_bucket(zero).expect("bucket 0").grid, 3.0)]
        {
            for minutes in [1.0, 5.0, 15.0, 60.0] {
                for x in [0.0, 0.05, 0.1, 0.3, 0.6] {
                    let expected = 50.0 * libm::erfc(x / (0.05 * libm::sqrt(2.0 * minutes)));
                    for direction in [Direction::Up, Direction::Down] {
                        let found = grid.beyond_percent(direction, minutes, x);
                        assert!(
                            (found - expected).abs() < allowed,
                            "{direction:?} {minutes} min {x} %: {found}, not {expected}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn ninety_days_are_learned_in_seconds_and_always_the_same() {
        let history = restless(90);
        #[expect(clippy::disallowed_methods, reason = "the promise is about how long it takes")]
        let begun = std::time::Instant::now();
        let first = learn(&history, &settings()).expect("learned");
        let took = begun.elapsed();
        println!("90 days learned in {took:?}");
        assert!(took.as_secs_f64() < 6.0, "{took:?}");
        assert_eq!(first, learn(&history, &settings()).expect("learned"));
    }

    #[test]
    fn a_larger_move_is_never_more_likely_and_a_longer_time_never_less() {
        let set = learn(&restless(60), &settings()).expect("learned");
        for (bucket, fingerprint) in set.buckets() {
            let grid = &fingerprint.grid;
            let columns = grid.thresholds_percent().len();
            for direction in [Direction::Up, Direction::Down] {
                let rows: Vec<&[f64]> = grid.cells(direction).chunks(columns).collect();
                for row in &rows {
                    assert!(row.is_sorted_by(|near, far| near >= far), "{bucket} {direction:?}");
                }
                for pair in rows.windows(2) {
                    assert!(pair[0].iter().zip(pair[1]).all(|(soon, late)| soon <= late), "{bucket} {direction:?}");
                }
            }
        }
    }

    #[test]
    fn large_momentum_means_large_moves() {
        let set = learn(&restless(90), &settings()).expect("learned");
        let beyond = |bucket| {
            let grid = &set.for_bucket(MomentumBucket::new(bucket)).expect("a bucket").grid;
            grid.beyond_percent(Direction::Up, 5.0, 0.2)
        };
        assert!(beyond(20) > beyond(0) + 2.0, "{} {}", beyond(20), beyond(0));
        assert!(beyond(-20) > beyond(0) + 2.0, "{} {}", beyond(-20), beyond(0));
    }

    #[test]
    fn says_how_much_history_is_behind_a_bucket_and_a_bucket_without_any_repeats_its_neighbour() {
        let set = learn(&steady(2_000), &settings()).expect("learned");
        let support = |fingerprint: &Fingerprint| fingerprint.support.expect("learned ones say");
        let whole = support(set.baseline().expect("a baseline"));
        assert_eq!(whole.samples, 2_000 - 30 - 1);
        assert_eq!(
            set.buckets().map(|(_bucket, fingerprint)| support(fingerprint).samples).sum::<u64>(),
            whole.samples
        );
        assert!((30.0..=33.0).contains(&whole.effective_samples), "{whole:?}");
        let of = |bucket| set.for_bucket(MomentumBucket::new(bucket)).expect("a bucket");
        assert_eq!(support(of(30)), Support { samples: 0, effective_samples: 0.0 });
        assert_eq!(of(30).grid, of(29).grid);
        assert_eq!(of(-30).grid, of(-29).grid);
        assert_ne!(of(2).grid, of(-2).grid);
    }

    #[test]
    fn horizons_count_minutes_and_no_sample_spans_a_gap() {
        // 100.00 for 100 minutes, then a gap of 40 minutes, then 200.00 for 10 minutes.
        let at = |minute: i64| START + TimeSpan::from_minutes(minute);
        let quiet = |range: std::ops::Range<i64>, cents| {
            range.map(move |minute| MinuteClose { at: at(minute), close: UsdPrice::from_cents(cents) })
        };
        let history: Vec<_> = quiet(0..100, 10_000).chain(quiet(140..150, 20_000)).collect();
        let set = learn(&history, &settings()).expect("learned");
        let baseline = set.baseline().expect("a baseline");
        assert_eq!(baseline.support.expect("learned").samples, 69, "minutes 30 to 98 have a past and a next minute");
        let largest = baseline.grid.beyond_percent(Direction::Up, 60.0, 2.0);
        assert!(largest.abs() < 1e-12, "the doubling across the gap is no move: {largest}");
        assert!((baseline.grid.beyond_percent(Direction::Down, 1.0, 0.0) - 100.0).abs() < 1e-12);
    }

    #[test]
    fn recent_minutes_weigh_more() {
        // A wild first half, a calm second half.
        let mut history = steady(20_000);
        for entry in &mut history[..10_000] {
            let move_from_start = entry.close.units() - 118_000_000_000;
            entry.close = UsdPrice::from_units(118_000_000_000 + 4 * move_from_start);
        }
        let beyond = |half_life_minutes| {
            let settings = LearnSettings { half_life: TimeSpan::from_minutes(half_life_minutes), ..settings() };
            learn(&history, &settings).expect("learned").baseline().expect("one").grid.beyond_percent(
                Direction::Up,
                1.0,
                0.1,
            )
        };
        assert!(beyond(1_000) < 0.5 * beyond(1_000_000), "{} {}", beyond(1_000), beyond(1_000_000));
    }

    #[test]
    fn refuses_a_history_or_settings_that_make_no_sense() {
        let history = steady(200);
        let error = |history: &[MinuteClose]| learn(history, &settings()).expect_err("refused");
        assert!(matches!(error(&[]), LearnError::TooShort { minutes: 0 }));
        assert!(matches!(error(&history[..90]), LearnError::TooShort { minutes: 90 }));
        assert!(learn(&history[..91], &settings()).is_ok());
        let mut twice = history.clone();
        twice[7] = twice[6];
        assert!(matches!(error(&twice), LearnError::OutOfOrder { index: 7, .. }));
        let mut reversed = history.clone();
        reversed.reverse();
        assert!(matches!(error(&reversed), LearnError::OutOfOrder { .. }));
        let mut free = history.clone();
        free[3].close = UsdPrice::ZERO;
        assert!(matches!(error(&free), LearnError::PriceNotPositive { index: 3, .. }));
        let mut ages = history.clone();
        ages[199].at = START + TimeSpan::from_minutes(100 * 366 * 24 * 60);
        assert!(matches!(error(&ages), LearnError::TooLong { .. }));
        for settings in [
            LearnSettings { symbol: "b/c".to_owned(), ..settings() },
            LearnSettings { horizon_minutes: 0, ..settings() },
            LearnSettings { half_life: TimeSpan::ZERO, ..settings() },
            LearnSettings { prior_strength: 0.0, ..settings() },
            LearnSettings { thresholds_percent: vec![], ..settings() },
            LearnSettings { thresholds_percent: vec![0.1, 0.1], ..settings() },
        ] {
            assert!(learn(&history, &settings).is_err(), "{settings:?}");
        }
    }
}
