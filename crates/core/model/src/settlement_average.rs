//! The chance of a strike when the event settles on an average of sixty prints.
//!
//! An event settles on the mean of the prints stamped at the sixty seconds before the close T: T-60 to T-1.
//! Two things follow that the plain chance does not know.
//!
//! **Known prints.** With k prints known at mean m, the mean is at or above K exactly when the mean of the
//! other n = 60 - k is at or above `K' = (60 K - k m) / n`. So the question is asked of K'.
//!
//! **An average moves less than a price.** Let the price have variance s² a second, and let n prints be due, one
//! a second, the first in a seconds (a = time to close - n, since the last one is stamped T-1). The covariance of the
//! prints i and j is s²·(a + min(i, j)), hence the variance of their mean is
//! `s²·(a + (n-1)(2n-1)/(6n))`, which for a window of w seconds that begins in a seconds is close to s²·(a + w/3).
//! The average behaves like the price at that many seconds from now, its *equivalent time*; a full window
//! that has not begun is worth about 40 s less than the time to close.
//!
//! Fingerprints begin at one minute. For a shorter equivalent time t the move is stretched by √(60/t) and read
//! from the first row: a move of x in t is as likely as one of x·√(60/t) in a minute.

use rec_domain::{Probability, Side, UsdPrice, index::SettlementWindow};

use crate::{FingerprintSet, ProbabilityError, StrikeProbability, StrikeQuestion, probability::favoured_side};

/// What an outcome that is not decided keeps at least: nothing that can still happen is impossible.
const LEAST_CHANCE: f64 = 1e-6;

/// Half a cent: the mean is rounded half up to cents before it is compared, so it wins from half a cent below on.
const HALF_CENT: f64 = 0.005;

/// The chance that the settlement value is at or above the strike, given the prints of the last minute known
/// so far. Prefer the index over a spot price as `question.price` in the last minutes: the index settles.
///
/// A decided outcome has the chance 0 or 1, any other stays within 1e-6 of them. `favoured` is the side that
/// wins if the price stays where it is, which late in the window can differ from the side of the strike that the
/// price is on.
///
/// # Errors
/// As [`crate::plain_probability`], and when `window` contradicts itself.
pub fn probability_with_settlement(
    set: &FingerprintSet,
    question: &StrikeQuestion,
    window: &SettlementWindow,
) -> Result<StrikeProbability, ProbabilityError> {
    question.check()?;
    let known_mean = match (window.known, window.mean) {
        (0, None) => 0.0,
        (1..=SettlementWindow::PRINTS, Some(mean)) if mean.is_positive() => mean.as_f64(),
        (known, mean) => {
            let mean = mean.map_or_else(|| "no mean".to_owned(), |mean| format!("a mean of {mean}"));
            return Err(ProbabilityError::Window { known, mean });
        }
    };
    if let (SettlementWindow::PRINTS, Some(mean)) = (window.known, window.mean) {
        return Ok(decided(mean, question.strike));
    }
    let all = f64::from(SettlementWindow::PRINTS);
    let known = f64::from(window.known);
    let due = all - known;
    let needed = (all * (question.strike.as_f64() - HALF_CENT) - known * known_mean) / due;
    if needed <= 0.0 {
        // Prices are positive: the prints that are known suffice.
        return Ok(StrikeProbability::of_favoured(Side::Yes, certain()));
    }
    let grid = &set.for_bucket(question.bucket).ok_or(ProbabilityError::NoBaseline)?.grid;
    let (favoured, direction, move_percent) = favoured_side(question.price.as_f64(), needed);
    let equivalent_seconds = equivalent_seconds(question.time_to_close.as_seconds_f64(), due);
    let first_row_seconds = 60.0 * grid.horizon_minutes().0;
    let beyond_percent = if equivalent_seconds >= first_row_seconds {
        grid.beyond_percent(direction, equivalent_seconds / 60.0, move_percent)
    } else if equivalent_seconds > 0.0 {
        let stretched = move_percent * libm::sqrt(first_row_seconds / equivalent_seconds);
        grid.beyond_percent(direction, first_row_seconds / 60.0, stretched)
    } else {
        0.0
    };
    let within = (1.0 - beyond_percent / 100.0).clamp(LEAST_CHANCE, 1.0 - LEAST_CHANCE);
    let within = Probability::new(within).ok_or_else(|| ProbabilityError::NotAProbability(within.to_string()))?;
    Ok(StrikeProbability::of_favoured(favoured, within))
}

