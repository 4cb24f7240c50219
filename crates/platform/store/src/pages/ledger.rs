//! The books: entries, balances, and whether they are sound.

use std::collections::BTreeMap;

use rec_domain::{
    FillId, Money, TradeId,
    ledger::{Account, Posting},
};

use super::Pages;
use crate::{
    desk::posting::{self, AccountRow},
    error::{Result, StoreError},
    shape,
    time::from_db,
};

impl Pages {
    /// The last `limit` entries, newest first.
    ///
    /// # Errors
    /// When the database does not answer, or an entry cannot be read.
    pub async fn postings(&self, limit: u32) -> Result<Vec<Posting>> {
        let mut postings = self.read_postings(None, limit).await?;
        postings.reverse();
        Ok(postings)
    }

    /// Every entry of a trade, in order.
    pub(super) async fn postings_of(&self, trade: TradeId) -> Result<Vec<Posting>> {
        self.read_postings(Some(trade), u32::MAX).await
    }

    async fn read_postings(&self, trade: Option<TradeId>, limit: u32) -> Result<Vec<Posting>> {
        let heads = sqlx::query!(
            "SELECT number, at, kind, trade_id, fill_id, note FROM desk.postings
             WHERE $1::bigint IS NULL OR trade_id = $1 ORDER BY number DESC LIMIT $2",
            trade.map(TradeId::get),
            i64::from(limit),
        )
        .fetch_all(&self.database.pool)
        .await?;
        let numbers: Vec<i64> = heads.iter().map(|head| head.number).collect();
        let rows = sqlx::query!(
            "SELECT posting, ledger, exchange_index, subaccount, ticker, side, amount_micros FROM desk.posting_lines
             WHERE posting = ANY ($1) ORDER BY posting, line",
            &numbers,
        )
        .fetch_all(&self.database.pool)
        .await?;
        let mut lines: BTreeMap<i64, Vec<(Account, Money)>> = BTreeMap::new();
        for row in rows {
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
        heads
            .into_iter()
            .rev()
            .map(|head| {
                Posting::new(
                    head.number,
                    from_db(head.at),
                    shape::word("a posting's kind", &head.kind)?,
                    head.trade_id.map(TradeId::new),
                    head.fill_id.map(FillId::new),
                    head.note,
                    lines.remove(&head.number).unwrap_or_default(),
                )
                .map_err(|unbalanced| StoreError::unreadable("a posting", unbalanced))
            })
            .collect()
    }

    /// The balance of every account that was ever posted to.
    ///
    /// # Errors
    /// When the database does not answer, or an account cannot be read.
    pub async fn balances(&self) -> Result<BTreeMap<Account, Money>> {
        posting::balances(&self.database.pool).await
    }

    /// Whether the books are sound: every entry sums to zero, and their numbers have no gap.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn ledger_is_balanced(&self) -> Result<bool> {
        let sound = sqlx::query_scalar!(
            r#"SELECT NOT EXISTS (
                    SELECT FROM desk.posting_lines GROUP BY posting HAVING sum(amount_micros) <> 0
                ) AND (SELECT count(*) = coalesce(max(number), 0) FROM desk.postings) AS "sound!""#
        )
        .fetch_one(&self.database.pool)
        .await?;
        Ok(sound)
    }
}
