//! Contracts bought, closed first in first out, and paid at the end.

use std::collections::VecDeque;

use crate::{Money, Price, Quantity, Side};

/// Contracts that an order bought and still holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lot {
    /// Which of the caller's orders.
    pub order: usize,
    /// What one cost.
    pub price: Price,
    /// How many.
    pub quantity: Quantity,
}

/// Money that came back to an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Returned {
    /// Which of the caller's orders.
    pub order: usize,
    /// How much.
    pub amount: Money,
}

/// What a market paid for one contract that was held to the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Payout {
    /// So much for a YES contract, and the rest of the dollar for a NO contract.
    PerYes(Price),
    /// What the contract had cost: the market was void.
    Refund,
}

/// A position in a market: contracts of one side, since YES and NO of the same market make a dollar at once.
#[derive(Debug, Clone, Default)]
pub struct Netting {
    lots: VecDeque<Lot>,
    side: Option<Side>,
    /// Contracts that met one of the other side.
    paired: Quantity,
}

impl Netting {
    /// Contracts bought: they close what is held of the other side, oldest first, and the rest is held.
    ///
    /// Of the dollar that a pair makes, whoever closed gets back what that cost, and whoever had opened gets the rest.
    pub fn buy(&mut self, side: Side, lot: Lot) -> Vec<Returned> {
        let mut returned = Vec::new();
        let mut left = lot.quantity;
        while left.is_positive() && self.side == Some(side.opposite()) {
            let Some(oldest) = self.lots.front_mut() else { break };
            let closed = left.at_most(oldest.quantity);
            returned.push(Returned { order: oldest.order, amount: lot.price.complement() * closed });
            returned.push(Returned { order: lot.order, amount: lot.price * closed });
            oldest.quantity -= closed;
            left -= closed;
            self.paired += closed;
            if oldest.quantity.is_zero() {
                self.lots.pop_front();
            }
        }
        if left.is_positive() {
            self.side = Some(side);
            self.lots.push_back(Lot { quantity: left, ..lot });
        }
        returned
    }

    /// Contracts held, and of which side; `None` when there are none.
    #[must_use]
    pub fn held(&self) -> Option<(Side, Quantity)> {
        let quantity: Quantity = self.lots.iter().map(|lot| lot.quantity).sum();
        self.side.filter(|_| quantity.is_positive()).map(|side| (side, quantity))
    }

    /// What the contracts held had cost.
    #[must_use]
    pub fn open_cost(&self) -> Money {
        self.lots.iter().map(|lot| lot.price * lot.quantity).sum()
    }

    /// Pairs of YES and NO: each was worth a dollar.
    #[must_use]
    pub const fn paired(&self) -> Quantity {
        self.paired
    }

    /// What each order still holds had cost.
    pub fn lots(&self) -> impl Iterator<Item = &Lot> {
        self.lots.iter()
    }

    /// What the contracts held are paid, by order.
    #[must_use]
    pub fn pay(&self, payout: Payout) -> Vec<Returned> {
        let Some(side) = self.side else { return Vec::new() };
        let each = |lot: &Lot| match payout {
            Payout::PerYes(value) => side.convert_price(value),
            Payout::Refund => lot.price,
        };
        self.lots.iter().map(|lot| Returned { order: lot.order, amount: each(lot) * lot.quantity }).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lot(order: usize, cents: i64, contracts: i64) -> Lot {
        Lot { order, price: Price::from_cents(cents), quantity: Quantity::from_contracts(contracts) }
    }

    fn of(order: usize, returned: &[Returned]) -> Money {
        returned.iter().filter(|part| part.order == order).map(|part| part.amount).sum()
    }

    /// Forty NO at 93 and 94, closed twice over by forty YES at 42 and forty at 45: one close too many.
    #[test]
    fn what_closes_too_much_opens_the_other_side() {
        let mut netting = Netting::default();
        let mut returned = Vec::new();
        for (side, lot) in [
            (Side::No, lot(0, 93, 20)),
            (Side::No, lot(1, 94, 20)),
            (Side::Yes, lot(2, 42, 40)),
            (Side::Yes, lot(3, 45, 40)),
        ] {
            returned.extend(netting.buy(side, lot));
        }
        assert_eq!(netting.held(), Some((Side::Yes, Quantity::from_contracts(40))));
        assert_eq!(netting.open_cost(), Money::from_dollars(18));
        let paid = netting.pay(Payout::PerYes(Price::ZERO));
        assert_eq!(of(0, &returned), Money::from_cents(58 * 20));
        assert_eq!(of(2, &returned), Money::from_cents(42 * 40), "what a close cost comes back");
        assert_eq!(of(3, &paid), Money::ZERO);
        assert_eq!(of(3, &netting.pay(Payout::Refund)), Money::from_dollars(18));
    }

    proptest! {
        #[test]
        fn what_comes_back_is_a_dollar_a_pair_and_the_payout(
            bought in prop::collection::vec((any::<bool>(), 1_i64..10_000, 1_i64..100_000), 0..30),
            value in 0_i64..=10_000,
        ) {
            let mut netting = Netting::default();
            let mut returned = Money::ZERO;
            let mut net = Quantity::ZERO;
            for (order, (is_yes, price, units)) in bought.iter().enumerate() {
                let quantity = Quantity::from_units(*units);
                let side = if *is_yes { Side::Yes } else { Side::No };
                net += if *is_yes { quantity } else { -quantity };
                let lot = Lot { order, price: Price::from_units(*price), quantity };
                returned += netting.buy(side, lot).iter().map(|part| part.amount).sum();
            }
            prop_assert_eq!(returned, Price::ONE * netting.paired());
            let held = netting.held().map_or(Quantity::ZERO, |(side, held)| match side {
                Side::Yes => held,
                Side::No => -held,
            });
            prop_assert_eq!(held, net);
            let value = Price::from_units(value);
            let paid: Money = netting.pay(Payout::PerYes(value)).iter().map(|part| part.amount).sum();
            let expected = if net.is_negative() { value.complement() * -net } else { value * net };
            prop_assert_eq!(paid, expected);
        }
    }
}
