//! One market's order book: price first, then time.

use std::collections::{BTreeMap, VecDeque};

use rec_domain::{BookSide, Price, Quantity};

/// Who an order belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// The other participants.
    Crowd,
    /// The account that the twin serves.
    Account,
}

/// An order in the book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resting {
    /// The order's number, unique in the world.
    pub number: u64,
    /// Whose it is.
    pub owner: Owner,
    /// Contracts left.
    pub remaining: Quantity,
}

/// Orders at one price, the oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Level {
    total: Quantity,
    queue: VecDeque<Resting>,
}

impl Level {
    /// Contracts at this price.
    #[must_use]
    pub const fn total(&self) -> Quantity {
        self.total
    }

    /// The orders, the oldest first.
    pub fn orders(&self) -> impl Iterator<Item = &Resting> {
        self.queue.iter()
    }
}

/// All resting orders of a market by YES price.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrderBook {
    bids: BTreeMap<Price, Level>,
    asks: BTreeMap<Price, Level>,
}

impl OrderBook {
    /// The levels of a side in ascending YES price.
    #[must_use]
    pub const fn levels(&self, side: BookSide) -> &BTreeMap<Price, Level> {
        match side {
            BookSide::Bid => &self.bids,
            BookSide::Ask => &self.asks,
        }
    }

    const fn levels_mut(&mut self, side: BookSide) -> &mut BTreeMap<Price, Level> {
        match side {
            BookSide::Bid => &mut self.bids,
            BookSide::Ask => &mut self.asks,
        }
    }

    /// Highest bid or lowest ask with what rests there.
    #[must_use]
    pub fn best(&self, side: BookSide) -> Option<(Price, Quantity)> {
        let level = match side {
            BookSide::Bid => self.bids.last_key_value(),
            BookSide::Ask => self.asks.first_key_value(),
        };
        level.map(|(price, level)| (*price, level.total))
    }

    /// Puts an order behind those that already rest at its price.
    pub fn rest(&mut self, side: BookSide, price: Price, order: Resting) {
        let level = self.levels_mut(side).entry(price).or_default();
        level.total += order.remaining;
        level.queue.push_back(order);
    }

    /// Puts an order before those that already rest at its price.
    pub fn rest_ahead(&mut self, side: BookSide, price: Price, order: Resting) {
        let level = self.levels_mut(side).entry(price).or_default();
        level.total += order.remaining;
        level.queue.push_front(order);
    }

    /// The order that trades next on a side.
    #[must_use]
    pub fn front(&self, side: BookSide) -> Option<(Price, Resting)> {
        let level = match side {
            BookSide::Bid => self.bids.last_key_value(),
            BookSide::Ask => self.asks.first_key_value(),
        };
        level.and_then(|(price, level)| level.queue.front().map(|order| (*price, *order)))
    }

    /// Takes `quantity` from the order that trades next on a side; an order with nothing left is gone.
    pub fn take_from_front(&mut self, side: BookSide, quantity: Quantity) {
        let levels = self.levels_mut(side);
        let price = match side {
            BookSide::Bid => levels.last_key_value().map(|(price, _)| *price),
            BookSide::Ask => levels.first_key_value().map(|(price, _)| *price),
        };
        let Some(price) = price else { return };
        let Some(level) = levels.get_mut(&price) else { return };
        if let Some(order) = level.queue.front_mut() {
            debug_assert!(quantity <= order.remaining, "an order cannot trade more than it has left");
            order.remaining -= quantity;
            level.total -= quantity;
            if order.remaining.is_zero() {
                level.queue.pop_front();
            }
        }
        if level.queue.is_empty() {
            levels.remove(&price);
        }
    }

    /// Removes an order and gives what it had left; `None` when it is not there.
    pub fn remove(&mut self, side: BookSide, price: Price, number: u64) -> Option<Quantity> {
        let levels = self.levels_mut(side);
        let level = levels.get_mut(&price)?;
        let place = level.queue.iter().position(|order| order.number == number)?;
        let order = level.queue.remove(place)?;
        level.total -= order.remaining;
        if level.queue.is_empty() {
            levels.remove(&price);
        }
        Some(order.remaining)
    }

