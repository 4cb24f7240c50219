//! The value that an event settles on.

use std::collections::BTreeMap;

use rec_domain::{TimeSpan, Timestamp, UsdPrice, index::SettlementWindow};
use thiserror::Error;

/// Missing seconds that an error message lists.
const LISTED: usize = 10;

/// Why prints do not settle an event.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SettleError {
    /// A close that is not on a second has no sixty seconds before it.
    #[error("the close {0} is not on a whole second")]
    CloseNotOnASecond(Timestamp),
    /// A second of the window has no print.
    #[error(
        "{count} of the 60 index prints before the close {close_time} are missing: {}; fetch the index history of that minute",
        list(.first, *.count)
    )]
    Missing {
        /// The close.
        close_time: Timestamp,
        /// How many are missing.
        count: usize,
        /// The first of them.
        first: Vec<Timestamp>,
    },
    /// Two prints of one second differ.
    #[error("two index prints stamped {at} differ: {first} and {second}; keep the exchange's")]
    Conflict {
        /// The second.
        at: Timestamp,
        /// The print that came first.
        first: UsdPrice,
        /// The print that came later.
        second: UsdPrice,
    },
    /// The mean is beyond what a price can hold.
    #[error("the prints before the close {0} are too large for a price")]
    OutOfRange(Timestamp),
}

/// The mean of the sixty prints stamped at the whole seconds of [close - 60 s, close), rounded half up to cents.
/// Prints outside the window and between seconds (the index's five a second) are passed over.
///
/// # Errors
/// When a second has no print, or two that differ.
pub fn settlement_value(
    close_time: Timestamp,
    prints: impl IntoIterator<Item = (Timestamp, UsdPrice)>,
) -> Result<UsdPrice, SettleError> {
    if close_time != close_time.floor_second() {
        return Err(SettleError::CloseNotOnASecond(close_time));
    }
    let mut by_second: BTreeMap<Timestamp, UsdPrice> = BTreeMap::new();
    for (at, value) in prints {
        if !SettlementWindow::contains(close_time, at) || at != at.floor_second() {
            continue;
        }
        match by_second.insert(at, value) {
            Some(first) if first != value => return Err(SettleError::Conflict { at, first, second: value }),
            _ => {}
        }
    }
    let seconds =
        (1..=i64::from(SettlementWindow::PRINTS)).rev().map(|before| close_time - TimeSpan::from_seconds(before));
    let missing: Vec<Timestamp> = seconds.filter(|second| !by_second.contains_key(second)).collect();
    if !missing.is_empty() {
        let first = missing.iter().copied().take(LISTED).collect();
        return Err(SettleError::Missing { close_time, count: missing.len(), first });
    }
    let values: Vec<UsdPrice> = by_second.into_values().collect();
    UsdPrice::mean_half_up_to_cents(&values).ok_or(SettleError::OutOfRange(close_time))
}

fn list(first: &[Timestamp], count: usize) -> String {
    let mut text = first.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    if count > first.len() {
        text.push_str(&format!(" and {} more", count - first.len()));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLOSE: Timestamp = Timestamp::from_seconds(1_790_366_400);

    fn second(before_close: i64) -> Timestamp {
        CLOSE - TimeSpan::from_seconds(before_close)
    }

    fn prints() -> Vec<(Timestamp, UsdPrice)> {
        (1..=60).rev().map(|before| (second(before), UsdPrice::from_cents(8_400_000 + before))).collect()
    }

    #[test]
    fn takes_the_sixty_before_the_close_and_nothing_else() {
        let mut prints = prints();
        // Mean of 1 to 60 is 30.5 cents, half up.
        assert_eq!(settlement_value(CLOSE, prints.clone()), Ok(UsdPrice::from_cents(8_400_031)));
        prints.insert(0, (second(61), UsdPrice::from_cents(1)));
        prints.push((second(0), UsdPrice::from_cents(1)));
        prints.push((second(30) + TimeSpan::from_millis(200), UsdPrice::from_cents(1)));
        prints.push(prints[20]);
        prints.reverse();
        assert_eq!(settlement_value(CLOSE, prints), Ok(UsdPrice::from_cents(8_400_031)));
    }

    #[test]
    fn names_the_prints_that_are_missing() {
        let mut prints = prints();
        prints.remove(10);
        let error = settlement_value(CLOSE, prints.clone()).expect_err("one missing");
        assert_eq!(error, SettleError::Missing { close_time: CLOSE, count: 1, first: vec![second(50)] });
        assert!(error.to_string().contains("2026-09-25T19:59:10Z"), "{error}");
        let none = settlement_value(CLOSE, []).expect_err("all missing").to_string();
        assert!(none.contains("60 of the 60") && none.contains("and 50 more"), "{none}");
        prints.push((second(3), UsdPrice::from_cents(1)));
        assert!(matches!(settlement_value(CLOSE, prints), Err(SettleError::Conflict { .. })));
        let half = CLOSE + TimeSpan::from_millis(500);
        assert_eq!(settlement_value(half, []), Err(SettleError::CloseNotOnASecond(half)));
    }
}
