//! What another exchange shows, as a mirror takes it.

use rec_domain::{
    BookSide, Price, PriceGrid, Quantity, Timestamp, UsdPrice,
    market::{Market, StrikeRule},
};
use serde::{Deserialize, Serialize};

use crate::core::{Verdict, series::Asset};

/// A market as the other exchange lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedMarket {
    /// The market.
    pub market: Market,
    /// What it pays, once known.
    pub result: Option<Verdict>,
    /// What its event settled on, once known.
    pub expiration_value: Option<UsdPrice>,
}

/// One thing that the other exchange showed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mirrored {
    /// A market as it is listed: new, or as before, or with what changed since.
    Market(Box<ListedMarket>),
    /// A market's strike is known now.
    Strike {
        /// The market.
        ticker: String,
        /// What it asks.
        strike: StrikeRule,
    },
    /// A market closes at another instant.
    Close {
        /// The market.
        ticker: String,
        /// First instant at which it takes no more orders.
        close: Timestamp,
    },
    /// A market takes orders at other prices.
    Grid {
        /// The market.
        ticker: String,
        /// The prices.
        grid: PriceGrid,
    },
    /// Trading of a market was suspended, or resumed.
    Suspended {
        /// The market.
        ticker: String,
        /// Whether it is suspended now.
        suspended: bool,
    },
    /// A market's result is known.
    Result {
        /// The market.
        ticker: String,
        /// What it pays.
        result: Verdict,
    },
    /// A market was paid.
    Paid {
        /// The market.
        ticker: String,
    },
    /// The whole book of a market, in YES prices.
    Book {
        /// The market.
        ticker: String,
        /// Bids.
        bids: Vec<(Price, Quantity)>,
        /// Asks.
        asks: Vec<(Price, Quantity)>,
    },
    /// A level of a known book gained or lost contracts.
    Level {
        /// The market.
        ticker: String,
        /// Side of the YES book.
        side: BookSide,
        /// YES price.
        price: Price,
        /// What it gained, or lost below zero.
        delta: Quantity,
    },
    /// What is displayed is not known any more, of no market: a gap, or no connection.
    BooksLost,
    /// A market's last price and volume.
    Summary {
        /// The market.
        ticker: String,
        /// YES price of the last trade.
        last: Option<Price>,
        /// Contracts traded so far.
        volume: Option<Quantity>,
    },
    /// A trade of others.
    Trade {
        /// The market.
        ticker: String,
        /// The exchange's identity of it.
        trade_id: String,
        /// YES price.
        price: Price,
        /// Contracts.
        count: Quantity,
        /// The taker's side of the book.
        taker: BookSide,
    },
    /// A print of an index, once a second.
    Index {
        /// Whose index.
        asset: Asset,
        /// The whole second that it is stamped with.
        stamped: Timestamp,
        /// The print.
        value: UsdPrice,
    },
    /// A print of an index, five times a second.
    Steady {
        /// Whose index.
        asset: Asset,
        /// The instant that it is stamped with.
        stamped: Timestamp,
        /// The print.
        value: UsdPrice,
    },
    /// Whether orders are taken at all. A pause has to be told again while it lasts.
    Trading {
        /// Whether they are.
        active: bool,
    },
}
