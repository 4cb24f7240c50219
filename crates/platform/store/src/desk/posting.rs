//! Entries in the books and what they add up to.

use std::collections::BTreeMap;

use rec_domain::{
    ExchangeIndex, FillId, MarketTicker, Money, TradeId,
    ledger::{Account, Posting},
};
use sqlx::{PgConnection, PgExecutor};

use crate::{
    error::{Result, StoreError},
    shape,
    time::to_db,
};

/// An account of the ledger in columns.
pub(crate) struct AccountRow {
    pub(crate) ledger: String,
    pub(crate) exchange_index: Option<i32>,
    pub(crate) ticker: Option<String>,
    pub(crate) side: Option<String>,
}

impl AccountRow {
    fn of(account: &Account) -> Self {
        let plain = |ledger: &str| Self { ledger: ledger.to_owned(), exchange_index: None, ticker: None, side: None };
        match account {
            Account::Cash { exchange_index } => Self { exchange_index: Some(exchange_index.get()), ..plain("cash") },
            Account::Position { ticker, side } => Self {
                ticker: Some(ticker.as_str().to_owned()),
                side: Some(side.name().to_owned()),
                ..plain("position")
            },
            Account::Fees => plain("fees"),
            Account::Result => plain("result"),
            Account::Capital => plain("capital"),
            Account::Adjustment => plain("adjustment"),
        }
    }

    pub(crate) fn into_domain(self) -> Result<Account> {
        match (self.ledger.as_str(), self.exchange_index, self.ticker, self.side) {
            ("cash", Some(index), None, None) => Ok(Account::Cash { exchange_index: ExchangeIndex::new(index) }),
            ("position", None, Some(ticker), Some(side)) => {
                Ok(Account::Position { ticker: MarketTicker::new(ticker), side: shape::side(&side)? })
            }
            ("fees", None, None, None) => Ok(Account::Fees),
            ("result", None, None, None) => Ok(Account::Result),
            ("capital", None, None, None) => Ok(Account::Capital),
            ("adjustment", None, None, None) => Ok(Account::Adjustment),
            (other, ..) => Err(StoreError::unreadable("an account of the ledger", format!("\"{other}\""))),
        }
    }
}

/// A posting with its lines.
pub(super) async fn insert(connection: &mut PgConnection, posting: &Posting) -> Result<()> {
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
        let row = AccountRow::of(account);
        sqlx::query!(
            "INSERT INTO desk.posting_lines (posting, line, ledger, exchange_index, ticker, side, amount_micros)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            posting.number,
            line,
            row.ledger,
            row.exchange_index,
            row.ticker,
            row.side,
            amount.micros(),
        )
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// The balance of every account that was ever posted to.
pub(crate) async fn balances(executor: impl PgExecutor<'_>) -> Result<BTreeMap<Account, Money>> {
    let rows = sqlx::query!(
        r#"SELECT ledger AS "ledger!", exchange_index, ticker, side, balance_micros AS "balance_micros!"
         FROM desk.ledger_balances"#
    )
    .fetch_all(executor)
    .await?;
    rows.into_iter()
        .map(|row| {
            let account = AccountRow {
                ledger: row.ledger,
                exchange_index: row.exchange_index,
                ticker: row.ticker,
                side: row.side,
            };
            Ok((account.into_domain()?, Money::from_micros(row.balance_micros)))
        })
        .collect()
}
