//! How the exchange writes numbers: dollars with four decimals or more, counts with two.

use rec_domain::{Money, Price, Quantity, decimal};

/// Dollars with four to six decimals.
pub(crate) fn dollars(amount: Money) -> String {
    decimal::format(amount.micros(), 6, 4)
}

/// A price with four decimals.
pub(crate) fn price(price: Price) -> String {
    decimal::format(price.units(), 4, 4)
}

/// A count with two decimals.
pub(crate) fn count(count: Quantity) -> String {
    decimal::format(count.units(), 2, 2)
}
