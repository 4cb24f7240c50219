//! The unit in which momentum is compared with settings.

/// A score in percent as hundredths of a percent: 0.36 % is 36 points, which is how settings state it. Rounded to
/// hundredths of a point, so that a score on a threshold meets it on every machine.
#[must_use]
pub fn momentum_points(score_percent: f64) -> f64 {
    libm::round(score_percent * 1e4) / 1e2
}
