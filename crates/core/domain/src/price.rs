//! Prices of contracts.

use std::ops::Mul;

use crate::{Money, Quantity};

crate::decimal::fixed_point! {
    /// The price of one contract in dollars, counted in 1e-4 dollars; a contract pays one dollar or nothing.
    Price, scale: 4, decimals: 4
}

impl Price {
    /// One dollar: what a winning contract pays.
    pub const ONE: Self = Self(10_000);

    /// From whole cents.
    #[must_use]
    pub const fn from_cents(cents: i64) -> Self {
        Self(cents * 100)
    }

    /// The price of the other side: one dollar minus this.
    #[must_use]
    pub const fn complement(self) -> Self {
        Self(10_000 - self.0)
    }

    /// Whether this lies between zero and one dollar, both included.
    #[must_use]
    pub const fn is_valid(self) -> bool {
        self.0 >= 0 && self.0 <= 10_000
    }

    /// In percentage points of a dollar, which is what a probability is compared with.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "at most 10,000")]
    pub fn points(self) -> f64 {
        self.0 as f64 / 100.0
    }
}

impl Mul<Quantity> for Price {
    type Output = Money;

    /// What `quantity` contracts cost at this price: exact, since 1e-4 times 1e-2 is a micro-dollar.
    fn mul(self, quantity: Quantity) -> Money {
        Money::from_micros(self.0 * quantity.units())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cost_is_exact() {
        let price: Price = "0.0130".parse().expect("price");
        let quantity: Quantity = "71.94".parse().expect("quantity");
        assert_eq!((price * quantity).to_string(), "0.93522");
        assert_eq!(price.complement().to_string(), "0.9870");
    }
}