/// After how many seconds the price itself varies as much as the mean of the `due` last prints before the close.
/// Prints that are overdue (their second has passed, they have not come) count as still to come.
fn equivalent_seconds(seconds_to_close: f64, due: f64) -> f64 {
    let until_first = (seconds_to_close - due).max(0.0);
    until_first + (due - 1.0) * (2.0 * due - 1.0) / (6.0 * due)
}

fn decided(mean: UsdPrice, strike: UsdPrice) -> StrikeProbability {
    let settles_at = UsdPrice::mean_half_up_to_cents(&[mean]);
    let winner = if settles_at >= Some(strike) { Side::Yes } else { Side::No };
    StrikeProbability::of_favoured(winner, certain())
}

fn certain() -> Probability {
    Probability::new(1.0).expect("one is a probability")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rec_domain::Timestamp;

    use super::*;
    use crate::{Fingerprint, Grid, plain_probability, probability::tests::question};

    /// Normal moves of 0.06 % in a minute, without drift.
    fn diffusion() -> FingerprintSet {
        let thresholds: Vec<f64> = (0..=200).map(|step| f64::from(step) / 100.0).collect();
        let minutes: Vec<u32> = (1..=60).collect();
        let tail = |minute: &u32, x: &f64| 50.0 * libm::erfc(x / (0.06 * libm::sqrt(2.0 * f64::from(*minute))));
        let cells: Vec<f64> =
            minutes.iter().flat_map(|minute| thresholds.iter().map(move |x| tail(minute, x))).collect();
        let grid = Grid::new(minutes, thresholds, cells.clone(), cells).expect("valid");
        FingerprintSet::new("btc", [("baseline".to_owned(), None, Fingerprint { grid, support: None })]).expect("a set")
    }

    fn window(known: u32, mean_dollars: i64) -> SettlementWindow {
        let mean = (known > 0).then(|| UsdPrice::from_cents(100 * mean_dollars));
        SettlementWindow { close_time: Timestamp::from_seconds(1_790_366_400), known, mean }
    }

    fn ask(price: i64, strike: i64, seconds: i64, known: u32, mean: i64) -> StrikeProbability {
        probability_with_settlement(&diffusion(), &question(price, strike, seconds), &window(known, mean))
            .expect("a chance")
    }

    #[test]
    fn the_variance_of_an_average_is_that_of_a_third_of_its_length() {
        assert!((equivalent_seconds(100.0, 60.0) - (40.0 + 20.0 - 0.5)).abs() < 0.01);
        assert!((equivalent_seconds(1.0, 1.0)).abs() < 1e-12, "the print that is due now is the price");
        assert!((equivalent_seconds(10.0, 2.0) - 8.25).abs() < 1e-12, "two prints a second apart: 8 + 1/4");
    }

    #[test]
    fn a_decided_outcome_has_no_doubt_left() {
        for (mean, yes) in [(100_000, 1.0), (100_001, 1.0), (99_999, 0.0)] {
            let answer = ask(100_000, 100_000, 0, 60, mean);
            assert_eq!(answer.yes.get().to_string(), yes.to_string(), "{mean}");
            assert_eq!(answer.within.get().to_string(), "1");
        }
        let half_cent_below = SettlementWindow { mean: Some(UsdPrice::from_units(99_999_995_000)), ..window(60, 1) };
        let answer =
            probability_with_settlement(&diffusion(), &question(1, 100_000, 0), &half_cent_below).expect("decided");
        assert_eq!(answer.favoured, Side::Yes, "99,999.995 rounds half up to 100,000.00");
        assert_eq!(ask(1, 1_000, 1, 59, 100_000).yes.get().to_string(), "1", "59 high prints suffice");
    }

    #[test]
    fn what_is_not_decided_keeps_a_doubt() {
        let far = ask(100_000, 99_000, 1, 59, 100_000);
        assert_eq!((far.favoured, far.within.get().to_string()), (Side::Yes, "0.999999".to_owned()));
        let far = ask(100_000, 101_000, 30, 30, 100_000);
        assert_eq!((far.favoured, far.yes.get().to_string()), (Side::No, "0.000001".to_owned()));
    }

    #[test]
    fn known_prints_move_the_strike_that_the_rest_must_reach() {
        // 30 prints at 100,050: the rest may average 99,950 and still settle at 100,000.
        let answer = ask(99_970, 100_000, 30, 30, 100_050);
        assert_eq!(answer.favoured, Side::Yes, "the price is below the strike, YES leads all the same");
        assert!(answer.yes.get() > 0.5, "{answer:?}");
    }

    #[test]
    fn agrees_with_a_simulated_settlement() {
        use crate::CounterRng;
        let per_second = 100_000.0 * 0.06 / 100.0 / libm::sqrt(60.0);
        for (seconds, strike, known) in
            [(300_u32, 100_080, 0_u32), (90, 99_960, 0), (60, 100_020, 0), (30, 100_010, 30), (10, 99_998, 50)]
        {
            let mut rng = CounterRng::new(7, u64::from(seconds));
            let mut wins = 0_u32;
            let runs = 20_000_u32;
            for _ in 0..runs {
                let (mut price, mut sum) = (100_000.0, 100_000.0 * f64::from(known));
                // Stamps T-60 … T-1; second 0 from now is the price itself.
                for second in 0..seconds {
                    if second > 0 {
                        price += per_second * rng.normal();
                    }
                    if seconds - second <= 60 - known {
                        sum += price;
                    }
                }
                wins += u32::from(sum / 60.0 >= f64::from(strike));
            }
            let simulated = f64::from(wins) / f64::from(runs);
            let stated = ask(100_000, i64::from(strike), i64::from(seconds), known, 100_000).yes.get();
            assert!((simulated - stated).abs() < 0.02, "{seconds} s, strike {strike}: {simulated} against {stated}");
        }
    }

    #[test]
    fn far_from_the_close_the_average_hardly_matters() {
        for strike in [99_800, 100_000, 100_300] {
            let asked = question(100_000, strike, 3_000);
            let plain = plain_probability(&diffusion(), &asked).expect("a chance");
            let refined = ask(100_000, strike, 3_000, 0, 0);
            assert!((plain.yes.get() - refined.yes.get()).abs() < 0.006, "{strike}: {plain:?} {refined:?}");
        }
    }

    #[test]
    fn a_window_that_contradicts_itself_is_an_error() {
        let set = diffusion();
        for wrong in [
            window(61, 100_000),
            SettlementWindow { mean: None, ..window(5, 1) },
            SettlementWindow { known: 0, ..window(5, 1) },
            SettlementWindow { mean: Some(UsdPrice::ZERO), ..window(5, 1) },
        ] {
            let answer = probability_with_settlement(&set, &question(100_000, 100_000, 30), &wrong);
            assert!(matches!(answer, Err(ProbabilityError::Window { .. })), "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn more_certain_as_time_runs_out(strike in 99_500_i64..100_500, later in 0_i64..120, earlier in 1_i64..120) {
            let known = |seconds: i64| u32::try_from((60 - seconds).clamp(0, 59)).expect("in range");
            let (soon, late) = (later.max(1), later.max(1) + earlier);
            let at = |seconds| ask(100_000, strike, seconds, known(seconds), 100_000).within.get();
            prop_assert!(at(soon) >= at(late) - 1e-6, "{} {}", at(soon), at(late));
        }

        #[test]
        fn a_higher_strike_is_never_more_likely(strike in 99_000_i64..101_000, higher in 1_i64..500, seconds in 0_i64..200, known in 0_u32..60) {
            prop_assert!(ask(100_000, strike + higher, seconds, known, 100_000).yes <= ask(100_000, strike, seconds, known, 100_000).yes);
        }
    }
}
