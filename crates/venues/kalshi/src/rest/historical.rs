//! What is older than the ordinary lists reach ([`Client::historical_cutoff`]).

use rec_domain::{
    EventTicker, MarketTicker, SeriesTicker, Timestamp,
    report::{FillReport, OrderReport},
};

use super::{
    client::{Auth, Client, Query},
    error::RestError,
    market_data::{ROWS_PER_PAGE, at, ceiling, query},
    market_history::{CandlesQuery, TradesQuery},
    paging::Pages,
};
use crate::rows::{
    Candle, Cursor, MarketRow, Page, PositionRow, TradeRow,
    list::{Row, Strictness, read_member, read_page},
};

/// Which old rows to list. What a list has no filter for is not sent to it.
#[derive(Debug, Clone, Default)]
pub struct HistoricalQuery {
    /// Of one series (markets).
    pub series: Option<SeriesTicker>,
    /// Of one event (markets, positions).
    pub event: Option<EventTicker>,
    /// Of one market.
    pub ticker: Option<MarketTicker>,
    /// At or before this instant (orders, fills).
    pub until: Option<Timestamp>,
}

impl HistoricalQuery {
    fn parameters<const N: usize>(&self, wanted: [&'static str; N], cursor: Option<&Cursor>) -> Query {
        let mut parameters = query([("limit", Some(ROWS_PER_PAGE.to_string())), ("cursor", at(cursor))]);
        let value = |name: &str| match name {
            "series_ticker" => self.series.as_ref().map(ToString::to_string),
            "event_ticker" => self.event.as_ref().map(ToString::to_string),
            "ticker" | "tickers" => self.ticker.as_ref().map(ToString::to_string),
            _ => ceiling(self.until),
        };
        parameters.extend(wanted.into_iter().filter_map(|name| Some((name, value(name)?))));
        parameters
    }
}

impl Client {
    async fn old_page<T: Row>(&self, list: &str, parameters: Query, auth: Auth) -> Result<Page<T>, RestError> {
        self.get(&["historical", list], &parameters, auth, |body| read_page(body, Strictness::Strict)).await
    }

    /// One page of markets that were paid before the cutoff.
    ///
    /// # Errors
    /// When there is no readable answer.
    pub async fn historical_markets_page(
        &self,
        wanted: &HistoricalQuery,
        cursor: Option<&Cursor>,
    ) -> Result<Page<MarketRow>, RestError> {
        let parameters = wanted.parameters(["series_ticker", "event_ticker", "tickers"], cursor);
        let read = |body: &str| read_page(body, Strictness::Tolerant);
        self.get(&["historical", "markets"], &parameters, Auth::None, read).await
    }

    /// All markets that were paid before the cutoff, page by page.
    #[must_use]
    pub fn historical_markets<'a>(&'a self, wanted: &'a HistoricalQuery) -> Pages<'a, MarketRow> {
        Pages::new(move |cursor| Box::pin(async move { self.historical_markets_page(wanted, cursor.as_ref()).await }))
    }

    /// One market that was paid before the cutoff.
    ///
    /// # Errors
    /// When there is no readable answer.
    pub async fn historical_market(&self, ticker: &MarketTicker) -> Result<MarketRow, RestError> {
        let read = |body: &str| read_member(body, "market");
        self.get(&["historical", "markets", ticker.as_str()], &Query::new(), Auth::None, read).await
    }

    /// The candlesticks of a market that was paid before the cutoff, the oldest first.
    ///
    /// # Errors
    /// When there is no answer, or any candlestick of it cannot be read.
    pub async fn historical_candles(
        &self,
        ticker: &MarketTicker,
        wanted: CandlesQuery,
    ) -> Result<Vec<Candle>, RestError> {
        let path = ["historical", "markets", ticker.as_str(), "candlesticks"];
        let read = |body: &str| read_page(body, Strictness::Strict).map(|page| page.items);
        self.get(&path, &wanted.parameters(), Auth::None, read).await
    }

    /// One page of public trades from before the cutoff.
    ///
    /// # Errors
    /// When there is no answer, or any row of it cannot be read.
    pub async fn historical_trades_page(
        &self,
        wanted: &TradesQuery,
        cursor: Option<&Cursor>,
    ) -> Result<Page<TradeRow>, RestError> {
        self.old_page("trades", wanted.parameters(cursor), Auth::None).await
    }

