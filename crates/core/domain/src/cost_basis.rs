//! What the contracts held in a market cost: fill after fill in the order in which the exchange made them.
//!
//! The contracts of a market are one position. What is bought on the side that is held adds its price; what is bought on
//! the other nets, and takes its share of the cost with it, pro rata.

use serde::{Deserialize, Serialize};

use crate::{BookSide, Money, Price, Quantity, Side, Timestamp, fill::Fill};

/// A fill, as far as it moves a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leg {
    /// When, by the exchange's clock.
    pub at: Timestamp,
    /// Bought or sold YES.
    pub book_side: BookSide,
    /// Execution price as YES price.
    pub price: Price,
    /// Contracts.
    pub quantity: Quantity,
}

impl From<&Fill> for Leg {
    fn from(fill: &Fill) -> Self {
        let price = fill.side.convert_price(fill.price);
        Self { at: fill.at, book_side: fill.book_side, price, quantity: fill.quantity }
    }
}

/// The fills of one market, the oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Legs(Vec<Leg>);

impl Legs {
    /// Puts a fill where its instant belongs; of one instant, whichever comes last is last.
    pub fn put(&mut self, leg: Leg) {
        let place = self.0.partition_point(|known| known.at <= leg.at);
        self.0.insert(place, leg);
    }

    /// What is held, above zero YES and below zero NO, and what it cost without fees.
    #[must_use]
    pub fn position(&self) -> (Quantity, Money) {
        self.0.iter().fold((Quantity::ZERO, Money::ZERO), |(net, cost), leg| {
            let acquired = leg.book_side.acquired();
            let bought = match acquired {
                Side::Yes => leg.quantity,
                Side::No => -leg.quantity,
            };
            let held = Quantity::from_units(net.units().abs());
            let against = net.units().signum() * bought.units().signum() < 0;
            let netted = if against { leg.quantity.at_most(held) } else { Quantity::ZERO };
            let opened = acquired.convert_price(leg.price) * (leg.quantity - netted);
            (net + bought, cost - share_of(cost, netted, held) + opened)
        })
    }
}

/// The share of `part` in what the `whole` cost, down to a micro-dollar; everything with the last contract.
#[must_use]
pub fn share_of(cost: Money, part: Quantity, whole: Quantity) -> Money {
    if part >= whole {
        return cost;
    }
    let micros = i128::from(cost.micros()) * i128::from(part.units()) / i128::from(whole.units());
    Money::from_micros(i64::try_from(micros).unwrap_or(cost.micros()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leg(second: i64, book_side: BookSide, cents: i64, contracts: i64) -> Leg {
        let (price, quantity) = (Price::from_cents(cents), Quantity::from_contracts(contracts));
        Leg { at: Timestamp::from_seconds(second), book_side, price, quantity }
    }

    fn position(legs: &[Leg]) -> (i64, String) {
        let mut all = Legs::default();
        legs.iter().for_each(|leg| all.put(*leg));
        let (net, cost) = all.position();
        (net.units(), cost.to_string())
    }

    #[test]
    fn fills_count_in_the_order_of_their_instants_in_whatever_order_they_come() {
        let bought = leg(1, BookSide::Bid, 90, 10);
        let added = leg(2, BookSide::Bid, 60, 10);
        let sold = leg(3, BookSide::Ask, 70, 10);
        for legs in [[bought, added, sold], [bought, sold, added], [sold, added, bought]] {
            assert_eq!(position(&legs), (1_000, "7.50".to_owned()));
        }
        let late = Leg { at: Timestamp::from_seconds(4), ..added };
        assert_eq!(position(&[bought, sold, late]), (1_000, "6.00".to_owned()), "added after the sale");
    }

    #[test]
    fn what_is_bought_beyond_what_is_held_opens_the_other_side() {
        let held = leg(1, BookSide::Bid, 90, 10);
        assert_eq!(position(&[held, leg(2, BookSide::Ask, 70, 15)]), (-500, "1.50".to_owned()));
        assert_eq!(position(&[held, leg(2, BookSide::Ask, 70, 10)]), (0, "0.00".to_owned()));
    }

    #[test]
    fn a_share_is_rounded_down_and_the_last_contract_takes_the_rest() {
        let ten = Money::from_micros(10);
        let contracts = Quantity::from_contracts;
        assert_eq!(share_of(ten, contracts(1), contracts(3)), Money::from_micros(3));
        assert_eq!(share_of(ten, contracts(3), contracts(3)), ten);
        assert_eq!(share_of(ten, contracts(4), contracts(3)), ten);
    }
}
