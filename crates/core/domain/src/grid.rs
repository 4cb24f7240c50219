//! The prices at which a market takes orders.

use serde::{Deserialize, Serialize};

use crate::Price;

/// Prices from `start` to `end` in steps of `step`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceRange {
    /// Lowest price of the range.
    pub start: Price,
    /// Highest price of the range.
    pub end: Price,
    /// Distance between two prices.
    pub step: Price,
}

/// The orderable prices of a market. A boundary belongs to both ranges; zero and one dollar are not orderable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceGrid(Vec<PriceRange>);

impl PriceGrid {
    /// `None` unless there is a range, every step is positive, and every range lies within [0, 1] dollar in order.
    #[must_use]
    pub fn new(ranges: Vec<PriceRange>) -> Option<Self> {
        let sound = |range: &PriceRange| {
            range.step.is_positive() && range.start.is_valid() && range.end.is_valid() && range.start < range.end
        };
        let ordered = ranges.windows(2).all(|pair| pair[0].end <= pair[1].start);
        (!ranges.is_empty() && ordered && ranges.iter().all(sound)).then_some(Self(ranges))
    }

    /// Whole cents from 1 to 99: the exchange's `linear_cent`.
    #[must_use]
    pub fn linear_cent() -> Self {
        Self(vec![PriceRange { start: Price::ZERO, end: Price::ONE, step: Price::from_cents(1) }])
    }

    /// The ranges in ascending order.
    #[must_use]
    pub fn ranges(&self) -> &[PriceRange] {
        &self.0
    }

    /// Whether an order at `price` is on the grid.
    #[must_use]
    pub fn contains(&self, price: Price) -> bool {
        self.round_down(price) == Some(price)
    }

    /// The highest orderable price that is not above `price`.
    #[must_use]
    pub fn round_down(&self, price: Price) -> Option<Price> {
        self.0.iter().rev().filter(|range| range.start <= price).find_map(|range| {
            let capped = price.min(range.end).min(Price::from_units(Price::ONE.units() - 1));
            let steps = (capped.units() - range.start.units()).div_euclid(range.step.units());
            let rounded = Price::from_units(range.start.units() + steps * range.step.units());
            (rounded.is_positive() && rounded <= price).then_some(rounded)
        })
    }

    /// The lowest orderable price that is not below `price`.
    #[must_use]
    pub fn round_up(&self, price: Price) -> Option<Price> {
        self.0.iter().filter(|range| range.end >= price).find_map(|range| {
            let floor = price.max(range.start).max(Price::from_units(1));
            let offset = floor.units() - range.start.units();
            let steps = offset.div_euclid(range.step.units()) + i64::from(offset.rem_euclid(range.step.units()) != 0);
            let rounded = Price::from_units(range.start.units() + steps * range.step.units());
            (rounded <= range.end && rounded < Price::ONE).then_some(rounded)
        })
    }

    /// The lowest orderable price.
    #[must_use]
    pub fn lowest(&self) -> Option<Price> {
        self.round_up(Price::ZERO)
    }

    /// The highest orderable price.
    #[must_use]
    pub fn highest(&self) -> Option<Price> {
        self.round_down(Price::ONE)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tapered() -> PriceGrid {
        let range = |start: i64, end: i64, step: i64| PriceRange {
            start: Price::from_units(start),
            end: Price::from_units(end),
            step: Price::from_units(step),
        };
        PriceGrid::new(vec![range(0, 1_000, 10), range(1_000, 9_000, 100), range(9_000, 10_000, 10)]).expect("grid")
    }

    #[test]
    fn a_bid_rounds_down_and_an_ask_up() {
        let grid = PriceGrid::linear_cent();
        assert_eq!(grid.round_down(Price::from_units(9_650)), Some(Price::from_units(9_600)));
        assert_eq!(grid.round_up(Price::from_units(9_650)), Some(Price::from_units(9_700)));
        assert_eq!(grid.lowest(), Some(Price::from_cents(1)));
        assert_eq!(grid.highest(), Some(Price::from_cents(99)));
        assert_eq!(grid.round_down(Price::from_units(50)), None);
        assert_eq!(grid.round_up(Price::from_units(9_950)), None);
    }

    #[test]
    fn the_finer_edges_of_a_tapered_grid() {
        let grid = tapered();
        assert_eq!(grid.round_down(Price::from_units(9_057)), Some(Price::from_units(9_050)));
        assert_eq!(grid.round_up(Price::from_units(8_950)), Some(Price::from_units(9_000)));
        assert_eq!(grid.round_down(Price::from_units(1_050)), Some(Price::from_units(1_000)));
        assert_eq!(grid.highest(), Some(Price::from_units(9_990)));
        assert!(grid.contains(Price::from_units(1_000)));
        assert!(!grid.contains(Price::from_units(1_010)));
    }

    #[test]
    fn a_broken_grid_is_no_grid() {
        assert!(PriceGrid::new(vec![]).is_none());
        let zero_step = PriceRange { start: Price::ZERO, end: Price::ONE, step: Price::ZERO };
        assert!(PriceGrid::new(vec![zero_step]).is_none());
    }

    proptest! {
        #[test]
        fn rounding_never_crosses_the_price(units in 0_i64..=10_000) {
            let price = Price::from_units(units);
            for grid in [PriceGrid::linear_cent(), tapered()] {
                if let Some(down) = grid.round_down(price) {
                    prop_assert!(down <= price && grid.contains(down));
                }
                if let Some(up) = grid.round_up(price) {
                    prop_assert!(up >= price && grid.contains(up));
                }
            }
        }
    }
}
