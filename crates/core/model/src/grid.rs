//! How often the price moved at least so far in so many minutes: two tables over horizon and threshold.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Which way the price moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// To or above the threshold.
    Up,
    /// To or below minus the threshold.
    Down,
}

impl Direction {
    /// Lower-case name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
        }
    }
}

/// Why numbers do not make a grid.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum GridError {
    /// No rows or no columns.
    #[error("a fingerprint needs at least one row of minutes and one threshold")]
    Empty,
    /// The horizons are not ascending whole minutes from 1 on.
    #[error("the minutes of a fingerprint must ascend from 1 or more; row {row} has {minute} minutes")]
    Minutes {
        /// The row, counted from 1.
        row: usize,
        /// Its horizon.
        minute: u32,
    },
    /// The thresholds are not ascending percentages.
    #[error("the thresholds of a fingerprint must be finite, not negative and ascending; number {position} is {text}")]
    Thresholds {
        /// The position, counted from 1.
        position: usize,
        /// The threshold as text.
        text: String,
    },
    /// The number of cells is not rows times columns.
    #[error("{direction} has {cells} cells where rows and thresholds ask for {wanted}")]
    Cells {
        /// `up` or `down`.
        direction: &'static str,
        /// Cells given.
        cells: usize,
        /// Cells needed.
        wanted: usize,
    },
    /// A cell is no percentage.
    #[error("{text} in cell {cell} of {direction} is not a percentage between 0 and 100")]
    Percentage {
        /// `up` or `down`.
        direction: &'static str,
        /// The cell, row by row, counted from 1.
        cell: usize,
        /// The value as text.
        text: String,
    },
}

/// Percentages over horizon (rows, minutes) and threshold (columns, percent of the price), for each direction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Grid {
    minutes: Vec<u32>,
    thresholds_percent: Vec<f64>,
    up_percent: Vec<f64>,
    down_percent: Vec<f64>,
}

impl Grid {
    /// From ascending horizons and thresholds and the cells row by row.
    ///
    /// # Errors
    /// When the axes do not ascend, the counts do not fit, or a cell is no percentage.
    pub fn new(
        minutes: Vec<u32>,
        thresholds_percent: Vec<f64>,
        up_percent: Vec<f64>,
        down_percent: Vec<f64>,
    ) -> Result<Self, GridError> {
        let wanted = minutes.len() * thresholds_percent.len();
        if wanted == 0 {
            return Err(GridError::Empty);
        }
        let mut before = 0;
        for (index, minute) in minutes.iter().copied().enumerate() {
            if minute <= before {
                return Err(GridError::Minutes { row: index + 1, minute });
            }
            before = minute;
        }
        for (index, threshold) in thresholds_percent.iter().copied().enumerate() {
            let ascends = index == 0 || threshold > thresholds_percent[index - 1];
            if !(threshold.is_finite() && threshold >= 0.0 && ascends) {
                return Err(GridError::Thresholds { position: index + 1, text: threshold.to_string() });
            }
        }
        for (direction, cells) in [(Direction::Up, &up_percent), (Direction::Down, &down_percent)] {
            let direction = direction.name();
            if cells.len() != wanted {
                return Err(GridError::Cells { direction, cells: cells.len(), wanted });
            }
            if let Some(cell) = cells.iter().position(|value| !(0.0..=100.0).contains(value)) {
                return Err(GridError::Percentage { direction, cell: cell + 1, text: cells[cell].to_string() });
            }
        }
        Ok(Self { minutes, thresholds_percent, up_percent, down_percent })
    }

    /// The horizons, ascending.
    #[must_use]
    pub fn minutes(&self) -> &[u32] {
        &self.minutes
    }

    /// The thresholds in percent of the price, ascending.
    #[must_use]
    pub fn thresholds_percent(&self) -> &[f64] {
        &self.thresholds_percent
    }

    /// The cells of a direction in percent, row by row.
    #[must_use]
    pub fn cells(&self, direction: Direction) -> &[f64] {
        match direction {
            Direction::Up => &self.up_percent,
            Direction::Down => &self.down_percent,
        }
    }

    /// Whether both have the same horizons and thresholds.
    #[must_use]
    pub fn same_axes(&self, other: &Self) -> bool {
        self.minutes == other.minutes && self.thresholds_percent == other.thresholds_percent
    }

    /// The shortest and the longest horizon in minutes.
    #[must_use]
    pub fn horizon_minutes(&self) -> (f64, f64) {
        (f64::from(self.minutes[0]), f64::from(self.minutes[self.minutes.len() - 1]))
    }

