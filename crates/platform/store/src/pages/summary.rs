//! What a desk did since an instant: the end of a demonstration, or a day.

use rec_domain::{EventTicker, Money, Timestamp, order::OrderState, reconciliation::Reconciliation, trade::TradeState};

use super::{Pages, RefusalCount};
use crate::{error::Result, shape, time::to_db};

/// What a desk did since an instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Since when.
    pub since: Timestamp,
    /// Events of stored markets that closed since then and whose result is known, by name.
    pub events_settled: Vec<EventTicker>,
    /// Events that settled since then while a trade was held in one of their markets, by name.
    pub events_held: Vec<EventTicker>,
    /// Orders decided since then, by the state that they are in now; states without any are left out.
    pub orders: Vec<(OrderState, u64)>,
    /// Fills since then.
    pub fills: u64,
    /// Trades begun since then, by the state that they are in now; states without any are left out.
    pub trades: Vec<(TradeState, u64)>,
    /// Won or lost since then, after fees.
    pub realised: Money,
    /// Fees since then.
    pub fees: Money,
    /// Requests to open that the desk refused, by reason.
    pub refusals: Vec<RefusalCount>,
    /// Comparisons with the exchange since then.
    pub comparisons: u64,
    /// Those of them that found a difference.
    pub comparisons_with_differences: u64,
    /// The last comparison, whenever it was.
    pub last_comparison: Option<Reconciliation>,
    /// Whether the books are sound in themselves.
    pub ledger_is_balanced: bool,
}

impl Pages {
    /// Orders that may still fill: those that nobody has answered yet and those of an unknown fate included.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn working_orders(&self) -> Result<u64> {
        let ended: Vec<String> =
            OrderState::ALL.iter().filter(|state| state.is_final()).map(|state| state.name().to_owned()).collect();
        let count =
            sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM desk.orders WHERE state <> ALL ($1)"#, &ended)
                .fetch_one(&self.database.pool)
                .await?;
        shape::count("a number of orders", count)
    }

    /// What the desk did since `since`.
    ///
    /// # Errors
    /// When the database does not answer, or something cannot be read.
    pub async fn summary(&self, since: Timestamp) -> Result<Summary> {
        let pool = &self.database.pool;
        let from = to_db(since);
        let events_settled = sqlx::query_scalar!(
            "SELECT DISTINCT event FROM market.markets
             WHERE close_time >= $1 AND status IN ('determined', 'amended', 'finalized') ORDER BY 1",
            from,
        )
        .fetch_all(pool)
        .await?;
        let orders = sqlx::query!(
            r#"SELECT state, count(*) AS "count!" FROM desk.orders WHERE created_at >= $1 GROUP BY state"#,
            from,
        )
        .fetch_all(pool)
        .await?;
        let trades = sqlx::query!(
            r#"SELECT state, count(*) AS "count!" FROM desk.trades WHERE created_at >= $1 GROUP BY state"#,
            from,
        )
        .fetch_all(pool)
        .await?;
        let fills = sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM desk.fills WHERE at >= $1"#, from)
            .fetch_one(pool)
            .await?;
        let money = sqlx::query!(
            r#"SELECT coalesce(sum(lines.amount_micros), 0)::bigint AS "lost!",
                coalesce(sum(lines.amount_micros) FILTER (WHERE lines.ledger = 'fees'), 0)::bigint AS "fees!"
             FROM desk.posting_lines AS lines
             JOIN desk.postings ON postings.number = lines.posting
             WHERE lines.ledger IN ('result', 'fees') AND postings.at >= $1"#,
            from,
        )
        .fetch_one(pool)
        .await?;
        let comparisons = sqlx::query!(
            r#"SELECT count(*) AS "all!", count(*) FILTER (WHERE NOT clean) AS "unclean!"
             FROM desk.reconciliations WHERE at >= $1"#,
            from,
        )
        .fetch_one(pool)
        .await?;
        Ok(Summary {
            since,
            events_settled: events_settled.into_iter().map(EventTicker::new).collect(),
            events_held: self.events_held_through_settlement(since).await?,
            orders: orders
                .into_iter()
                .map(|row| {
                    Ok((shape::word("an order's state", &row.state)?, shape::count("a number of orders", row.count)?))
                })
                .collect::<Result<_>>()?,
            fills: shape::count("a number of fills", fills)?,
            trades: trades
                .into_iter()
                .map(|row| {
                    Ok((shape::word("a trade's state", &row.state)?, shape::count("a number of trades", row.count)?))
                })
                .collect::<Result<_>>()?,
            realised: -Money::from_micros(money.lost),
            fees: Money::from_micros(money.fees),
            refusals: self.refusal_counts(since).await?,
            comparisons: shape::count("a number of comparisons", comparisons.all)?,
            comparisons_with_differences: shape::count("a number of comparisons", comparisons.unclean)?,
            last_comparison: self.reconciliations(1).await?.pop(),
            ledger_is_balanced: self.ledger_is_balanced().await?,
        })
    }
}
