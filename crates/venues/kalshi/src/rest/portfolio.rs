//! Reads of the account: cash, positions, orders, fills, settlements, deposits.
//!
//! The exchange's lists lag behind its acknowledgements; `user_data_timestamp` says by how much.

use rec_domain::{
    EventTicker, ExchangeIndex, MarketTicker, OrderId, Timestamp,
    report::{FillReport, OrderReport, SettlementReport},
};

use super::{
    client::{Auth, Client, Query},
    error::RestError,
    market_data::{ROWS_PER_PAGE, at, ceiling, floor, query},
    paging::Pages,
};
use crate::rows::{
    AccountLimits, Balance, Cursor, Deposit, Page, PositionRow, QueuePosition, Withdrawal,
    balance::{read_balance, read_whole_balance},
    limits::read_limits,
    list::{Row, Strictness, read_member, read_page},
};

/// The exchange's words for filtering orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderFilter {
    /// Standing in the book.
    Resting,
    /// Ended without being filled completely.
    Canceled,
    /// Filled completely.
    Executed,
}

impl OrderFilter {
    const fn word(self) -> &'static str {
        match self {
            Self::Resting => "resting",
            Self::Canceled => "canceled",
            Self::Executed => "executed",
        }
    }
}

/// Which orders to list.
#[derive(Debug, Clone, Default)]
pub struct OrdersQuery {
    /// Of one market.
    pub ticker: Option<MarketTicker>,
    /// Of one event.
    pub event: Option<EventTicker>,
    /// In one state.
    pub status: Option<OrderFilter>,
    /// At or after this instant.
    pub since: Option<Timestamp>,
    /// At or before this instant.
    pub until: Option<Timestamp>,
    /// On one shard.
    pub exchange_index: Option<ExchangeIndex>,
}

/// Which fills to list.
#[derive(Debug, Clone, Default)]
pub struct FillsQuery {
    /// Of one market.
    pub ticker: Option<MarketTicker>,
    /// Of one order.
    pub order: Option<OrderId>,
    /// At or after this instant.
    pub since: Option<Timestamp>,
    /// At or before this instant.
    pub until: Option<Timestamp>,
    /// On one shard.
    pub exchange_index: Option<ExchangeIndex>,
}

/// Which positions to list.
#[derive(Debug, Clone, Default)]
pub struct PositionsQuery {
    /// Of one market.
    pub ticker: Option<MarketTicker>,
    /// Of one event.
    pub event: Option<EventTicker>,
    /// Only those that are not flat.
    pub open_only: bool,
    /// On one shard.
    pub exchange_index: Option<ExchangeIndex>,
}

/// Which settlements to list.
#[derive(Debug, Clone, Default)]
pub struct SettlementsQuery {
    /// Of one market.
    pub ticker: Option<MarketTicker>,
    /// Of one event.
    pub event: Option<EventTicker>,
    /// At or after this instant.
    pub since: Option<Timestamp>,
    /// At or before this instant.
    pub until: Option<Timestamp>,
}

/// Deposits of a page, the most that the exchange gives.
pub(crate) const DEPOSITS_PER_PAGE: u32 = 500;

impl Client {
    async fn account_page<T: Row>(
        &self,
        segments: &[&str],
        mut parameters: Query,
        cursor: Option<&Cursor>,
    ) -> Result<Page<T>, RestError> {
        parameters.extend(self.subaccount());
        parameters.extend(at(cursor).map(|cursor| ("cursor", cursor)));
        self.get(segments, &parameters, Auth::Required, |body| read_page(body, Strictness::Strict)).await
    }

    /// Cash: all of it and per shard, or that of one shard.
    ///
    /// # Errors
    /// When there is no readable answer.
    pub async fn balance(&self, shard: Option<ExchangeIndex>) -> Result<Balance, RestError> {
        let mut parameters = query([("exchange_index", shard.map(|shard| shard.to_string()))]);
        parameters.extend(self.subaccount());
        let read = |body: &str| match shard {
            Some(_) => read_balance(body),
            None => read_whole_balance(body),
        };
        self.get(&["portfolio", "balance"], &parameters, Auth::Required, read).await
    }

    /// The account's token buckets.
    ///
    /// # Errors
    /// When there is no readable answer.
    pub async fn account_limits(&self) -> Result<AccountLimits, RestError> {
        self.get(&["account", "limits"], &Query::new(), Auth::Required, read_limits).await
    }

    /// One page of orders.
    ///
    /// # Errors
    /// When there is no answer, or any row of it cannot be read.
    pub async fn orders_page(
        &self,
        wanted: &OrdersQuery,
        cursor: Option<&Cursor>,
    ) -> Result<Page<OrderReport>, RestError> {
        let parameters = query([
            ("limit", Some(ROWS_PER_PAGE.to_string())),
            ("ticker", wanted.ticker.as_ref().map(ToString::to_string)),
            ("event_ticker", wanted.event.as_ref().map(ToString::to_string)),
            ("status", wanted.status.map(|status| status.word().to_owned())),
            ("min_ts", floor(wanted.since)),
            ("max_ts", ceiling(wanted.until)),
            ("exchange_index", wanted.exchange_index.map(|shard| shard.to_string())),
        ]);
        self.account_page(&["portfolio", "orders"], parameters, cursor).await
    }

    /// All orders, page by page. The exchange moves those that ended weeks ago elsewhere.
    #[must_use]
    pub fn orders<'a>(&'a self, wanted: &'a OrdersQuery) -> Pages<'a, OrderReport> {
        Pages::new(move |cursor| Box::pin(async move { self.orders_page(wanted, cursor.as_ref()).await }))
    }

