//! Order books by REST and the two ways in which the exchange writes the NO side.

use rec_domain::{
    MarketTicker, Price, Quantity,
    book::{Book, Level},
};
use serde::Deserialize;

use super::list::{ReadError, read_object};
use crate::number::required;

/// A market's whole book, in YES prices on both sides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderBook {
    /// The market.
    pub ticker: MarketTicker,
    /// Its levels.
    pub levels: PriceLevels,
}

/// The levels of a book, in YES prices on both sides, in the order in which the exchange gave them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PriceLevels {
    /// Who wants YES.
    pub bids: Vec<Level>,
    /// Who offers YES, which is the same as wanting NO.
    pub asks: Vec<Level>,
}

impl PriceLevels {
    /// As a book.
    ///
    /// # Errors
    /// When a level cannot be.
    pub fn book(&self) -> Result<Book, rec_domain::book::CorruptBook> {
        let mut book = Book::default();
        for level in &self.bids {
            book.set(rec_domain::BookSide::Bid, level.price, level.quantity)?;
        }
        for level in &self.asks {
            book.set(rec_domain::BookSide::Ask, level.price, level.quantity)?;
        }
        Ok(book)
    }
}

/// In whose price the NO side of a book is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoSidePrices {
    /// In YES prices: the level's price is the YES ask. What a subscription gets with `use_yes_price: true`.
    Yes,
    /// In NO prices: a NO bid of 0.61 is a YES ask of 0.39. REST, and subscriptions by default as of 2026.
    No,
}

impl NoSidePrices {
    /// The YES price of a level of the NO side.
    #[must_use]
    pub const fn yes_price(self, price: Price) -> Price {
        match self {
            Self::Yes => price,
            Self::No => price.complement(),
        }
    }
}

/// A level on the wire: price and contracts.
#[derive(Deserialize)]
pub(crate) struct WireLevel(
    #[serde(deserialize_with = "required")] Price,
    #[serde(deserialize_with = "required")] Quantity,
);

/// An empty side may be missing, null or an empty list.
pub(crate) type WireSide = Option<Vec<WireLevel>>;

pub(crate) fn price_levels(yes: WireSide, no: WireSide, mode: NoSidePrices) -> PriceLevels {
    let level = |price, quantity| Level { price, quantity };
    PriceLevels {
        bids: yes.unwrap_or_default().iter().map(|wire| level(wire.0, wire.1)).collect(),
        asks: no.unwrap_or_default().iter().map(|wire| level(mode.yes_price(wire.0), wire.1)).collect(),
    }
}

#[derive(Deserialize)]
struct WireBook {
    #[serde(default)]
    yes_dollars: WireSide,
    #[serde(default)]
    no_dollars: WireSide,
}

impl WireBook {
    fn levels(self) -> PriceLevels {
        price_levels(self.yes_dollars, self.no_dollars, NoSidePrices::No)
    }
}

/// Reads the book of the market that was asked for.
pub(crate) fn read_order_book(body: &str, ticker: &MarketTicker) -> Result<OrderBook, ReadError> {
    #[derive(Deserialize)]
    struct Body {
        orderbook_fp: WireBook,
    }
    let body: Body = read_object(body, "an order book")?;
    Ok(OrderBook { ticker: ticker.clone(), levels: body.orderbook_fp.levels() })
}

/// Reads the books of several markets.
pub(crate) fn read_order_books(body: &str) -> Result<Vec<OrderBook>, ReadError> {
    #[derive(Deserialize)]
    struct Body {
        orderbooks: Vec<One>,
    }
    #[derive(Deserialize)]
    struct One {
        ticker: String,
        orderbook_fp: WireBook,
    }
    let body: Body = read_object(body, "order books")?;
    let books = body.orderbooks.into_iter();
    Ok(books
        .map(|one| OrderBook { ticker: MarketTicker::new(one.ticker), levels: one.orderbook_fp.levels() })
        .collect())
}

#[cfg(test)]
mod tests {
    use rec_domain::BookSide;

    use super::*;

    #[test]
    fn no_bids_are_yes_asks_and_an_empty_side_may_be_anything() {
        let ticker = MarketTicker::new("T");
        let book = read_order_book(
            r#"{"orderbook_fp":{"yes_dollars":[["0.1000","5.00"],["0.3000","7.00"]],"no_dollars":[["0.6100","2.00"]]}}"#,
            &ticker,
        )
        .expect("book");
        let top = book.levels.book().expect("sound").top();
        assert_eq!(top.bid.map(|level| level.price), Some(Price::from_cents(30)));
        assert_eq!(top.ask.map(|level| level.price), Some(Price::from_cents(39)));
        for body in [
            r#"{"orderbook_fp":{}}"#,
            r#"{"orderbook_fp":{"yes_dollars":null,"no_dollars":[]}}"#,
            r#"{"orderbook_fp":{"yes_dollars":[]}}"#,
        ] {
            let book = read_order_book(body, &ticker).expect(body).levels.book().expect("sound");
            assert!(book.levels(BookSide::Bid).is_empty() && book.levels(BookSide::Ask).is_empty());
        }
        assert!(read_order_book(r#"{"orderbook_fp":{"yes_dollars":[["1.5000","5.00"]]}}"#, &ticker).is_err());
        assert!(read_order_book("{}", &ticker).is_err());
    }
}
