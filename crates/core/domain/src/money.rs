//! Amounts of money.

crate::decimal::fixed_point! {
    /// An amount in US dollars, counted in micro-dollars (1e-6 $). Signed.
    Money, scale: 6, decimals: 2
}

impl Money {
    /// From whole dollars.
    #[must_use]
    pub const fn from_dollars(dollars: i64) -> Self {
        Self(dollars * 1_000_000)
    }

    /// From whole cents.
    #[must_use]
    pub const fn from_cents(cents: i64) -> Self {
        Self(cents * 10_000)
    }

    /// In micro-dollars.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// From micro-dollars.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Whole cents, rounded toward minus infinity, as the exchange truncates its integer balance.
    #[must_use]
    pub const fn floor_cents(self) -> i64 {
        self.0.div_euclid(10_000)
    }
}
