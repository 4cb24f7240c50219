//! What a market did: candlesticks and public trades.

use rec_domain::{MarketTicker, SeriesTicker, Timestamp};

use super::{
    client::{Auth, Client, Query},
    error::RestError,
    market_data::{ROWS_PER_PAGE, at, ceiling, floor, query},
    paging::Pages,
};
use crate::rows::{
    Candle, Cursor, Page, TradeRow,
    list::{Strictness, read_page},
};

/// The widths of candlesticks that the exchange has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CandleMinutes {
    /// A minute.
    One,
    /// An hour.
    Hour,
    /// A day.
    Day,
}

impl CandleMinutes {
    const fn word(self) -> &'static str {
        match self {
            Self::One => "1",
            Self::Hour => "60",
            Self::Day => "1440",
        }
    }
}

/// Which candlesticks to read.
#[derive(Debug, Clone, Copy)]
pub struct CandlesQuery {
    /// Ending at or after this instant.
    pub from: Timestamp,
    /// Ending at or before this instant.
    pub to: Timestamp,
    /// How wide.
    pub width: CandleMinutes,
}

impl CandlesQuery {
    pub(crate) fn parameters(self) -> Query {
        query([
            ("start_ts", Some(self.from.seconds().to_string())),
            ("end_ts", Some(self.to.seconds().to_string())),
            ("period_interval", Some(self.width.word().to_owned())),
        ])
    }
}

/// Which trades to list.
#[derive(Debug, Clone, Default)]
pub struct TradesQuery {
    /// Of one market.
    pub ticker: Option<MarketTicker>,
    /// At or after this instant.
    pub since: Option<Timestamp>,
    /// At or before this instant.
    pub until: Option<Timestamp>,
}

impl TradesQuery {
    pub(crate) fn parameters(&self, cursor: Option<&Cursor>) -> Query {
        query([
            ("limit", Some(ROWS_PER_PAGE.to_string())),
            ("ticker", self.ticker.as_ref().map(ToString::to_string)),
            ("min_ts", floor(self.since)),
            ("max_ts", ceiling(self.until)),
            ("cursor", at(cursor)),
        ])
    }
}

impl Client {
    /// The candlesticks of a market, the oldest first. At most 5,000 are given.
    ///
    /// # Errors
    /// When there is no answer, or any candlestick of it cannot be read.
    pub async fn candles(
        &self,
        series: &SeriesTicker,
        market: &MarketTicker,
        wanted: CandlesQuery,
    ) -> Result<Vec<Candle>, RestError> {
        let path = ["series", series.as_str(), "markets", market.as_str(), "candlesticks"];
        let read = |body: &str| read_page(body, Strictness::Strict).map(|page| page.items);
        self.get(&path, &wanted.parameters(), Auth::None, read).await
    }

    /// One page of public trades, the newest first.
    ///
    /// # Errors
    /// When there is no answer, or any row of it cannot be read.
    pub async fn trades_page(
        &self,
        wanted: &TradesQuery,
        cursor: Option<&Cursor>,
    ) -> Result<Page<TradeRow>, RestError> {
        let read = |body: &str| read_page(body, Strictness::Strict);
        self.get(&["markets", "trades"], &wanted.parameters(cursor), Auth::None, read).await
    }

    /// All public trades, page by page.
    #[must_use]
    pub fn trades<'a>(&'a self, wanted: &'a TradesQuery) -> Pages<'a, TradeRow> {
        Pages::new(move |cursor| Box::pin(async move { self.trades_page(wanted, cursor.as_ref()).await }))
    }
}
