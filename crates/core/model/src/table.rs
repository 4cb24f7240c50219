//! The chances of the strikes around the price.

use rec_domain::{Side, TimeSpan, UsdPrice};
use serde::{Serialize, Serializer};
use thiserror::Error;

use crate::{FingerprintSet, MomentumBucket, ProbabilityError, StrikeQuestion, plain_probability};

/// Rows that one table may have.
const MOST_ROWS: usize = 10_000;

/// One row of `rec model table`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct StrikeRow {
    /// The strike; in JSON a number of dollars.
    #[serde(serialize_with = "as_number")]
    pub strike: UsdPrice,
    /// The favoured side.
    pub side: Side,
    /// The chance of the favoured side in percent, with four decimals.
    pub probability: f64,
}

/// Why there is no table.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TableError {
    /// Strikes must be apart.
    #[error("strikes cannot be {0} apart; give a step above zero")]
    Step(UsdPrice),
    /// Too many rows, or none.
    #[error("a strike table has 1 to {MOST_ROWS} rows, not {0}")]
    Count(usize),
    /// Strikes beyond what a price can hold.
    #[error("strikes {step} apart around {price} are beyond every price; give a smaller step or fewer rows")]
    OutOfRange {
        /// The price.
        price: UsdPrice,
        /// The step.
        step: UsdPrice,
    },
    /// No chance for a strike.
    #[error(transparent)]
    Probability(#[from] ProbabilityError),
}

/// The plain chances of the `count` strikes nearest to the price that are positive multiples of `step`, ascending.
///
/// # Errors
/// When step or count make no table, or a chance cannot be stated.
pub fn strike_table_rows(
    price: UsdPrice,
    time_to_close: TimeSpan,
    bucket: Option<MomentumBucket>,
    step: UsdPrice,
    count: usize,
    set: &FingerprintSet,
) -> Result<Vec<StrikeRow>, TableError> {
    if !price.is_positive() {
        return Err(ProbabilityError::PriceNotPositive(price).into());
    }
    nearest_strikes(price, step, count)?
        .into_iter()
        .map(|strike| {
            let chance = plain_probability(set, &StrikeQuestion { price, strike, time_to_close, bucket })?;
            Ok(StrikeRow { strike, side: chance.favoured, probability: chance.within.percent() })
        })
        .collect()
}

/// The `count` positive multiples of `step` nearest to `price`, ascending; of two equally near the lower one.
///
/// # Errors
/// When step or count make no table.
pub fn nearest_strikes(price: UsdPrice, step: UsdPrice, count: usize) -> Result<Vec<UsdPrice>, TableError> {
    if !step.is_positive() {
        return Err(TableError::Step(step));
    }
    if !(1..=MOST_ROWS).contains(&count) {
        return Err(TableError::Count(count));
    }
    let out_of_range = TableError::OutOfRange { price, step };
    let (price, step) = (i128::from(price.units()), i128::from(step.units()));
    let (mut below, mut above) = (price.div_euclid(step), price.div_euclid(step) + 1);
    let mut multiples = Vec::with_capacity(count);
    while multiples.len() < count {
        if below > 0 && price - below * step <= above * step - price {
            multiples.push(below);
            below -= 1;
        } else {
            multiples.push(above.max(1));
            above = above.max(1) + 1;
        }
    }
    multiples.sort_unstable();
    let strike = |multiple: i128| i64::try_from(multiple * step).ok().map(UsdPrice::from_units);
    multiples.into_iter().map(strike).collect::<Option<_>>().ok_or(out_of_range)
}

/// Whole dollars as an integer, others with their decimals.
fn as_number<S: Serializer>(price: &UsdPrice, serializer: S) -> Result<S::Ok, S::Error> {
    let units_a_dollar = 10_i64.pow(UsdPrice::SCALE);
    if price.units() % units_a_dollar == 0 {
        serializer.serialize_i64(price.units() / units_a_dollar)
    } else {
        serializer.serialize_f64(price.as_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probability::tests::lopsided;

    fn strikes(price: &str, step: &str, count: usize) -> Vec<String> {
        let strikes = nearest_strikes(price.parse().expect("a price"), step.parse().expect("a step"), count);
        strikes.expect("strikes").iter().map(ToString::to_string).collect()
    }

    #[test]
    fn takes_the_nearest_multiples_in_ascending_order() {
        assert_eq!(strikes("118082.01", "250", 3), ["117750.00", "118000.00", "118250.00"]);
        assert_eq!(strikes("125", "250", 2), ["250.00", "500.00"], "a strike is above zero");
        assert_eq!(strikes("375", "250", 1), ["250.00"], "of two equally near the lower");
        assert_eq!(strikes("2.5", "0.05", 3), ["2.45", "2.50", "2.55"]);
        let all = strikes("118082.01", "250", 21);
        assert_eq!((all.len(), all[0].as_str(), all[20].as_str()), (21, "115500.00", "120500.00"));
    }

    #[test]
    fn names_the_favoured_side_and_its_percentage() {
        let price = UsdPrice::from_cents(10_000_000);
        let step = UsdPrice::from_cents(50_000);
        let rows = strike_table_rows(price, TimeSpan::from_minutes(60), None, step, 3, &lopsided()).expect("rows");
        let json = serde_json::to_string(&rows).expect("json");
        assert_eq!(
            json,
            r#"[{"strike":99500,"side":"yes","probability":80.0},{"strike":100000,"side":"yes","probability":60.0},{"strike":100500,"side":"no","probability":60.0}]"#
        );
    }

    #[test]
    fn refuses_a_table_that_cannot_be() {
        let price = UsdPrice::from_cents(10_000_000);
        let rows = |price, step, count| {
            strike_table_rows(price, TimeSpan::from_minutes(60), None, UsdPrice::from_cents(step), count, &lopsided())
        };
        assert!(matches!(rows(price, 0, 21), Err(TableError::Step(_))));
        assert!(matches!(rows(price, -5, 21), Err(TableError::Step(_))));
        assert!(matches!(rows(price, i64::MAX / 10_000, 3), Err(TableError::OutOfRange { .. })));
        assert!(matches!(rows(price, 100, 0), Err(TableError::Count(0))));
        assert!(matches!(rows(price, 100, 10_001), Err(TableError::Count(_))));
        assert!(matches!(rows(UsdPrice::ZERO, 100, 3), Err(TableError::Probability(_))));
    }
}
