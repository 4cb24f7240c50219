//! The exchange's trading fees.

use serde::{Deserialize, Serialize};

use crate::{Money, Price, Quantity};

/// How a series charges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeeKind {
    /// Takers pay, makers do not.
    Quadratic,
    /// Makers pay a quarter.
    QuadraticWithMakerFees,
    /// Makers pay a half.
    QuadraticWithComboMakerFees,
    /// A kind whose formula is not known to us: entries are refused.
    Unknown,
}

/// A series' fee: its kind and its multiplier in millionths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeeSchedule {
    /// The formula.
    pub kind: FeeKind,
    /// The series' multiplier, counted in 1e-6 (1,000,000 is one).
    pub multiplier_micros: i64,
}

/// Whether an order took liquidity or made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Liquidity {
    /// It met a resting order.
    Taker,
    /// It rested.
    Maker,
}

impl FeeSchedule {
    /// What crypto series charge: quadratic with multiplier one.
    pub const CRYPTO: Self = Self { kind: FeeKind::Quadratic, multiplier_micros: 1_000_000 };

    /// The fee of one fill before any rounding: multiplier x 0.07 x count x price x (1 - price), times the maker's share
    /// for a maker. `None` when the formula of this kind is not known. The price may be that of either side: both give
    /// the same fee.
    #[must_use]
    pub fn exact(self, liquidity: Liquidity, price: Price, quantity: Quantity) -> Option<ExactFee> {
        // The share of the taker's fee in percent: exact for the known kinds.
        let share = match (self.kind, liquidity) {
            (FeeKind::Unknown, _) => return None,
            (_, Liquidity::Taker) => 100,
            (FeeKind::Quadratic, Liquidity::Maker) => 0,
            (FeeKind::QuadraticWithMakerFees, Liquidity::Maker) => 25,
            (FeeKind::QuadraticWithComboMakerFees, Liquidity::Maker) => 50,
        };
        // 100 (share) x 100 (0.07) x 1e6 (multiplier) x 1e2 (count) x 1e4 x 1e4 (prices) = 1e20
        Some(ExactFee(
            7 * share
                * i128::from(self.multiplier_micros)
                * i128::from(quantity.units().abs())
                * i128::from(price.units())
                * i128::from(price.complement().units()),
        ))
    }

    /// The fee of one fill, rounded up to 1e-4 dollars, plus what rounds the whole change of the balance to 1e-4
    /// dollars ([`FeeRounding::DIRECT`]), without what later fills of an order get back.
    ///
    /// Verified by the exchange's own fills of August 2026 (33 of 33). Newer pages speak of 1e-6 dollars; this
    /// is never below that. `None` when the formula of this kind is not known. The fee that is booked is the one
    /// that the exchange states. The price may be that of either side: both give the same fee.
    #[must_use]
    pub fn fee(self, liquidity: Liquidity, price: Price, quantity: Quantity) -> Option<Money> {
        let trade_fee = self.exact(liquidity, price, quantity)?.rounded_up(FeeRounding::DIRECT.trade)?;
        let cost = price * quantity;
        Some(trade_fee + FeeRounding::DIRECT.of_balance(cost + trade_fee))
    }

    /// The most that an order of `quantity` at a limit may cost in fees: its fee at the dearest price that the
    /// order can meet, and one cent for rounding per fill.
    #[must_use]
    pub fn worst_case(self, limit: Price, quantity: Quantity) -> Option<Money> {
        // Price x (1 - price) is largest at 50 cents; below that a buyer's worst price is his limit.
        let worst = limit.min(Price::from_cents(50));
        self.fee(Liquidity::Taker, worst, quantity).map(|fee| fee + Money::from_cents(1))
    }
}

/// A fee before rounding, counted in 1e-20 dollars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ExactFee(i128);

