//! Prices of the underlying.

crate::decimal::fixed_point! {
    /// A price or a price difference of the underlying in US dollars, counted in 1e-6 dollars.
    UsdPrice, scale: 6, decimals: 2
}

impl UsdPrice {
    /// From whole cents.
    #[must_use]
    pub const fn from_cents(cents: i64) -> Self {
        Self(cents * 10_000)
    }

    /// As a float, for the model only: statistics are floats, money is not.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "prices are far below 2^53 micro-dollars")]
    pub fn as_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// The mean of `values` rounded half up to whole cents; `None` when there are none.
    ///
    /// This is the exchange's settlement rule for the sixty index prints before the close.
    #[must_use]
    pub fn mean_half_up_to_cents(values: &[Self]) -> Option<Self> {
        let count = i128::try_from(values.len()).ok().filter(|count| *count > 0)?;
        let sum: i128 = values.iter().map(|value| i128::from(value.0)).sum();
        // cents = floor(mean / 10_000 + 1/2)
        let cents = (2 * sum + 10_000 * count).div_euclid(20_000 * count);
        i64::try_from(cents).ok().map(Self::from_cents)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_rounds_half_up_to_the_cent() {
        let mean = |cents: &[i64]| {
            let values: Vec<_> = cents.iter().map(|c| UsdPrice::from_cents(*c)).collect();
            UsdPrice::mean_half_up_to_cents(&values).map(|mean| mean.to_string())
        };
        assert_eq!(mean(&[]), None);
        assert_eq!(mean(&[100, 101]).as_deref(), Some("1.01"));
        assert_eq!(mean(&[100, 100, 101]).as_deref(), Some("1.00"));
        assert_eq!(mean(&[8_402_857, 8_402_857]).as_deref(), Some("84028.57"));
    }
}
