//! The two outcomes of a market and the two sides of its book.

use serde::{Deserialize, Serialize};

use crate::Price;

/// The outcome that a contract bets on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The event happens.
    Yes,
    /// It does not.
    No,
}

/// The side of the YES book on which an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BookSide {
    /// Buys YES.
    Bid,
    /// Sells YES, which is the same as buying NO at one dollar minus the price.
    Ask,
}

impl Side {
    /// The other outcome.
    #[must_use]
    pub const fn opposite(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
        }
    }

    /// Lower-case name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
        }
    }

    /// A price of this side as the YES price, or a YES price as a price of this side (the same sum both ways).
    #[must_use]
    pub const fn convert_price(self, price: Price) -> Price {
        match self {
            Self::Yes => price,
            Self::No => price.complement(),
        }
    }

    /// The side of the book on which an order opens a position of this side.
    #[must_use]
    pub const fn opening_book_side(self) -> BookSide {
        match self {
            Self::Yes => BookSide::Bid,
            Self::No => BookSide::Ask,
        }
    }

    /// The side of the book on which an order closes a position of this side.
    #[must_use]
    pub const fn closing_book_side(self) -> BookSide {
        self.opening_book_side().opposite()
    }
}

impl BookSide {
    /// The other side of the book.
    #[must_use]
    pub const fn opposite(self) -> Self {
        match self {
            Self::Bid => Self::Ask,
            Self::Ask => Self::Bid,
        }
    }

    /// The outcome that a fill on this side acquires.
    #[must_use]
    pub const fn acquired(self) -> Side {
        match self {
            Self::Bid => Side::Yes,
            Self::Ask => Side::No,
        }
    }

    /// Lower-case name, as the exchange writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bid => "bid",
            Self::Ask => "ask",
        }
    }
}

impl std::fmt::Display for Side {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

impl std::fmt::Display for BookSide {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

/// A word that names no outcome. There is no default side: a guess would buy the wrong one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is neither yes nor no")]
pub struct UnknownSide(String);

impl std::str::FromStr for Side {
    type Err = UnknownSide;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "yes" => Ok(Self::Yes),
            "no" => Ok(Self::No),
            other => Err(UnknownSide(other.chars().take(40).collect())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opening_no_is_an_ask_at_the_complement() {
        assert_eq!(Side::No.opening_book_side(), BookSide::Ask);
        assert_eq!(Side::No.convert_price(Price::from_cents(92)), Price::from_cents(8));
        assert_eq!(Side::No.closing_book_side(), BookSide::Bid);
        assert_eq!(BookSide::Ask.acquired(), Side::No);
        assert!("Y".parse::<Side>().is_err(), "an unexpected spelling must never become a side");
    }
}
