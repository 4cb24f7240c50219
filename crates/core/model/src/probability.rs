//! The chance of a strike by the fingerprint of the present momentum.
//!
//! A strike above the price is reached by an upward move and favours NO; one at or below the price is lost
//! by a downward move and favours YES. The chance stated is that of the favoured side: that the price is
//! still on its present side of the strike at the close.

use rec_domain::{Probability, Side, TimeSpan, UsdPrice};
use serde::Serialize;
use thiserror::Error;

use crate::{Direction, FingerprintSet, MomentumBucket};

/// What is asked about one strike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StrikeQuestion {
    /// The price of the underlying now.
    pub price: UsdPrice,
    /// The lowest settlement value that pays YES (`StrikeRule::nominal_above`), as 118,000.00.
    pub strike: UsdPrice,
    /// Time until the close.
    pub time_to_close: TimeSpan,
    /// The momentum bucket; `None` when momentum is unknown, which takes the baseline.
    pub bucket: Option<MomentumBucket>,
}

/// The chance of one strike.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct StrikeProbability {
    /// The side that wins if the price stays on its side of the strike.
    pub favoured: Side,
    /// The chance of the favoured side.
    pub within: Probability,
    /// The chance of YES.
    pub yes: Probability,
}

impl StrikeProbability {
    /// From the favoured side and its chance.
    #[must_use]
    pub fn of_favoured(favoured: Side, within: Probability) -> Self {
        let yes = if favoured == Side::Yes { within } else { within.complement() };
        Self { favoured, within, yes }
    }
}

/// Why there is no chance to state. Never replaced by a number.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ProbabilityError {
    /// The price is not positive.
    #[error("{0} is no price of an underlying; no chance is stated until the feed gives one")]
    PriceNotPositive(UsdPrice),
    /// The strike is not positive.
    #[error("{0} is no strike; check the market's strike rule")]
    StrikeNotPositive(UsdPrice),
    /// The close has passed.
    #[error("the close passed {0} ago; no chance is stated after it")]
    Closed(TimeSpan),
    /// Momentum is unknown and the set has no baseline.
    #[error("momentum is unknown and the fingerprint set has no baseline; add the baseline file or wait for momentum")]
    NoBaseline,
    /// What is known of the settlement window contradicts itself.
    #[error("{known} prints known with {mean}; a settlement window has at most 60 and a positive mean once it has one")]
    Window {
        /// Prints said to be known.
        known: u32,
        /// Their mean in words.
        mean: String,
    },
    /// A cell of the grid gave no probability.
    #[error("the fingerprint gave {0} percent, which is no probability; replace the set")]
    NotAProbability(String),
}

impl StrikeQuestion {
    /// # Errors
    /// When a price is not positive or the close has passed.
    pub(crate) fn check(&self) -> Result<(), ProbabilityError> {
        if !self.price.is_positive() {
            return Err(ProbabilityError::PriceNotPositive(self.price));
        }
        if !self.strike.is_positive() {
            return Err(ProbabilityError::StrikeNotPositive(self.strike));
        }
        if self.time_to_close < TimeSpan::ZERO {
            return Err(ProbabilityError::Closed(TimeSpan::ZERO - self.time_to_close));
        }
        Ok(())
    }
}

/// The side favoured when the price is `price` and YES needs `strike`, the direction that would change it, and
/// how far the price is from there, in percent of the price.
pub(crate) fn favoured_side(price: f64, strike: f64) -> (Side, Direction, f64) {
    let move_percent = 100.0 * (price - strike).abs() / price;
    if strike > price { (Side::No, Direction::Up, move_percent) } else { (Side::Yes, Direction::Down, move_percent) }
}

