//! What is counted for one momentum bucket while learning, and how counts become percentages.

use crate::{Grid, GridError, Support};

/// Percentages row by row.
#[derive(Clone)]
pub(crate) struct Cells {
    up: Vec<f64>,
    down: Vec<f64>,
}

impl Cells {
    /// As a grid with the rows 1, 2, 3 … minutes, ascending in time and with the resolution of a probability.
    pub(crate) fn grid(&self, thresholds_percent: &[f64]) -> Result<Grid, GridError> {
        let columns = thresholds_percent.len();
        let minutes = (1_u32..).zip(self.up.chunks(columns)).map(|(minute, _row)| minute).collect();
        let finished = |percent: &[f64]| quantised(&ascending_in_time(percent, columns));
        Grid::new(minutes, thresholds_percent.to_vec(), finished(&self.up), finished(&self.down))
    }
}

/// What was counted for one bucket.
#[derive(Clone)]
pub(crate) struct Tally {
    columns: usize,
    samples: u64,
    weight: f64,
    weight_squared: f64,
    /// Samples at least the longest horizon apart.
    apart: u64,
    last_apart: Option<usize>,
    /// Weight of the samples of each horizon.
    row_weight: Vec<f64>,
    /// Weight of the moves that reached a threshold but not the next one, row by row.
    up: Vec<f64>,
    down: Vec<f64>,
}

impl Tally {
    pub(crate) fn new(rows: usize, columns: usize) -> Self {
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
    pub(crate) fn add_sample(&mut self, minute: usize, weight: f64) {
        self.samples += 1;
        self.weight += weight;
        self.weight_squared += weight * weight;
        if self.last_apart.is_none_or(|last| minute >= last + self.row_weight.len()) {
            self.apart += 1;
            self.last_apart = Some(minute);
        }
    }

    /// Counts a move over the horizon of `row`; `reached` is the highest threshold that its magnitude reaches.
    pub(crate) fn add_move(&mut self, row: usize, moved: f64, reached: Option<usize>, weight: f64) {
        self.row_weight[row] += weight;
        let Some(column) = reached else { return };
        let cell = row * self.columns + column;
        // No move at all is a move of zero both ways.
        if moved >= 0.0 {
            self.up[cell] += weight;
        }
        if moved <= 0.0 {
            self.down[cell] += weight;
        }
    }

    /// Takes over the moves (not the samples) of another tally.
    pub(crate) fn add_moves_of(&mut self, other: &Self) {
        let pairs =
            [(&mut self.row_weight, &other.row_weight), (&mut self.up, &other.up), (&mut self.down, &other.down)];
        for (sums, terms) in pairs {
            for (sum, term) in sums.iter_mut().zip(terms) {
                *sum += term;
            }
        }
    }

    /// Whether every horizon has a sample.
    pub(crate) fn reaches_every_horizon(&self) -> bool {
        self.row_weight.iter().all(|weight| *weight > 0.0)
    }

    #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^53 minutes")]
    pub(crate) fn support(&self) -> Support {
        // Zero without samples, and where they are so old that their squared weight vanishes.
        let kish = if self.weight_squared > 0.0 {
            self.weight * self.weight / (self.samples as f64 * self.weight_squared)
        } else {
            0.0
        };
        Support { samples: self.samples, effective_samples: self.apart as f64 * kish }
    }

    /// The percentages counted; rows without a sample are zero.
    pub(crate) fn estimate(&self) -> Cells {
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

    /// The percentages counted mixed with those of the inner neighbour; the neighbour's where there is no sample.
    pub(crate) fn mixed_with(&self, inner: &Cells, prior_strength: f64) -> Cells {
        let effective = self.support().effective_samples;
        let share = effective / (effective + prior_strength);
        let mix = |(cell, (own, inner)): (usize, (&f64, &f64))| {
            if self.row_weight[cell / self.columns] > 0.0 { inner + share * (own - inner) } else { *inner }
        };
        let own = self.estimate();
        Cells {
            up: own.up.iter().zip(&inner.up).enumerate().map(mix).collect(),
            down: own.down.iter().zip(&inner.down).enumerate().map(mix).collect(),
        }
    }
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
    use super::*;

    #[test]
    fn rows_that_fall_are_replaced_by_their_mean() {
        let falling = [1.0, 9.0, 4.0, 5.0, 3.0, 7.0, 2.0, 8.0];
        assert_eq!(ascending_in_time(&falling, 2), [1.0, 7.0, 3.0, 7.0, 3.0, 7.0, 3.0, 8.0]);
    }
}