    /// The chance in percent that the price moves at least `move_percent` in `direction` within `minutes`
    /// (at that instant, not on the way), bilinear within the cell. Both arguments are limited to the grid.
    ///
    /// Below the smallest threshold the way goes to 50 % at no move at all, which understates the chance of
    /// staying; sets that begin at 0.00 % (all known ones of the present form) never come there.
    #[must_use]
    pub fn beyond_percent(&self, direction: Direction, minutes: f64, move_percent: f64) -> f64 {
        let move_percent = move_percent.max(0.0);
        let (row, next_row, row_fraction) = cell(&self.minutes, |minute| f64::from(*minute), minutes);
        let (column, next_column, column_fraction) = cell(&self.thresholds_percent, |x| *x, move_percent);
        let cells = self.cells(direction);
        let columns = self.thresholds_percent.len();
        let along_row = |row: usize| {
            let from = cells[row * columns + column];
            let to = cells[row * columns + next_column];
            from + (to - from) * column_fraction
        };
        let (near, far) = (along_row(row), along_row(next_row));
        let beyond = near + (far - near) * row_fraction;
        let smallest = self.thresholds_percent[0];
        if move_percent < smallest {
            let share = move_percent / smallest;
            return 50.0 + (beyond - 50.0) * share;
        }
        beyond
    }
}

/// The two neighbouring positions on an ascending axis and how far `value` is between them, limited to the axis.
fn cell<T>(axis: &[T], number: impl Fn(&T) -> f64, value: f64) -> (usize, usize, f64) {
    let last = axis.len() - 1;
    let after = axis.partition_point(|point| number(point) <= value);
    if after == 0 {
        return (0, 0, 0.0);
    }
    if after > last {
        return (last, last, 0.0);
    }
    let (from, to) = (number(&axis[after - 1]), number(&axis[after]));
    (after - 1, after, (value - from) / (to - from))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn two_by_two() -> Grid {
        Grid::new(vec![1, 3], vec![0.0, 0.1], vec![50.0, 10.0, 52.0, 30.0], vec![49.0, 9.0, 47.0, 28.0]).expect("valid")
    }

    #[test]
    fn interpolates_within_the_cell_and_stops_at_the_edges() {
        let grid = two_by_two();
        for (direction, minutes, x, expected) in [
            (Direction::Up, 1.0, 0.0, 50.0),
            (Direction::Up, 3.0, 0.1, 30.0),
            (Direction::Up, 2.0, 0.05, 35.5),
            (Direction::Down, 2.0, 0.05, 33.25),
            (Direction::Up, 0.2, 0.1, 10.0),
            (Direction::Up, 99.0, 7.0, 30.0),
        ] {
            let value = grid.beyond_percent(direction, minutes, x);
            assert!((value - expected).abs() < 1e-12, "{direction:?} {minutes} {x}: {value}");
        }
    }

    #[test]
    fn below_the_smallest_threshold_the_chance_goes_to_one_half() {
        let grid = Grid::new(vec![15], vec![0.25, 0.5], vec![20.0, 10.0], vec![20.0, 10.0]).expect("valid");
        assert!((grid.beyond_percent(Direction::Up, 15.0, 0.25) - 20.0).abs() < 1e-12);
        assert!((grid.beyond_percent(Direction::Up, 15.0, 0.125) - 35.0).abs() < 1e-12);
        assert!((grid.beyond_percent(Direction::Up, 15.0, 0.0) - 50.0).abs() < 1e-12);
    }

    #[test]
    fn refuses_numbers_that_make_no_grid() {
        let cells = || vec![1.0; 4];
        let new = |minutes: Vec<u32>, thresholds: Vec<f64>| Grid::new(minutes, thresholds, cells(), cells());
        assert!(matches!(new(vec![], vec![0.0]), Err(GridError::Empty)));
        assert!(matches!(new(vec![2, 2], vec![0.0, 0.1]), Err(GridError::Minutes { row: 2, .. })));
        assert!(matches!(new(vec![0, 2], vec![0.0, 0.1]), Err(GridError::Minutes { row: 1, .. })));
        assert!(matches!(new(vec![1, 2], vec![0.1, 0.1]), Err(GridError::Thresholds { position: 2, .. })));
        assert!(matches!(new(vec![1, 2], vec![-0.1, 0.1]), Err(GridError::Thresholds { position: 1, .. })));
        assert!(matches!(new(vec![1, 2], vec![0.0, f64::NAN]), Err(GridError::Thresholds { position: 2, .. })));
        assert!(matches!(new(vec![1, 2, 3], vec![0.0, 0.1]), Err(GridError::Cells { cells: 4, wanted: 6, .. })));
        let bad = Grid::new(vec![1], vec![0.0], vec![1.0], vec![100.1]);
        assert!(matches!(bad, Err(GridError::Percentage { direction: "down", cell: 1, .. })));
    }

    proptest! {
        #[test]
        fn never_leaves_the_range_of_its_cells(minutes in -1.0..100.0_f64, x in -1.0..3.0_f64) {
            let value = two_by_two().beyond_percent(Direction::Down, minutes, x);
            prop_assert!((9.0..=50.0).contains(&value));
        }
    }
}
