//! What was won or lost, after fees, by what.

use rec_domain::Money;

use super::Ledger;
use crate::{error::Result, shape};

/// What profit is added up by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProfitBy {
    /// Each trade.
    Trade,
    /// Each market.
    Market,
    /// Each event.
    Event,
    /// Each Eastern day, by the instants of what was booked.
    Day,
}

impl ProfitBy {
    /// Every way.
    pub const ALL: &'static [Self] = &[Self::Trade, Self::Market, Self::Event, Self::Day];

    /// Lower-case name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Trade => "trade",
            Self::Market => "market",
            Self::Event => "event",
            Self::Day => "day",
        }
    }
}

/// What one of them won or lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profit {
    /// Number of the trade, ticker of market or event, or the date.
    pub of: String,
    /// Postings that it is the sum of.
    pub postings: u64,
    /// Won (positive) or lost by selling and settling, before fees.
    pub result: Money,
    /// Fees.
    pub fees: Money,
    /// What is left.
    pub profit: Money,
}

impl Ledger {
    /// Profit after fees of all that was booked, in the order in which it began.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn profit(&self, by: ProfitBy) -> Result<Vec<Profit>> {
        let rows = sqlx::query!(
            r#"SELECT CASE $1
                    WHEN 'trade' THEN coalesce(trades.id::text, '')
                    WHEN 'market' THEN coalesce(trades.ticker, '')
                    WHEN 'event' THEN coalesce(trades.event, '')
                    ELSE (postings.at AT TIME ZONE 'America/New_York')::date::text
                END AS "of!",
                count(DISTINCT postings.number) AS "postings!",
                coalesce(sum(lines.amount_micros) FILTER (WHERE lines.ledger = 'result'), 0)::bigint AS "lost!",
                coalesce(sum(lines.amount_micros) FILTER (WHERE lines.ledger = 'fees'), 0)::bigint AS "fees!"
             FROM desk.postings
             JOIN desk.posting_lines AS lines ON lines.posting = postings.number AND lines.ledger IN ('result', 'fees')
             LEFT JOIN desk.trades ON trades.id = postings.trade_id
             GROUP BY 1 ORDER BY min(postings.number)"#,
            by.name(),
        )
        .fetch_all(&self.database.pool)
        .await?;
        rows.into_iter()
            .map(|row| {
                let (result, fees) = (-Money::from_micros(row.lost), Money::from_micros(row.fees));
                let postings = shape::count("a number of postings", row.postings)?;
                Ok(Profit { of: row.of, postings, result, fees, profit: result - fees })
            })
            .collect()
    }
}