    /// Takes contracts off a resting order, which keeps its place. At least one has to stay.
    pub fn reduce(&mut self, side: BookSide, price: Price, number: u64, by: Quantity) {
        let Some(level) = self.levels_mut(side).get_mut(&price) else { return };
        if let Some(order) = level.queue.iter_mut().find(|order| order.number == number) {
            debug_assert!(by < order.remaining, "an order that has nothing left is removed");
            order.remaining -= by;
            level.total -= by;
        }
    }

    /// Contracts that trade before a resting order: all at better prices and the older ones at its own; `None` when it
    /// is not there.
    #[must_use]
    pub fn ahead(&self, side: BookSide, price: Price, number: u64) -> Option<Quantity> {
        let better: Quantity = match side {
            BookSide::Bid => self.bids.range(price..).skip(1).map(|(_, level)| level.total).sum(),
            BookSide::Ask => self.asks.range(..price).map(|(_, level)| level.total).sum(),
        };
        let level = self.levels(side).get(&price)?;
        let place = level.queue.iter().position(|order| order.number == number)?;
        Some(better + level.queue.iter().take(place).map(|order| order.remaining).sum())
    }

    /// What is left of a resting order.
    #[must_use]
    pub fn remaining(&self, side: BookSide, price: Price, number: u64) -> Option<Quantity> {
        let level = self.levels(side).get(&price)?;
        level.queue.iter().find(|order| order.number == number).map(|order| order.remaining)
    }

    /// Contracts that an order on `side` limited at `limit` could trade at once.
    #[must_use]
    pub fn available(&self, side: BookSide, limit: Price) -> Quantity {
        let levels = self.levels(side.opposite());
        levels.iter().filter(|(price, _)| crosses(side, limit, **price)).map(|(_, level)| level.total).sum()
    }

    /// Whether nothing rests on either side.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bids.is_empty() && self.asks.is_empty()
    }
}

/// Whether an order on `side` limited at `limit` trades with a resting one at `price`.
#[must_use]
pub fn crosses(side: BookSide, limit: Price, price: Price) -> bool {
    match side {
        BookSide::Bid => price <= limit,
        BookSide::Ask => price >= limit,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(number: u64, contracts: i64) -> Resting {
        Resting { number, owner: Owner::Crowd, remaining: Quantity::from_contracts(contracts) }
    }

    #[test]
    fn the_best_price_trades_first_and_at_one_price_the_oldest() {
        let mut book = OrderBook::default();
        book.rest(BookSide::Ask, Price::from_cents(96), order(1, 5));
        book.rest(BookSide::Ask, Price::from_cents(95), order(2, 5));
        book.rest(BookSide::Ask, Price::from_cents(95), order(3, 5));
        let mut sequence = Vec::new();
        while let Some((_, next)) = book.front(BookSide::Ask) {
            sequence.push(next.number);
            book.take_from_front(BookSide::Ask, next.remaining);
        }
        assert_eq!(sequence, [2, 3, 1]);
        assert!(book.is_empty());
    }

    #[test]
    fn what_trades_before_an_order_is_counted_and_a_reduction_keeps_its_place() {
        for (side, better, worse) in [(BookSide::Bid, 91, 89), (BookSide::Ask, 89, 91)] {
            let mut book = OrderBook::default();
            book.rest(side, Price::from_cents(90), order(1, 5));
            book.rest(side, Price::from_cents(90), order(2, 7));
            book.rest(side, Price::from_cents(better), order(3, 11));
            book.rest(side, Price::from_cents(worse), order(4, 13));
            book.reduce(side, Price::from_cents(90), 1, Quantity::from_contracts(2));
            let ahead = |cents: i64, number: u64| book.ahead(side, Price::from_cents(cents), number);
            assert_eq!(ahead(better, 3), Some(Quantity::ZERO));
            assert_eq!(ahead(90, 1), Some(Quantity::from_contracts(11)));
            assert_eq!(ahead(90, 2), Some(Quantity::from_contracts(14)));
            assert_eq!(ahead(worse, 4), Some(Quantity::from_contracts(21)));
            assert_eq!(ahead(90, 9), None);
        }
    }

    #[test]
    fn a_removed_order_leaves_no_trace() {
        let mut book = OrderBook::default();
        book.rest(BookSide::Bid, Price::from_cents(90), order(1, 5));
        assert_eq!(book.remove(BookSide::Bid, Price::from_cents(90), 1), Some(Quantity::from_contracts(5)));
        assert_eq!(book.remove(BookSide::Bid, Price::from_cents(90), 1), None);
        assert!(book.is_empty());
    }
}