impl ExactFee {
    /// The fee in whole `units`, rounded up; `None` when it does not fit.
    #[must_use]
    pub fn rounded_up(self, unit: Money) -> Option<Money> {
        let size = i128::from(unit.micros()) * 100_000_000_000_000;
        let units = i64::try_from((self.0 + size - 1).div_euclid(size)).ok()?;
        units.checked_mul(unit.micros()).map(Money::from_micros)
    }
}

/// How the exchange rounds fees: the fee of a fill up to whole units of `trade`, and what the fill changes of the
/// balance to the worse whole unit of `balance`.
///
/// What the second rounding takes is added up over the fills of an order; whenever more than a cent has come together, a
/// cent is given back with the fill (the exchange's page on fee rounding, 2026).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FeeRounding {
    /// The unit of a fill's own fee.
    pub trade: Money,
    /// The unit of the balance.
    pub balance: Money,
}

impl FeeRounding {
    /// Until prices went below a cent: each fill's fee in whole cents. Exact on 310 of 310 orders of 2025.
    pub const CENTS: Self = Self { trade: Money::from_cents(1), balance: Money::from_micros(1) };
    /// Members of the exchange, 2026.
    pub const DIRECT: Self = Self { trade: Money::from_micros(100), balance: Money::from_micros(100) };
    /// Customers of a member, 2026.
    pub const INTRODUCED: Self = Self { trade: Money::from_micros(100), balance: Money::from_cents(1) };

    /// What it costs that the balance, which `paid` leaves, is kept in whole units.
    #[must_use]
    pub fn of_balance(self, paid: Money) -> Money {
        Money::from_micros((-paid.micros()).rem_euclid(self.balance.micros()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taker(price: &str, quantity: &str) -> String {
        let fee = FeeSchedule::CRYPTO.fee(
            Liquidity::Taker,
            price.parse().expect("price"),
            quantity.parse().expect("quantity"),
        );
        fee.expect("known kind").to_string()
    }

    #[test]
    fn recorded_fees() {
        assert_eq!(taker("0.52", "1"), "0.0175");
        assert_eq!(taker("0.04", "10"), "0.0269");
        assert_eq!(taker("0.001", "227.27"), "0.01593");
        assert_eq!(taker("0.013", "71.94"), "0.06478");
    }

    #[test]
    fn a_maker_pays_by_kind_and_an_unknown_kind_is_refused() {
        let price = Price::from_cents(50);
        let quantity = Quantity::from_contracts(100);
        let maker = |kind| FeeSchedule { kind, multiplier_micros: 1_000_000 }.fee(Liquidity::Maker, price, quantity);
        assert_eq!(maker(FeeKind::Quadratic), Some(Money::ZERO));
        assert_eq!(maker(FeeKind::QuadraticWithMakerFees), Some(Money::from_micros(437_500)));
        assert_eq!(maker(FeeKind::Unknown), None);
    }

    #[test]
    fn the_worst_case_covers_a_better_price_with_a_dearer_fee() {
        let quantity = Quantity::from_contracts(10);
        let worst = FeeSchedule::CRYPTO.worst_case(Price::from_cents(95), quantity).expect("known");
        let met = FeeSchedule::CRYPTO.fee(Liquidity::Taker, Price::from_cents(60), quantity).expect("known");
        assert!(worst > met);
    }

    #[test]
    fn the_worst_case_has_a_cent_more_than_the_dearest_fee() {
        let (quantity, limit) = (Quantity::from_contracts(20), Price::from_cents(33));
        let worst = FeeSchedule::CRYPTO.worst_case(limit, quantity).expect("known");
        let whole = FeeSchedule::CRYPTO.fee(Liquidity::Taker, limit, quantity).expect("known");
        assert_eq!(worst, whole + Money::from_cents(1));
        // Contract by contract it costs more, since each fill is rounded for itself.
        let in_parts = FeeSchedule::CRYPTO.fee(Liquidity::Taker, limit, Quantity::from_contracts(1)).expect("known");
        assert!((0..20).map(|_| in_parts).sum::<Money>() <= worst);
    }
}