/// The chance by the fingerprint alone: the price at the close against the strike, time and move limited to
/// the grid (so at least its first row, one minute), bilinear in between. This is the form that the
/// predecessor's recorded tables have; [`crate::probability_with_settlement`] knows about the last minute.
///
/// # Errors
/// When a price is not positive, the close has passed, or momentum is unknown and there is no baseline.
pub fn plain_probability(
    set: &FingerprintSet,
    question: &StrikeQuestion,
) -> Result<StrikeProbability, ProbabilityError> {
    question.check()?;
    let grid = &set.for_bucket(question.bucket).ok_or(ProbabilityError::NoBaseline)?.grid;
    let (favoured, direction, move_percent) = favoured_side(question.price.as_f64(), question.strike.as_f64());
    let minutes = question.time_to_close.as_seconds_f64() / 60.0;
    let within_percent = 100.0 - grid.beyond_percent(direction, minutes, move_percent);
    let within = Probability::from_percent(within_percent)
        .ok_or_else(|| ProbabilityError::NotAProbability(within_percent.to_string()))?;
    Ok(StrikeProbability::of_favoured(favoured, within))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::{Fingerprint, Grid};

    /// Up moves twice as likely as down moves, so that swapped tails show.
    pub(crate) fn lopsided() -> FingerprintSet {
        let up = vec![40.0, 20.0, 0.0, 60.0, 40.0, 10.0];
        let down = vec![30.0, 10.0, 0.0, 40.0, 20.0, 5.0];
        let grid = Grid::new(vec![1, 60], vec![0.0, 0.5, 2.0], up, down).expect("valid");
        FingerprintSet::new("btc", [("baseline".to_owned(), None, Fingerprint { grid, support: None })]).expect("a set")
    }

    pub(crate) fn question(price: i64, strike: i64, seconds: i64) -> StrikeQuestion {
        StrikeQuestion {
            price: UsdPrice::from_cents(price * 100),
            strike: UsdPrice::from_cents(strike * 100),
            time_to_close: TimeSpan::from_seconds(seconds),
            bucket: None,
        }
    }

    #[test]
    fn a_strike_above_is_reached_by_the_up_tail_and_one_below_is_lost_by_the_down_tail() {
        let set = lopsided();
        for (strike, seconds, favoured, within, yes) in [
            (100_500, 3_600, Side::No, 60.0, 40.0),
            (99_500, 3_600, Side::Yes, 80.0, 80.0),
            (100_000, 3_600, Side::Yes, 60.0, 60.0),
            (100_500, 60, Side::No, 80.0, 20.0),
            (99_500, 10, Side::Yes, 90.0, 90.0),
            (99_500, 7_200, Side::Yes, 80.0, 80.0),
            (150_000, 3_600, Side::No, 90.0, 10.0),
        ] {
            let answer = plain_probability(&set, &question(100_000, strike, seconds)).expect("a chance");
            let found = (answer.favoured, answer.within.percent(), answer.yes.percent());
            assert_eq!(found, (favoured, within, yes), "strike {strike}, {seconds} s");
        }
    }

    #[test]
    fn what_cannot_be_known_is_an_error_and_never_one_half() {
        let set = lopsided();
        let error =
            |price, strike, seconds| plain_probability(&set, &question(price, strike, seconds)).expect_err("none");
        assert!(matches!(error(0, 100_000, 60), ProbabilityError::PriceNotPositive(_)));
        assert!(matches!(error(-5, 100_000, 60), ProbabilityError::PriceNotPositive(_)));
        assert!(matches!(error(100_000, 0, 60), ProbabilityError::StrikeNotPositive(_)));
        assert!(matches!(error(100_000, 100_000, -1), ProbabilityError::Closed(_)));
        let fingerprint = set.baseline().expect("one").clone();
        let only_bucket =
            FingerprintSet::new("btc", [(String::new(), MomentumBucket::new(3), fingerprint)]).expect("a set");
        let unknown = plain_probability(&only_bucket, &question(100_000, 100_500, 60));
        assert_eq!(unknown, Err(ProbabilityError::NoBaseline));
    }
}
