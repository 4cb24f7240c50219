//! Public reads: the exchange's status, series, events, markets, books, index history.

use rec_domain::{EventTicker, MarketTicker, SeriesTicker, Timestamp};

use super::{
    client::{Auth, Client, Query},
    error::RestError,
    paging::Pages,
};
use crate::rows::{
    Cursor, EndpointCosts, EventRow, ExchangeStatus, HistoricalCutoff, IndexHistoryRow, MarketRow, OrderBook, Page,
    SeriesRow,
    event::read_event,
    exchange_status::read_status,
    index_history::read_index_history,
    limits::{read_costs, read_cutoff},
    list::{Strictness, read_member, read_object, read_page},
    order_book::{read_order_book, read_order_books},
};

/// The words by which lists are filtered; they differ from the words for a market's status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MarketFilter {
    /// Listed, not open yet.
    Unopened,
    /// Open.
    Open,
    /// Trading suspended (markets only).
    Paused,
    /// Closed, not paid yet.
    Closed,
    /// Paid.
    Settled,
}

impl MarketFilter {
    const fn word(self) -> &'static str {
        match self {
            Self::Unopened => "unopened",
            Self::Open => "open",
            Self::Paused => "paused",
            Self::Closed => "closed",
            Self::Settled => "settled",
        }
    }
}

/// Which events to list.
#[derive(Debug, Clone, Default)]
pub struct EventsQuery {
    /// Of one series.
    pub series: Option<SeriesTicker>,
    /// By where they are in their life.
    pub status: Option<MarketFilter>,
    /// Closing at or after this instant.
    pub min_close: Option<Timestamp>,
    /// Whether the markets come with them.
    pub with_markets: bool,
}

/// Which markets to list.
#[derive(Debug, Clone, Default)]
pub struct MarketsQuery {
    /// Of one series.
    pub series: Option<SeriesTicker>,
    /// Of one event.
    pub event: Option<EventTicker>,
    /// These markets.
    pub tickers: Vec<MarketTicker>,
    /// By where they are in their life.
    pub status: Option<MarketFilter>,
    /// Closing at or after this instant.
    pub min_close: Option<Timestamp>,
    /// Closing at or before this instant.
    pub max_close: Option<Timestamp>,
}

/// Rows of a page of events, the most that the exchange gives.
const EVENTS_PER_PAGE: u32 = 200;
/// Rows of a page of anything else, the most that the exchange gives; asking for more is an error.
pub(crate) const ROWS_PER_PAGE: u32 = 1_000;

