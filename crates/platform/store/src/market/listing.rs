//! Markets as the exchange lists them.

use rec_domain::{
    MarketTicker, Timestamp,
    market::{Market, MarketStatus},
};

use super::MarketData;
use crate::{error::Result, shape, time::to_db};

/// The word under which a status is searched for.
fn status_word(status: &MarketStatus) -> String {
    let word = match status {
        MarketStatus::Initialized => "initialized",
        MarketStatus::Inactive => "inactive",
        MarketStatus::Active => "active",
        MarketStatus::Closed => "closed",
        MarketStatus::Determined => "determined",
        MarketStatus::Disputed => "disputed",
        MarketStatus::Amended => "amended",
        MarketStatus::Finalized => "finalized",
        MarketStatus::Other(word) => word,
    };
    shape::text(word)
}

impl MarketData {
    /// Stores markets as they are now; those that did not change cost nothing.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn upsert_markets(&self, markets: &[Market]) -> Result<()> {
        if markets.is_empty() {
            return Ok(());
        }
        let text = |of: fn(&Market) -> &str| -> Vec<String> { markets.iter().map(|m| of(m).to_owned()).collect() };
        let instants = |of: fn(&Market) -> Timestamp| -> Vec<_> { markets.iter().map(|m| to_db(of(m))).collect() };
        let tickers = text(|market| market.ticker.as_str());
        let events = text(|market| market.event.as_str());
        let series = text(|market| market.series.as_str());
        let statuses: Vec<String> = markets.iter().map(|market| status_word(&market.status)).collect();
        let opens = instants(|market| market.open_time);
        let closes = instants(|market| market.close_time);
        let shards: Vec<i32> = markets.iter().map(|market| market.exchange_index.get()).collect();
        let volumes: Vec<i64> = markets.iter().map(|market| market.volume.units()).collect();
        let bodies = markets.iter().map(|market| shape::json("a market", market)).collect::<Result<Vec<_>>>()?;
        let mut transaction = self.begin().await?;
        // DISTINCT ON: one statement may not touch a row twice. The order is that of any other writer's locks.
        sqlx::query!(
            "INSERT INTO market.markets
                (ticker, event, series, status, open_time, close_time, exchange_index, volume_e2, body)
             SELECT DISTINCT ON (ticker) ticker, event, series, status, opens, closes, shard, volume, body
             FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[],
                $7::integer[], $8::bigint[], $9::jsonb[]) WITH ORDINALITY
                AS new (ticker, event, series, status, opens, closes, shard, volume, body, place)
             ORDER BY ticker, place DESC
             ON CONFLICT (ticker) DO UPDATE SET
                event = excluded.event, series = excluded.series, status = excluded.status,
                open_time = excluded.open_time, close_time = excluded.close_time,
                exchange_index = excluded.exchange_index, volume_e2 = excluded.volume_e2, body = excluded.body,
                updated_at = clock_timestamp()
             WHERE markets.body IS DISTINCT FROM excluded.body",
            &tickers,
            &events,
            &series,
            &statuses,
            &opens,
            &closes,
            &shards,
            &volumes,
            &bodies,
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Stored markets that close in `[from, until)`, by close and name; at most `limit`.
    ///
    /// # Errors
    /// When the database does not answer, or a market cannot be read.
    pub async fn markets_closing(&self, from: Timestamp, until: Timestamp, limit: u32) -> Result<Vec<Market>> {
        let bodies = sqlx::query_scalar!(
            "SELECT body FROM market.markets WHERE close_time >= $1 AND close_time < $2
             ORDER BY close_time, ticker LIMIT $3",
            to_db(from),
            to_db(until),
            i64::from(limit),
        )
        .fetch_all(&self.database.pool)
        .await?;
        bodies.into_iter().map(|body| shape::from_json("a market", body)).collect()
    }

    /// A stored market; `None` when it never was.
    ///
    /// # Errors
    /// When the database does not answer, or the market cannot be read.
    pub async fn market(&self, ticker: &MarketTicker) -> Result<Option<Market>> {
        let body = sqlx::query_scalar!("SELECT body FROM market.markets WHERE ticker = $1", ticker.as_str())
            .fetch_optional(&self.database.pool)
            .await?;
        body.map(|body| shape::from_json("a market", body)).transpose()
    }
}
