//! What a contract is worth to the twin's makers: a random walk that is averaged over its last minute.

/// Seconds of the settlement window.
const WINDOW: f64 = 60.0;

/// What is known when a market is valued.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Valuation {
    /// The index now, in dollars.
    pub index: f64,
    /// Seconds to the close; zero or below means that the average is complete.
    pub seconds_to_close: f64,
    /// Volatility as a share of the price per square root of a second.
    pub volatility: f64,
    /// Prints of the settlement window that are known.
    pub known: u32,
    /// Their sum in dollars.
    pub known_sum: f64,
}

impl Valuation {
    /// The chance that the settlement average ends above `strike` dollars.
    #[must_use]
    pub fn chance_above(&self, strike: f64) -> f64 {
        let open = (WINDOW - f64::from(self.known)).max(0.0);
        let expected = (self.known_sum + open * self.index) / WINDOW;
        let deviation = self.index * self.volatility * self.effective_seconds(open).sqrt();
        if deviation < 1e-9 {
            return if expected > strike { 1.0 } else { 0.0 };
        }
        normal_cdf((expected - strike) / deviation)
    }

    /// The variance of the average, counted in seconds of the walk: the mean of a walk over its window has a
    /// third of the window's variance, and known prints add none.
    fn effective_seconds(&self, open: f64) -> f64 {
        if self.known == 0 && self.seconds_to_close > WINDOW {
            return self.seconds_to_close - WINDOW + WINDOW / 3.0;
        }
        let share = open / WINDOW;
        share * share * open / 3.0
    }
}

/// The standard normal distribution function.
fn normal_cdf(z: f64) -> f64 {
    0.5 * libm::erfc(-z / std::f64::consts::SQRT_2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn valuation(seconds_to_close: f64) -> Valuation {
        Valuation { index: 84_000.0, seconds_to_close, volatility: 5e-5, known: 0, known_sum: 0.0 }
    }

    #[test]
    fn the_chance_falls_with_the_strike_and_is_even_at_the_index() {
        assert!((valuation(600.0).chance_above(84_000.0) - 0.5).abs() < 1e-12);
        assert!(valuation(600.0).chance_above(84_100.0) < 0.5);
        assert!(valuation(120.0).chance_above(83_900.0) > valuation(900.0).chance_above(83_900.0));
    }

    #[test]
    fn known_prints_lock_the_average() {
        let locked = Valuation { known: 60, known_sum: 60.0 * 84_000.0, ..valuation(0.0) };
        assert!((locked.chance_above(83_999.99) - 1.0).abs() < 1e-12);
        assert!(locked.chance_above(84_000.0) < 1e-12);
    }
}
