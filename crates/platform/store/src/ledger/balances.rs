//! What the postings say of fills, settlements and trades, against those themselves.

use super::check::LedgerCheck;
use crate::{error::Result, link::Link};

/// Faults of each rule that are told.
const MOST: i64 = 20;

/// Finds fills and settlements without exactly one posting of their own amounts, and trades and positions that the
/// postings do not add up to.
pub(super) async fn check(connection: &mut Link, check: &mut LedgerCheck) -> Result<()> {
    let counts = sqlx::query!(
        r#"SELECT (SELECT count(*) FROM desk.fills) AS "fills!", (SELECT count(*) FROM desk.settlements) AS "settlements!""#
    )
    .fetch_one(&mut *connection)
    .await?;
    (check.fills, check.settlements) = (counts.fills, counts.settlements);
    fills(connection, check).await?;
    settlements(connection, check).await?;
    trades(connection, check).await?;
    positions(connection, check).await
}

async fn fills(connection: &mut Link, check: &mut LedgerCheck) -> Result<()> {
    let rows = sqlx::query!(
        r#"SELECT fills.fill_id, count(postings.number) AS "postings!", max(postings.number) AS "last"
         FROM desk.fills LEFT JOIN desk.postings ON postings.fill_id = fills.fill_id
         GROUP BY fills.fill_id HAVING count(postings.number) <> 1 ORDER BY 3, 1 LIMIT $1"#,
        MOST,
    )
    .fetch_all(&mut *connection)
    .await?;
    for row in rows {
        check.fault(row.last, "fill", format!("fill {} has {} postings instead of one", row.fill_id, row.postings));
    }
    let rows = sqlx::query!(
        r#"SELECT postings.number, fills.fill_id
         FROM desk.postings JOIN desk.fills USING (fill_id)
         LEFT JOIN desk.posting_lines AS lines ON lines.posting = postings.number
         GROUP BY postings.number, fills.fill_id
         HAVING postings.kind NOT IN ('entry', 'exit') OR postings.trade_id IS DISTINCT FROM fills.trade_id
             OR postings.at <> fills.at
             OR coalesce(sum(lines.amount_micros) FILTER (WHERE lines.ledger = 'fees'), 0) <> fills.fee_micros
             OR coalesce(sum(lines.amount_micros) FILTER (WHERE lines.ledger = 'cash'), 0) <> -fills.fee_micros
                 + CASE postings.kind WHEN 'entry' THEN -1 ELSE 1 END * fills.price_e4 * fills.quantity_e2
         ORDER BY 1 LIMIT $1"#,
        MOST,
    )
    .fetch_all(&mut *connection)
    .await?;
    for row in rows {
        check.fault(Some(row.number), "fill", format!("its amounts are not those of fill {}", row.fill_id));
    }
    let rows = sqlx::query!(
        r#"SELECT number, kind FROM desk.postings
         WHERE kind IN ('entry', 'exit') AND NOT EXISTS (SELECT FROM desk.fills WHERE fills.fill_id = postings.fill_id)
         ORDER BY 1 LIMIT $1"#,
        MOST,
    )
    .fetch_all(connection)
    .await?;
    for row in rows {
        check.fault(Some(row.number), "fill", format!("it is an {} without a fill", row.kind));
    }
    Ok(())
}

