//! Recorded ticker messages: tops without sizes.

use rec_domain::{MarketTicker, Price, Timestamp};
use serde::Deserialize;

use crate::{
    number::{PriceCents, Seconds, informative, optional, required},
    rows::list::ReadError,
};

/// A recorded ticker message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegacyTicker {
    /// The market.
    pub ticker: MarketTicker,
    /// Highest price at which YES is wanted; `None` where there is none.
    pub yes_bid: Option<Price>,
    /// Lowest price at which YES is offered; `None` where there is none.
    pub yes_ask: Option<Price>,
    /// Price of the last trade, where stated.
    pub last_price: Option<Price>,
    /// When, by the exchange's clock, in whole seconds.
    pub at: Timestamp,
    /// When the recorder received it.
    pub received_at: Timestamp,
}

#[derive(Deserialize)]
struct WireTicker {
    market_ticker: String,
    #[serde(default, deserialize_with = "optional")]
    yes_bid: Option<PriceCents>,
    #[serde(default, deserialize_with = "optional")]
    yes_ask: Option<PriceCents>,
    #[serde(default, deserialize_with = "informative")]
    price: Option<PriceCents>,
    #[serde(deserialize_with = "required")]
    ts: Seconds,
}

/// A recorded message with the time at which it came.
#[derive(Deserialize)]
pub(super) struct Received<T> {
    #[serde(deserialize_with = "required")]
    pub(super) received_at: Timestamp,
    pub(super) data: T,
}

/// Zero and one dollar stood for "nobody".
pub(super) fn quoted(price: Option<PriceCents>) -> Option<Price> {
    price.map(|cents| cents.0).filter(|price| price.is_positive() && *price < Price::ONE)
}

/// Reads a file of ticker messages, in the order in which they came.
///
/// # Errors
/// When the text is no such recording, or a message in it cannot be read.
pub fn read_tickers(json: &str) -> Result<Vec<LegacyTicker>, ReadError> {
    #[derive(Deserialize)]
    struct File {
        tickers: Vec<Received<WireTicker>>,
    }
    let file: File = serde_json::from_str(json).map_err(|error| ReadError::new("recorded tickers", error))?;
    let ticker = |Received { received_at, data }: Received<WireTicker>| LegacyTicker {
        ticker: MarketTicker::new(data.market_ticker),
        yes_bid: quoted(data.yes_bid),
        yes_ask: quoted(data.yes_ask),
        last_price: quoted(data.price),
        at: data.ts.0,
        received_at,
    };
    Ok(file.tickers.into_iter().map(ticker).collect())
}
