//! Numbers of contracts.

crate::decimal::fixed_point! {
    /// A number of contracts, counted in hundredths. Signed where it is a position (negative is NO).
    Quantity, scale: 2, decimals: 2
}

impl Quantity {
    /// From whole contracts.
    #[must_use]
    pub const fn from_contracts(contracts: i64) -> Self {
        Self(contracts * 100)
    }

    /// The smaller of the two.
    #[must_use]
    pub fn at_most(self, other: Self) -> Self {
        Self(self.0.min(other.0))
    }
}