/// A trade's payments and its settlements are the same, instant by instant and sum by sum.
async fn settlements(connection: &mut Link, check: &mut LedgerCheck) -> Result<()> {
    let rows = sqlx::query!(
        r#"WITH paid AS (
             SELECT postings.number, postings.trade_id, postings.at,
                 coalesce(sum(lines.amount_micros) FILTER (WHERE lines.ledger IN ('cash', 'fees')), 0) AS amount
             FROM desk.postings LEFT JOIN desk.posting_lines AS lines ON lines.posting = postings.number
             WHERE postings.kind = 'settlement' GROUP BY postings.number
         ), numbered_paid AS (
             SELECT *, row_number() OVER (PARTITION BY trade_id, at, amount ORDER BY number) AS nth FROM paid
         ), numbered_settled AS (
             SELECT trade_id, settled_at AS at, revenue_micros::numeric AS amount, ticker,
                 row_number() OVER (PARTITION BY trade_id, settled_at, revenue_micros ORDER BY id) AS nth
             FROM desk.settlements
         )
         SELECT paid.number AS "number?", settled.ticker AS "ticker?", coalesce(paid.trade_id, settled.trade_id) AS "trade"
         FROM numbered_paid AS paid
         FULL JOIN numbered_settled AS settled USING (trade_id, at, amount, nth)
         WHERE paid.number IS NULL OR settled.ticker IS NULL ORDER BY 1, 3 LIMIT $1"#,
        MOST,
    )
    .fetch_all(connection)
    .await?;
    for row in rows {
        let trade = row.trade.unwrap_or_default();
        let detail = match row.ticker {
            Some(ticker) => format!("a settlement of {ticker} for trade {trade} has no posting of its amount"),
            None => format!("no settlement of trade {trade} has its instant and amount"),
        };
        check.fault(row.number, "settlement", detail);
    }
    Ok(())
}

/// A trade's own sums are those of its postings.
async fn trades(connection: &mut Link, check: &mut LedgerCheck) -> Result<()> {
    let rows = sqlx::query!(
        r#"WITH posted AS (
             SELECT postings.trade_id AS id, min(postings.number) AS first,
                 coalesce(sum(lines.amount_micros) FILTER (WHERE lines.ledger = 'fees'), 0) AS fees,
                 coalesce(sum(lines.amount_micros) FILTER (WHERE lines.ledger = 'position'), 0) AS open_cost,
                 coalesce(sum(lines.amount_micros) FILTER (WHERE lines.ledger = 'result'), 0) AS result
             FROM desk.postings JOIN desk.posting_lines AS lines ON lines.posting = postings.number
             WHERE postings.trade_id IS NOT NULL GROUP BY postings.trade_id
         )
         SELECT trades.id AS "id!", posted.first AS "first?" FROM desk.trades LEFT JOIN posted USING (id)
         WHERE coalesce(posted.fees, 0) <> trades.fees_micros
             OR coalesce(posted.open_cost, 0) <> trades.open_cost_micros
             OR coalesce(posted.result, 0) <> (trades.entry_cost_micros - trades.open_cost_micros)
                 - trades.exit_proceeds_micros - trades.settlement_revenue_micros
         ORDER BY 1 LIMIT $1"#,
        MOST,
    )
    .fetch_all(connection)
    .await?;
    for row in rows {
        let id = row.id;
        check.fault(None, "trade", format!("trade {id} is not what its postings, from {:?} on, add up to", row.first));
    }
    Ok(())
}

/// What a market and side holds by its balance is what its trades hold at cost.
async fn positions(connection: &mut Link, check: &mut LedgerCheck) -> Result<()> {
    let rows = sqlx::query!(
        r#"WITH held AS (
             SELECT ticker, side, sum(open_cost_micros) AS cost FROM desk.trades GROUP BY ticker, side
         ), posted AS (
             SELECT ticker, side, balance_micros AS cost FROM desk.ledger_balances WHERE ledger = 'position'
         )
         SELECT ticker AS "ticker!", side AS "side!", coalesce(posted.cost, 0)::bigint AS "posted!",
             coalesce(held.cost, 0)::bigint AS "held!"
         FROM held FULL JOIN posted USING (ticker, side)
         WHERE coalesce(posted.cost, 0) <> coalesce(held.cost, 0) ORDER BY 1, 2 LIMIT $1"#,
        MOST,
    )
    .fetch_all(connection)
    .await?;
    for row in rows {
        let (posted, held) = (rec_domain::Money::from_micros(row.posted), rec_domain::Money::from_micros(row.held));
        let detail = format!("{} of {} stands at {posted}, and its trades hold it at {held}", row.side, row.ticker);
        check.fault(None, "balance", detail);
    }
    Ok(())
}
