//! A market's order book.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{BookSide, MarketTicker, Price, Quantity, Side, Timestamp};

/// All resting orders of one market by price, in YES prices on both sides.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Book {
    bids: BTreeMap<Price, Quantity>,
    asks: BTreeMap<Price, Quantity>,
}

/// A change that cannot be: the book has to be fetched anew.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{side} level at {price} would hold {quantity} contracts")]
pub struct CorruptBook {
    /// Side of the level.
    pub side: BookSide,
    /// Its YES price.
    pub price: Price,
    /// What it would hold.
    pub quantity: Quantity,
}

impl Book {
    /// Sets a level; zero removes it.
    ///
    /// # Errors
    /// When the price lies outside [0, 1] dollar or the quantity is negative.
    pub fn set(&mut self, side: BookSide, price: Price, quantity: Quantity) -> Result<(), CorruptBook> {
        if quantity.is_negative() || !price.is_valid() {
            return Err(CorruptBook { side, price, quantity });
        }
        let levels = self.levels_mut(side);
        if quantity.is_zero() {
            levels.remove(&price);
        } else {
            levels.insert(price, quantity);
        }
        Ok(())
    }

    /// Adds `delta` to a level, which it creates or removes as needed.
    ///
    /// # Errors
    /// When the level would become negative.
    pub fn change(&mut self, side: BookSide, price: Price, delta: Quantity) -> Result<(), CorruptBook> {
        let present = self.levels(side).get(&price).copied().unwrap_or_default();
        self.set(side, price, present + delta)
    }

    /// The levels of a side, in ascending price.
    #[must_use]
    pub const fn levels(&self, side: BookSide) -> &BTreeMap<Price, Quantity> {
        match side {
            BookSide::Bid => &self.bids,
            BookSide::Ask => &self.asks,
        }
    }

    const fn levels_mut(&mut self, side: BookSide) -> &mut BTreeMap<Price, Quantity> {
        match side {
            BookSide::Bid => &mut self.bids,
            BookSide::Ask => &mut self.asks,
        }
    }

    /// The best level of a side: highest bid, lowest ask, in YES prices.
    #[must_use]
    pub fn best(&self, side: BookSide) -> Option<Level> {
        let level = match side {
            BookSide::Bid => self.bids.last_key_value(),
            BookSide::Ask => self.asks.first_key_value(),
        };
        level.map(|(price, quantity)| Level { price: *price, quantity: *quantity })
    }

    /// Best bid and ask.
    #[must_use]
    pub fn top(&self) -> Top {
        Top { bid: self.best(BookSide::Bid), ask: self.best(BookSide::Ask) }
    }
}

/// A price with what rests there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Level {
    /// Price.
    pub price: Price,
    /// Contracts.
    pub quantity: Quantity,
}

/// Best bid and ask of a market, in YES prices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Top {
    /// Highest price at which YES is wanted.
    pub bid: Option<Level>,
    /// Lowest price at which YES is offered.
    pub ask: Option<Level>,
}

impl Top {
    /// What buying `side` costs now, in that side's price.
    #[must_use]
    pub fn ask_of(&self, side: Side) -> Option<Level> {
        self.in_terms_of(side, side.opening_book_side().opposite())
    }

    /// What selling `side` fetches now, in that side's price.
    #[must_use]
    pub fn bid_of(&self, side: Side) -> Option<Level> {
        self.in_terms_of(side, side.opening_book_side())
    }

    fn in_terms_of(&self, side: Side, book_side: BookSide) -> Option<Level> {
        let level = match book_side {
            BookSide::Bid => self.bid,
            BookSide::Ask => self.ask,
        }?;
        Some(Level { price: side.convert_price(level.price), quantity: level.quantity })
    }
}

/// The top of one market's book as last seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookTop {
    /// The market.
    pub ticker: MarketTicker,
    /// Best bid and ask; `None` while the book is not known (start, gap, silence).
    pub top: Option<Top>,
    /// The exchange's time of the last change, or of the last proof that nothing changed.
    pub observed_at: Timestamp,
    /// When we received it.
    pub received_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_from_one_book() {
        let mut book = Book::default();
        book.set(BookSide::Bid, Price::from_cents(90), Quantity::from_contracts(5)).expect("sound");
        book.set(BookSide::Ask, Price::from_cents(93), Quantity::from_contracts(7)).expect("sound");
        book.set(BookSide::Ask, Price::from_cents(95), Quantity::from_contracts(9)).expect("sound");
        let top = book.top();
        let price = |level: Option<Level>| level.map(|l| l.price);
        assert_eq!(price(top.ask_of(Side::Yes)), Some(Price::from_cents(93)));
        assert_eq!(price(top.bid_of(Side::Yes)), Some(Price::from_cents(90)));
        assert_eq!(price(top.ask_of(Side::No)), Some(Price::from_cents(10)));
        assert_eq!(price(top.bid_of(Side::No)), Some(Price::from_cents(7)));
    }

    #[test]
    fn a_level_never_goes_negative() {
        let mut book = Book::default();
        book.change(BookSide::Bid, Price::from_cents(90), Quantity::from_contracts(5)).expect("sound");
        book.change(BookSide::Bid, Price::from_cents(90), Quantity::from_contracts(-5)).expect("sound");
        assert_eq!(book.best(BookSide::Bid), None);
        assert!(book.change(BookSide::Bid, Price::from_cents(90), Quantity::from_contracts(-1)).is_err());
        assert!(book.set(BookSide::Ask, Price::from_units(10_001), Quantity::from_contracts(1)).is_err());
    }
}
