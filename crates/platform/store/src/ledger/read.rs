//! Postings as their columns stand, whatever they say.

use chrono::{DateTime, Utc};
use rec_domain::{Money, TradeId, ledger::Posting};

use super::Ledger;
use crate::{
    desk::posting::AccountRow,
    error::{Result, StoreError},
    link::Link,
    shape,
    time::from_db,
};

/// A posting's own columns, and its link in the chain.
#[derive(Debug, Clone)]
pub(super) struct StoredPosting {
    pub(super) number: i64,
    pub(super) account: String,
    pub(super) mode: String,
    pub(super) at: DateTime<Utc>,
    pub(super) kind: String,
    pub(super) trade_id: Option<i64>,
    pub(super) fill_id: Option<String>,
    pub(super) note: String,
    pub(super) previous: Option<Vec<u8>>,
    pub(super) hash: Option<Vec<u8>>,
}

/// A line's columns.
#[derive(Debug, Clone)]
pub(super) struct StoredLine {
    pub(super) posting: i64,
    pub(super) line: i16,
    pub(super) account: String,
    pub(super) mode: String,
    pub(super) ledger: String,
    pub(super) exchange_index: Option<i32>,
    pub(super) subaccount: Option<i32>,
    pub(super) ticker: Option<String>,
    pub(super) side: Option<String>,
    pub(super) amount_micros: i64,
}

/// The postings after number `after`, at most `limit`, each with its lines.
pub(super) async fn postings(
    connection: &mut Link,
    after: i64,
    limit: i64,
) -> Result<Vec<(StoredPosting, Vec<StoredLine>)>> {
    let postings = sqlx::query_as!(
        StoredPosting,
        r#"SELECT number, account, mode, at, kind, trade_id, fill_id, note, links.previous AS "previous?",
            links.hash AS "hash?"
         FROM desk.postings LEFT JOIN desk.posting_hashes AS links ON links.posting = number
         WHERE number > $1 ORDER BY number LIMIT $2"#,
        after,
        limit,
    )
    .fetch_all(&mut *connection)
    .await?;
    let numbers: Vec<i64> = postings.iter().map(|posting| posting.number).collect();
    let lines = sqlx::query_as!(
        StoredLine,
        "SELECT posting, line, account, mode, ledger, exchange_index, subaccount, ticker, side, amount_micros
         FROM desk.posting_lines WHERE posting = ANY ($1) ORDER BY posting, line",
        &numbers,
    )
    .fetch_all(connection)
    .await?;
    let mut lines = lines.into_iter().peekable();
    let with_lines = |posting: StoredPosting| {
        let mut own = Vec::new();
        while let Some(line) = lines.next_if(|line| line.posting == posting.number) {
            own.push(line);
        }
        (posting, own)
    };
    Ok(postings.into_iter().map(with_lines).collect())
}

impl Ledger {
    /// The postings after number `after`, at most `limit`, in order, each with its hash in hexadecimal digits.
    ///
    /// # Errors
    /// When the database does not answer, or a posting cannot be read.
    pub async fn postings(&self, after: i64, limit: u32) -> Result<Vec<(Posting, String)>> {
        let mut connection = self.database.pool.acquire().await?;
        let stored = postings(&mut connection, after, i64::from(limit)).await?;
        stored.into_iter().map(|(posting, lines)| into_domain(posting, lines)).collect()
    }
}

fn into_domain(stored: StoredPosting, lines: Vec<StoredLine>) -> Result<(Posting, String)> {
    let lines = lines.into_iter().map(|line| {
        let account = AccountRow {
            ledger: line.ledger,
            exchange_index: line.exchange_index,
            subaccount: line.subaccount,
            ticker: line.ticker,
            side: line.side,
        };
        Ok((account.into_domain()?, Money::from_micros(line.amount_micros)))
    });
    let lines = lines.collect::<Result<Vec<_>>>()?;
    let posting = Posting::new(
        stored.number,
        from_db(stored.at),
        shape::word("a posting's kind", &stored.kind)?,
        stored.trade_id.map(TradeId::new),
        stored.fill_id.map(rec_domain::FillId::new),
        stored.note,
        lines,
    )
    .map_err(|unbalanced| StoreError::unreadable("a posting", format!("{}: {unbalanced}", stored.number)))?;
    Ok((posting, stored.hash.map(hex::encode).unwrap_or_default()))
}
