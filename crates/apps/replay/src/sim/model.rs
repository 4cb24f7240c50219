//! The probability model of a simulated desk: moves as the twin's own walk makes them in the long run.

use std::sync::Arc;

use rec_model::{Fingerprint, FingerprintError, FingerprintSet, Grid};

/// Standard deviation of a minute's move, in percent.
const VOLATILITY_PERCENT: f64 = 0.045;
const HORIZON_MINUTES: u32 = 60;

/// Chances of a normal walk, in the place of learned ones: a simulation needs a model and learns nothing from history.
///
/// # Errors
/// Never for these numbers; the model's own type says that not every grid is one.
pub fn of_a_normal_walk() -> Result<Arc<FingerprintSet>, FingerprintError> {
    let thresholds: Vec<f64> = (0_u32..30).chain((30..=200).step_by(5)).map(|step| f64::from(step) / 100.0).collect();
    let minutes: Vec<u32> = (1..=HORIZON_MINUTES).collect();
    let chance = |minute: u32, threshold: f64| {
        let deviations = threshold / (VOLATILITY_PERCENT * libm::sqrt(f64::from(minute)));
        50.0 * libm::erfc(deviations / std::f64::consts::SQRT_2)
    };
    let cells: Vec<f64> =
        minutes.iter().flat_map(|minute| thresholds.iter().map(move |threshold| chance(*minute, *threshold))).collect();
    let grid = Grid::new(minutes, thresholds, cells.clone(), cells)
        .map_err(|error| FingerprintError::NotAGrid { file: "a normal walk".to_owned(), problem: error.to_string() })?;
    let baseline = ("baseline".to_owned(), None, Fingerprint { grid, support: None });
    FingerprintSet::new("btc", [baseline]).map(Arc::new)
}