    /// All public trades from before the cutoff, page by page.
    #[must_use]
    pub fn historical_trades<'a>(&'a self, wanted: &'a TradesQuery) -> Pages<'a, TradeRow> {
        Pages::new(move |cursor| Box::pin(async move { self.historical_trades_page(wanted, cursor.as_ref()).await }))
    }

    /// One page of orders that ended before the cutoff.
    ///
    /// # Errors
    /// When there is no answer, or any row of it cannot be read.
    pub async fn historical_orders_page(
        &self,
        wanted: &HistoricalQuery,
        cursor: Option<&Cursor>,
    ) -> Result<Page<OrderReport>, RestError> {
        self.old_page("orders", wanted.parameters(["ticker", "max_ts"], cursor), Auth::Required).await
    }

    /// All orders that ended before the cutoff, page by page.
    #[must_use]
    pub fn historical_orders<'a>(&'a self, wanted: &'a HistoricalQuery) -> Pages<'a, OrderReport> {
        Pages::new(move |cursor| Box::pin(async move { self.historical_orders_page(wanted, cursor.as_ref()).await }))
    }

    /// One page of fills from before the cutoff.
    ///
    /// # Errors
    /// When there is no answer, or any row of it cannot be read.
    pub async fn historical_fills_page(
        &self,
        wanted: &HistoricalQuery,
        cursor: Option<&Cursor>,
    ) -> Result<Page<FillReport>, RestError> {
        self.old_page("fills", wanted.parameters(["ticker", "max_ts"], cursor), Auth::Required).await
    }

    /// All fills from before the cutoff, page by page.
    #[must_use]
    pub fn historical_fills<'a>(&'a self, wanted: &'a HistoricalQuery) -> Pages<'a, FillReport> {
        Pages::new(move |cursor| Box::pin(async move { self.historical_fills_page(wanted, cursor.as_ref()).await }))
    }

    /// One page of positions that were paid before the cutoff.
    ///
    /// # Errors
    /// When there is no answer, or any row of it cannot be read.
    pub async fn historical_positions_page(
        &self,
        wanted: &HistoricalQuery,
        cursor: Option<&Cursor>,
    ) -> Result<Page<PositionRow>, RestError> {
        self.old_page("positions", wanted.parameters(["ticker", "event_ticker"], cursor), Auth::Required).await
    }

    /// All positions that were paid before the cutoff, page by page.
    #[must_use]
    pub fn historical_positions<'a>(&'a self, wanted: &'a HistoricalQuery) -> Pages<'a, PositionRow> {
        Pages::new(move |cursor| Box::pin(async move { self.historical_positions_page(wanted, cursor.as_ref()).await }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rest::canned::{Canned, client};

    #[tokio::test]
    async fn a_list_is_sent_the_filters_that_it_has() {
        let (client, log) = client(vec![
            Canned::answer(200, r#"{"markets":[],"cursor":""}"#),
            Canned::answer(200, r#"{"fills":[],"cursor":""}"#),
            Canned::answer(200, r#"{"market_positions":[],"event_positions":[],"cursor":""}"#),
        ])
        .await;
        let wanted = HistoricalQuery {
            series: Some(SeriesTicker::new("S")),
            event: Some(EventTicker::new("E")),
            ticker: Some(MarketTicker::new("T")),
            until: Some(Timestamp::from_millis(7_900)),
        };
        client.historical_markets(&wanted).all().await.expect("read");
        client.historical_fills(&wanted).all().await.expect("read");
        client.historical_positions(&wanted).all().await.expect("read");
        let asked: Vec<String> =
            log.requests().iter().filter_map(|request| Some(request.split(' ').nth(1)?.to_owned())).collect();
        assert_eq!(
            asked,
            [
                "/trade-api/v2/historical/markets?limit=1000&series_ticker=S&event_ticker=E&tickers=T",
                "/trade-api/v2/historical/fills?limit=1000&ticker=T&max_ts=8",
                "/trade-api/v2/historical/positions?limit=1000&ticker=T&event_ticker=E",
            ]
        );
    }
}