/// Collects the parameters that are there.
pub(crate) fn query<const N: usize>(parameters: [(&'static str, Option<String>); N]) -> Query {
    parameters.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

/// The cursor as a parameter.
pub(crate) fn at(cursor: Option<&Cursor>) -> Option<String> {
    cursor.map(|cursor| cursor.as_str().to_owned())
}

/// The whole second that an instant lies in.
pub(crate) fn floor(instant: Option<Timestamp>) -> Option<String> {
    instant.map(|instant| instant.seconds().to_string())
}

/// The whole second that ends an instant's second: nothing of it is left out.
pub(crate) fn ceiling(instant: Option<Timestamp>) -> Option<String> {
    instant.map(|instant| (instant.seconds() + 1).to_string())
}

impl Client {
    /// Whether the exchange and its shards are open, also while they are not.
    ///
    /// # Errors
    /// When there is no readable answer.
    pub async fn exchange_status(&self) -> Result<ExchangeStatus, RestError> {
        self.get_with_any_status(&["exchange", "status"], read_status).await
    }

    /// The instant up to which the account's lists (balance, orders, fills, positions) are complete.
    ///
    /// # Errors
    /// When there is no readable answer.
    pub async fn user_data_timestamp(&self) -> Result<Timestamp, RestError> {
        #[derive(serde::Deserialize)]
        struct Body {
            #[serde(deserialize_with = "crate::number::required")]
            as_of_time: Timestamp,
        }
        let read = |body: &str| read_object::<Body>(body, "the account's timestamp").map(|body| body.as_of_time);
        self.get(&["exchange", "user_data_timestamp"], &Query::new(), Auth::IfPossible, read).await
    }

    /// Since when the ordinary lists have rows.
    ///
    /// # Errors
    /// When there is no readable answer.
    pub async fn historical_cutoff(&self) -> Result<HistoricalCutoff, RestError> {
        self.get(&["historical", "cutoff"], &Query::new(), Auth::None, read_cutoff).await
    }

    /// What requests cost in tokens.
    ///
    /// # Errors
    /// When there is no readable answer.
    pub async fn endpoint_costs(&self) -> Result<EndpointCosts, RestError> {
        self.get(&["account", "endpoint_costs"], &Query::new(), Auth::None, read_costs).await
    }

    /// A series, with its fee.
    ///
    /// # Errors
    /// When there is no readable answer.
    pub async fn series(&self, ticker: &SeriesTicker) -> Result<SeriesRow, RestError> {
        let read = |body: &str| read_member(body, "series");
        self.get(&["series", ticker.as_str()], &Query::new(), Auth::None, read).await
    }

    /// One page of events.
    ///
    /// # Errors
    /// When there is no readable answer.
    pub async fn events_page(
        &self,
        wanted: &EventsQuery,
        cursor: Option<&Cursor>,
    ) -> Result<Page<EventRow>, RestError> {
        let parameters = query([
            ("limit", Some(EVENTS_PER_PAGE.to_string())),
            ("series_ticker", wanted.series.as_ref().map(ToString::to_string)),
            ("status", wanted.status.map(|status| status.word().to_owned())),
            ("min_close_ts", floor(wanted.min_close)),
            ("with_nested_markets", wanted.with_markets.then(|| "true".to_owned())),
            ("cursor", at(cursor)),
        ]);
        self.get(&["events"], &parameters, Auth::None, |body| read_page(body, Strictness::Tolerant)).await
    }

    /// All events, page by page.
    #[must_use]
    pub fn events<'a>(&'a self, wanted: &'a EventsQuery) -> Pages<'a, EventRow> {
        Pages::new(move |cursor| Box::pin(async move { self.events_page(wanted, cursor.as_ref()).await }))
    }

    /// One event with its markets.
    ///
    /// # Errors
    /// When there is no readable answer.
    pub async fn event(&self, ticker: &EventTicker) -> Result<EventRow, RestError> {
        let parameters = query([("with_nested_markets", Some("true".to_owned()))]);
        self.get(&["events", ticker.as_str()], &parameters, Auth::None, read_event).await
    }

    /// One page of markets.
    ///
    /// # Errors
    /// When there is no readable answer.
    pub async fn markets_page(
        &self,
        wanted: &MarketsQuery,
        cursor: Option<&Cursor>,
    ) -> Result<Page<MarketRow>, RestError> {
        let parameters = query([
            ("limit", Some(ROWS_PER_PAGE.to_string())),
            ("series_ticker", wanted.series.as_ref().map(ToString::to_string)),
            ("event_ticker", wanted.event.as_ref().map(ToString::to_string)),
            ("tickers", joined(&wanted.tickers)),
            ("status", wanted.status.map(|status| status.word().to_owned())),
            ("min_close_ts", floor(wanted.min_close)),
            ("max_close_ts", floor(wanted.max_close)),
            ("cursor", at(cursor)),
        ]);
        self.get(&["markets"], &parameters, Auth::None, |body| read_page(body, Strictness::Tolerant)).await
    }

    /// All markets, page by page.
    #[must_use]
    pub fn markets<'a>(&'a self, wanted: &'a MarketsQuery) -> Pages<'a, MarketRow> {
        Pages::new(move |cursor| Box::pin(async move { self.markets_page(wanted, cursor.as_ref()).await }))
    }

    /// One market. Right after it was created the exchange may say 404.
    ///
    /// # Errors
    /// When there is no readable answer.
    pub async fn market(&self, ticker: &MarketTicker) -> Result<MarketRow, RestError> {
        let read = |body: &str| read_member(body, "market");
        self.get(&["markets", ticker.as_str()], &Query::new(), Auth::None, read).await
    }

    /// The whole book of a market.
    ///
    /// # Errors
    /// When there is no readable answer.
    pub async fn order_book(&self, ticker: &MarketTicker) -> Result<OrderBook, RestError> {
        let read = |body: &str| read_order_book(body, ticker);
        self.get(&["markets", ticker.as_str(), "orderbook"], &Query::new(), Auth::IfPossible, read).await
    }

    /// The whole books of at most 100 markets.
    ///
    /// # Errors
    /// When there is no readable answer.
    pub async fn order_books(&self, tickers: &[MarketTicker]) -> Result<Vec<OrderBook>, RestError> {
        let parameters = query([("tickers", joined(tickers))]);
        self.get(&["markets", "orderbooks"], &parameters, Auth::IfPossible, read_order_books).await
    }

    /// The prints of index `id` (as `BRTI`) in the hour that begins at `hour_start`, five a second.
    /// Costs 50 tokens and may need an entitlement.
    ///
    /// # Errors
    /// When there is no readable answer.
    pub async fn index_history(&self, id: &str, hour_start: Timestamp) -> Result<Vec<IndexHistoryRow>, RestError> {
        let parameters = query([
            ("id", Some(id.to_owned())),
            ("timespan", Some("HOUR".to_owned())),
            ("timestamp", Some(hour_start.to_string())),
        ]);
        self.get(&["cfbenchmarks", "history", "values"], &parameters, Auth::Required, read_index_history).await
    }
}

fn joined(tickers: &[MarketTicker]) -> Option<String> {
    let tickers: Vec<_> = tickers.iter().map(MarketTicker::as_str).collect();
    (!tickers.is_empty()).then(|| tickers.join(","))
}