    /// One order. Shortly after a change it may still be as before.
    ///
    /// # Errors
    /// When there is no readable answer.
    pub async fn order(&self, order: &OrderId) -> Result<OrderReport, RestError> {
        let read = |body: &str| read_member(body, "order");
        self.get(&["portfolio", "orders", order.as_str()], &Query::new(), Auth::Required, read).await
    }

    /// One page of fills.
    ///
    /// # Errors
    /// When there is no answer, or any row of it cannot be read.
    pub async fn fills_page(
        &self,
        wanted: &FillsQuery,
        cursor: Option<&Cursor>,
    ) -> Result<Page<FillReport>, RestError> {
        let parameters = query([
            ("limit", Some(ROWS_PER_PAGE.to_string())),
            ("ticker", wanted.ticker.as_ref().map(ToString::to_string)),
            ("order_id", wanted.order.as_ref().map(ToString::to_string)),
            ("min_ts", floor(wanted.since)),
            ("max_ts", ceiling(wanted.until)),
            ("exchange_index", wanted.exchange_index.map(|shard| shard.to_string())),
        ]);
        self.account_page(&["portfolio", "fills"], parameters, cursor).await
    }

    /// All fills, page by page.
    #[must_use]
    pub fn fills<'a>(&'a self, wanted: &'a FillsQuery) -> Pages<'a, FillReport> {
        Pages::new(move |cursor| Box::pin(async move { self.fills_page(wanted, cursor.as_ref()).await }))
    }

    /// One page of positions.
    ///
    /// # Errors
    /// When there is no answer, or any row of it cannot be read.
    pub async fn positions_page(
        &self,
        wanted: &PositionsQuery,
        cursor: Option<&Cursor>,
    ) -> Result<Page<PositionRow>, RestError> {
        let parameters = query([
            ("limit", Some(ROWS_PER_PAGE.to_string())),
            ("ticker", wanted.ticker.as_ref().map(ToString::to_string)),
            ("event_ticker", wanted.event.as_ref().map(ToString::to_string)),
            ("count_filter", wanted.open_only.then(|| "position".to_owned())),
            ("exchange_index", wanted.exchange_index.map(|shard| shard.to_string())),
        ]);
        self.account_page(&["portfolio", "positions"], parameters, cursor).await
    }

    /// All positions, page by page.
    #[must_use]
    pub fn positions<'a>(&'a self, wanted: &'a PositionsQuery) -> Pages<'a, PositionRow> {
        Pages::new(move |cursor| Box::pin(async move { self.positions_page(wanted, cursor.as_ref()).await }))
    }

    /// One page of settlements.
    ///
    /// # Errors
    /// When there is no answer, or any row of it cannot be read.
    pub async fn settlements_page(
        &self,
        wanted: &SettlementsQuery,
        cursor: Option<&Cursor>,
    ) -> Result<Page<SettlementReport>, RestError> {
        let parameters = query([
            ("limit", Some(ROWS_PER_PAGE.to_string())),
            ("ticker", wanted.ticker.as_ref().map(ToString::to_string)),
            ("event_ticker", wanted.event.as_ref().map(ToString::to_string)),
            ("min_ts", floor(wanted.since)),
            ("max_ts", ceiling(wanted.until)),
        ]);
        self.account_page(&["portfolio", "settlements"], parameters, cursor).await
    }

    /// All settlements, page by page.
    #[must_use]
    pub fn settlements<'a>(&'a self, wanted: &'a SettlementsQuery) -> Pages<'a, SettlementReport> {
        Pages::new(move |cursor| Box::pin(async move { self.settlements_page(wanted, cursor.as_ref()).await }))
    }

    /// One page of deposits.
    ///
    /// # Errors
    /// When there is no readable answer; a row that cannot be read is named and left out.
    pub async fn deposits_page(&self, cursor: Option<&Cursor>) -> Result<Page<Deposit>, RestError> {
        let parameters = query([("limit", Some(DEPOSITS_PER_PAGE.to_string())), ("cursor", at(cursor))]);
        let read = |body: &str| read_page(body, Strictness::Tolerant);
        self.get(&["portfolio", "deposits"], &parameters, Auth::Required, read).await
    }

    /// All deposits, page by page.
    #[must_use]
    pub fn deposits(&self) -> Pages<'_, Deposit> {
        Pages::new(move |cursor| Box::pin(async move { self.deposits_page(cursor.as_ref()).await }))
    }

    /// One page of withdrawals.
    ///
    /// # Errors
    /// When there is no readable answer; a row that cannot be read is named and left out.
    pub async fn withdrawals_page(&self, cursor: Option<&Cursor>) -> Result<Page<Withdrawal>, RestError> {
        let parameters = query([("limit", Some(DEPOSITS_PER_PAGE.to_string())), ("cursor", at(cursor))]);
        let read = |body: &str| read_page(body, Strictness::Tolerant);
        self.get(&["portfolio", "withdrawals"], &parameters, Auth::Required, read).await
    }

    /// All withdrawals, page by page.
    #[must_use]
    pub fn withdrawals(&self) -> Pages<'_, Withdrawal> {
        Pages::new(move |cursor| Box::pin(async move { self.withdrawals_page(cursor.as_ref()).await }))
    }

    /// How many contracts trade before each of the orders that rest in these markets.
    ///
    /// # Errors
    /// When there is no readable answer.
    pub async fn queue_positions(&self, markets: &[MarketTicker]) -> Result<Vec<QueuePosition>, RestError> {
        let tickers: Vec<&str> = markets.iter().map(MarketTicker::as_str).collect();
        let mut parameters = query([("market_tickers", Some(tickers.join(",")))]);
        parameters.extend(self.subaccount());
        let read = |body: &str| read_page(body, Strictness::Strict).map(|page| page.items);
        self.get(&["portfolio", "orders", "queue_positions"], &parameters, Auth::Required, read).await
    }
}
