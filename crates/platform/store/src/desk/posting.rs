//! Entries in the books and what they add up to.

use std::collections::BTreeMap;

use rec_domain::{
    ExchangeIndex, FillId, MarketTicker, Money, Timestamp, TradeId,
    ledger::{Account, Posting, PostingKind},
    trade::Trade,
};
use sqlx::PgExecutor;

use crate::{
    error::{Result, StoreError},
    link::Link,
    shape,
    time::{from_db, to_db},
};

/// An account of the ledger in columns.
pub(crate) struct AccountRow {
    pub(crate) ledger: String,
    pub(crate) exchange_index: Option<i32>,
    pub(crate) subaccount: Option<i32>,
    pub(crate) ticker: Option<String>,
    pub(crate) side: Option<String>,
}

impl AccountRow {
    fn of(account: &Account) -> Result<Self> {
        let plain = |ledger: &str| Self {
            ledger: ledger.to_owned(),
            exchange_index: None,
            subaccount: None,
            ticker: None,
            side: None,
        };
        Ok(match account {
            Account::Cash { exchange_index } => Self { exchange_index: Some(exchange_index.get()), ..plain("cash") },
            Account::Reserved { exchange_index } => {
                Self { exchange_index: Some(exchange_index.get()), ..plain("reserved") }
            }
            Account::Transit => plain("transit"),
            Account::Subaccount { subaccount } => {
                let number = i32::try_from(*subaccount)
                    .map_err(|error| StoreError::unreadable("the number of a subaccount", error))?;
                Self { subaccount: Some(number), ..plain("subaccount") }
            }
            Account::Position { ticker, side } => Self {
                ticker: Some(ticker.as_str().to_owned()),
                side: Some(side.name().to_owned()),
                ..plain("position")
            },
            Account::Fees => plain("fees"),
            Account::Result => plain("result"),
            Account::Capital => plain("capital"),
            Account::Interest => plain("interest"),
            Account::Adjustment => plain("adjustment"),
        })
    }

    pub(crate) fn into_domain(self) -> Result<Account> {
        let row = (self.ledger.as_str(), self.exchange_index, self.subaccount, self.ticker, self.side);
        match row {
            ("cash", Some(index), None, None, None) => Ok(Account::Cash { exchange_index: ExchangeIndex::new(index) }),
            ("reserved", Some(index), None, None, None) => {
                Ok(Account::Reserved { exchange_index: ExchangeIndex::new(index) })
            }
            ("transit", None, None, None, None) => Ok(Account::Transit),
            ("subaccount", None, Some(number), None, None) => {
                Ok(Account::Subaccount { subaccount: shape::count("the number of a subaccount", number.into())? })
            }
            ("position", None, None, Some(ticker), Some(side)) => {
                Ok(Account::Position { ticker: MarketTicker::new(ticker), side: shape::side(&side)? })
            }
            ("fees", None, None, None, None) => Ok(Account::Fees),
            ("result", None, None, None, None) => Ok(Account::Result),
            ("capital", None, None, None, None) => Ok(Account::Capital),
            ("interest", None, None, None, None) => Ok(Account::Interest),
            ("adjustment", None, None, None, None) => Ok(Account::Adjustment),
            (other, ..) => Err(StoreError::unreadable("an account of the ledger", format!("\"{other}\""))),
        }
    }
}

/// A posting with its lines.
pub(super) async fn insert(connection: &mut Link, posting: &Posting) -> Result<()> {
    sqlx::query!(
        "INSERT INTO desk.postings (number, at, kind, trade_id, fill_id, note) VALUES ($1, $2, $3, $4, $5, $6)",
        posting.number,
        to_db(posting.at),
        posting.kind.name(),
        posting.trade.map(TradeId::get),
        posting.fill.as_ref().map(FillId::as_str),
        shape::text(&posting.note),
    )
    .execute(&mut *connection)
    .await?;
    for (line, (account, amount)) in (1_i16..).zip(posting.lines()) {
        let row = AccountRow::of(account)?;
        sqlx::query!(
            "INSERT INTO desk.posting_lines
                (posting, line, ledger, exchange_index, subaccount, ticker, side, amount_micros)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            posting.number,
            line,
            row.ledger,
            row.exchange_index,
            row.subaccount,
            row.ticker,
            row.side,
            amount.micros(),
        )
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// The last posting by which each of `trades` was paid.
pub(super) async fn payments(connection: &mut Link, trades: &[Trade]) -> Result<Vec<Posting>> {
    let trades: Vec<i64> = trades.iter().map(|trade| trade.id.get()).collect();
    let rows = sqlx::query!(
        r#"SELECT DISTINCT ON (trade_id) number, at, trade_id AS "trade_id!", note FROM desk.postings
         WHERE kind = 'settlement' AND trade_id = ANY ($1) ORDER BY trade_id, number DESC"#,
        &trades
    )
    .fetch_all(&mut *connection)
    .await?;
    let numbers: Vec<i64> = rows.iter().map(|row| row.number).collect();
    let stored = sqlx::query!(
        "SELECT posting, ledger, exchange_index, subaccount, ticker, side, amount_micros FROM desk.posting_lines
         WHERE posting = ANY ($1) ORDER BY posting, line",
        &numbers
    )
    .fetch_all(connection)
    .await?;
    let mut lines: BTreeMap<i64, Vec<(Account, Money)>> = BTreeMap::new();
    for row in stored {
        let account = AccountRow {
            ledger: row.ledger,
            exchange_index: row.exchange_index,
            subaccount: row.subaccount,
            ticker: row.ticker,
            side: row.side,
        };
        let line = (account.into_domain()?, Money::from_micros(row.amount_micros));
        lines.entry(row.posting).or_default().push(line);
    }
    rows.into_iter()
        .map(|row| {
            let (number, trade) = (row.number, Some(TradeId::new(row.trade_id)));
            let lines = lines.remove(&number).unwrap_or_default();
            Posting::new(number, from_db(row.at), PostingKind::Settlement, trade, None, row.note, lines)
                .map_err(|unbalanced| StoreError::unreadable("a posting", format!("{number}: {unbalanced}")))
        })
        .collect()
}

/// When the ledger was opened with what the exchange had.
pub(super) async fn opened_at(connection: &mut Link) -> Result<Option<Timestamp>> {
    let at =
        sqlx::query_scalar!("SELECT max(at) FROM desk.postings WHERE kind = 'opening'").fetch_one(connection).await?;
    Ok(at.map(from_db))
}

/// The balance of every account that was ever posted to.
pub(crate) async fn balances(executor: impl PgExecutor<'_>) -> Result<BTreeMap<Account, Money>> {
    let rows = sqlx::query!(
        r#"SELECT ledger AS "ledger!", exchange_index, subaccount, ticker, side, balance_micros AS "balance_micros!"
         FROM desk.ledger_balances"#
    )
    .fetch_all(executor)
    .await?;
    rows.into_iter()
        .map(|row| {
            let account = AccountRow {
                ledger: row.ledger,
                exchange_index: row.exchange_index,
                subaccount: row.subaccount,
                ticker: row.ticker,
                side: row.side,
            };
            Ok((account.into_domain()?, Money::from_micros(row.balance_micros)))
        })
        .collect()
}
