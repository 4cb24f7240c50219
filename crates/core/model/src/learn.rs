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

use rec_domain::TimeSpan;
use thiserror::Error;

use crate::{
    Fingerprint, FingerprintError, FingerprintSet, Grid, MinuteClose, MomentumBucket, MomentumHistory, Support,
    momentum::{move_percent, weighted_score},
};
use rec_domain::momentum::MomentumReading;

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
    let mut counts = Counts::new(settings);
    counts.count(&prices, settings);
    let whole = counts.whole();
    // A horizon that no sample reaches would look like a price that never moves.
    if whole.row_weight.iter().any(|weight| *weight <= 0.0) {
        return Err(LearnError::TooShort { minutes: history.len() });
    }
    let baseline = whole.estimate();
    let fingerprint = |tally: &Tally, cells: &Cells| -> Result<Fingerprint, LearnError> {
        let minutes = (1..=settings.horizon_minutes).collect();
        let thresholds = settings.thresholds_percent.clone();
        let columns = tally.columns;
        let finished = |percent: &[f64]| quantised(&ascending_in_time(percent, columns));
        let grid = Grid::new(minutes, thresholds, finished(&cells.up), finished(&cells.down))?;
        Ok(Fingerprint { grid, support: Some(tally.support()) })
    };
    let mut parts = vec![("the baseline".to_owned(), None, fingerprint(&whole, &baseline)?)];
    let zero = MomentumBucket::COUNT / 2;
    let outwards = [zero..MomentumBucket::COUNT, 0..zero];
    let centre = mixed(&counts.tallies[zero], &baseline, settings.prior_strength);
    for (half, descending) in outwards.into_iter().zip([false, true]) {
        let mut inner = centre.clone();
        let positions: Vec<usize> = if descending { half.rev().collect() } else { half.collect() };
        for position in positions {
            let tally = &counts.tallies[position];
            let cells = if position == zero { centre.clone() } else { mixed(tally, &inner, settings.prior_strength) };
            let bucket = MomentumBucket::all().nth(position);
            parts.push((format!("bucket at {position}"), bucket, fingerprint(tally, &cells)?));
            inner = cells;
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

/// Percentages row by row, and whether the row has any sample.
#[derive(Clone)]
struct Cells {
    up: Vec<f64>,
    down: Vec<f64>,
}

/// What was counted for one bucket.
#[derive(Clone)]
struct Tally {
    columns: usize,
    samples: u64,
    weight: f64,
    weight_squared: f64,
    apart: u64,
    last_apart: Option<usize>,
    /// Weight of the samples of each horizon.
    row_weight: Vec<f64>,
    /// Weight of the moves that reached a threshold but not the next one, row by row.
    up: Vec<f64>,
    down: Vec<f64>,
}

impl Tally {
    fn new(rows: usize, columns: usize) -> Self {
        let cells = vec![0.0; rows * columns];
        Self {
            columns,
            samples: 0,
            weight: 0.0,
            weight_squared: 0.0,
            apart: 0,
            last_apart: None,
            row_weight: vec![0.0; rows],
            up: cells.clone(),
            down: cells,
        }
    }

    /// Counts a sample of `minute` for the numbers behind [`Support`].
    fn add_sample(&mut self, minute: usize, weight: f64) {
        self.samples += 1;
        self.weight += weight;
        self.weight_squared += weight * weight;
        if self.last_apart.is_none_or(|last| minute >= last + self.row_weight.len()) {
            self.apart += 1;
            self.last_apart = Some(minute);
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^53 minutes")]
    fn support(&self) -> Support {
        let kish = if self.samples == 0 {
            0.0
        } else {
            self.weight * self.weight / (self.samples as f64 * self.weight_squared)
        };
        Support { samples: self.samples, effective_samples: self.apart as f64 * kish }
    }

    /// The percentages counted; rows without a sample are zero.
    fn estimate(&self) -> Cells {
        let cumulated = |reached: &[f64]| {
            let mut cells = vec![0.0; reached.len()];
            for (row, weight) in self.row_weight.iter().enumerate() {
                if *weight <= 0.0 {
                    continue;
                }
                let mut beyond = 0.0;
                for cell in (row * self.columns..(row + 1) * self.columns).rev() {
                    beyond += reached[cell];
                    cells[cell] = (100.0 * beyond / weight).min(100.0);
                }
            }
            cells
        };
        Cells { up: cumulated(&self.up), down: cumulated(&self.down) }
    }
}

/// The tallies of all buckets, by position from -30.
struct Counts {
    tallies: Vec<Tally>,
    apart_of_whole: Tally,
}

impl Counts {
    fn new(settings: &LearnSettings) -> Self {
        let rows = settings.horizon_minutes as usize;
        let tally = Tally::new(rows, settings.thresholds_percent.len());
        Self { tallies: vec![tally.clone(); MomentumBucket::COUNT], apart_of_whole: tally }
    }

    fn count(&mut self, prices: &[f64], settings: &LearnSettings) {
        let columns = settings.thresholds_percent.len();
        let thresholds = Thresholds::new(&settings.thresholds_percent);
        let rows = settings.horizon_minutes as usize;
        let half_life_minutes = settings.half_life.as_seconds_f64() / 60.0;
        for (minute, price) in prices.iter().enumerate() {
            let future = &prices[minute + 1..];
            if *price <= 0.0 || future.first().is_none_or(|next| *next <= 0.0) {
                continue;
            }
            let Some(bucket) = bucket_at(prices, minute) else { continue };
            #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^53 minutes")]
            let weight = libm::exp2(-((prices.len() - 1 - minute) as f64) / half_life_minutes);
            let position = usize::try_from(bucket.get() - MomentumBucket::MIN).expect("buckets begin at MIN");
            let tally = &mut self.tallies[position];
            tally.add_sample(minute, weight);
            self.apart_of_whole.add_sample(minute, weight);
            let percent = 100.0 / price;
            for (row, later) in future.iter().take(rows).enumerate() {
                if *later <= 0.0 {
                    break;
                }
                tally.row_weight[row] += weight;
                let moved = (later - price) * percent;
                if let Some(column) = thresholds.reached(moved.abs()) {
                    let cell = row * columns + column;
                    if moved >= 0.0 {
                        tally.up[cell] += weight;
                    }
                    if moved <= 0.0 {
                        tally.down[cell] += weight;
                    }
                }
            }
        }
    }

    /// The sum over all buckets.
    fn whole(&self) -> Tally {
        let mut whole = self.apart_of_whole.clone();
        for tally in &self.tallies {
            let pairs = [
                (&mut whole.row_weight, &tally.row_weight),
                (&mut whole.up, &tally.up),
                (&mut whole.down, &tally.down),
            ];
            for (sums, terms) in pairs {
                for (sum, term) in sums.iter_mut().zip(terms) {
                    *sum += term;
                }
            }
        }
        whole
    }
}

/// Finds the highest threshold that a move reaches: a table over hundredths of the smallest step gets close,
/// the thresholds themselves decide.
struct Thresholds<'a> {
    percent: &'a [f64],
    slots_a_percent: f64,
    /// For each slot the number of thresholds at or below its start.
    reached_at_slot: Vec<usize>,
}

impl<'a> Thresholds<'a> {
    const SLOTS: u32 = 4_096;

    fn new(percent: &'a [f64]) -> Self {
        let largest = percent[percent.len() - 1].max(f64::MIN_POSITIVE);
        let slots_a_percent = f64::from(Self::SLOTS) / largest;
        let reached_at_slot = (0..Self::SLOTS)
            .map(|slot| percent.partition_point(|threshold| *threshold <= f64::from(slot) / slots_a_percent))
            .collect();
        Self { percent, slots_a_percent, reached_at_slot }
    }

    fn reached(&self, moved_percent: f64) -> Option<usize> {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the cast saturates, the table limits"
        )]
        let slot = ((moved_percent * self.slots_a_percent) as usize).min(self.reached_at_slot.len() - 1);
        let mut reached = self.reached_at_slot[slot];
        while reached > 0 && self.percent[reached - 1] > moved_percent {
            reached -= 1;
        }
        while reached < self.percent.len() && self.percent[reached] <= moved_percent {
            reached += 1;
        }
        reached.checked_sub(1)
    }
}

/// A bucket's own percentages mixed with those of its inner neighbour.
fn mixed(tally: &Tally, inner: &Cells, prior_strength: f64) -> Cells {
    let effective = tally.support().effective_samples;
    let own = tally.estimate();
    let share = effective / (effective + prior_strength);
    let mix = |own: &[f64], inner: &[f64]| -> Vec<f64> {
        let pairs = own.iter().zip(inner).enumerate();
        pairs
            .map(|(cell, (own, inner))| {
                let has_samples = tally.row_weight[cell / tally.columns] > 0.0;
                if has_samples { inner + share * (own - inner) } else { *inner }
            })
            .collect()
    };
    Cells { up: mix(&own.up, &inner.up), down: mix(&own.down, &inner.down) }
}

/// The nearest percentages (by least squares) that do not fall from one row to the next, column by column.
fn ascending_in_time(percent: &[f64], columns: usize) -> Vec<f64> {
    let mut result = percent.to_vec();
    for column in 0..columns {
        // Means of adjacent rows that were pooled, with the number of rows in each.
        let mut pools: Vec<(f64, usize)> = Vec::new();
        for value in percent.iter().skip(column).step_by(columns) {
            let mut pool = (*value, 1);
            while let Some((before, count)) = pools.pop_if(|(before, _count)| *before > pool.0) {
                let rows = count + pool.1;
                #[expect(clippy::cast_precision_loss, reason = "at most a day of minutes")]
                let mean = (before * count as f64 + pool.0 * pool.1 as f64) / rows as f64;
                pool = (mean, rows);
            }
            pools.push(pool);
        }
        let means = pools.into_iter().flat_map(|(mean, rows)| std::iter::repeat_n(mean, rows));
        for (cell, mean) in result.iter_mut().skip(column).step_by(columns).zip(means) {
            *cell = mean;
        }
    }
    result
}

/// To 1e-4 percent, the resolution of a probability.
fn quantised(percent: &[f64]) -> Vec<f64> {
    percent.iter().map(|value| libm::round(value * 1e4) / 1e4).collect()
}

#[cfg(test)]
mod tests {
    use rec_domain::{Timestamp, UsdPrice};

    use super::*;
    use crate::{Direction, SyntheticMarket};

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
        let begun = std::time::Instant::now();
        let first = learn(&history, &settings()).expect("learned");
        let took = begun.elapsed();
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

    #[test]
    fn rows_that_fall_are_replaced_by_their_mean() {
        let falling = [1.0, 9.0, 4.0, 5.0, 3.0, 7.0, 2.0, 8.0];
        assert_eq!(ascending_in_time(&falling, 2), [1.0, 7.0, 3.0, 7.0, 3.0, 7.0, 3.0, 8.0]);
    }

    #[test]
    fn a_move_reaches_exactly_the_thresholds_at_or_below_it() {
        let percent = settings().thresholds_percent;
        let thresholds = Thresholds::new(&percent);
        for (index, threshold) in percent.iter().enumerate() {
            assert_eq!(thresholds.reached(*threshold), Some(index));
            assert_eq!(thresholds.reached(threshold + 1e-9), Some(index));
        }
        assert_eq!(thresholds.reached(50.0), Some(percent.len() - 1));
        assert_eq!(Thresholds::new(&[0.25, 0.5]).reached(0.2), None);
    }
}
