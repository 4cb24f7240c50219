//! Series in time: spot ticks, index prints, momentum.

use rec_domain::{Fresh, Timestamp, UsdPrice, index::IndexPrint, momentum::MomentumReading};

use super::MarketData;
use crate::{
    error::Result,
    shape,
    time::{from_db, to_db},
};

impl MarketData {
    /// Appends prices of the underlying at spot venues.
    ///
    /// # Errors
    /// When the database does not answer, or a price is not positive.
    pub async fn append_ticks(&self, ticks: &[Fresh<UsdPrice>]) -> Result<()> {
        if ticks.is_empty() {
            return Ok(());
        }
        self.ensure_partitions(ticks.iter().map(|tick| tick.observed_at)).await?;
        let venues: Vec<String> = ticks.iter().map(|tick| shape::text(&tick.source)).collect();
        let observed: Vec<_> = ticks.iter().map(|tick| to_db(tick.observed_at)).collect();
        let received: Vec<_> = ticks.iter().map(|tick| to_db(tick.received_at)).collect();
        let prices: Vec<i64> = ticks.iter().map(|tick| tick.value.units()).collect();
        let mut transaction = self.begin().await?;
        sqlx::query!(
            "INSERT INTO market.ticks (venue, observed_at, received_at, price_e6)
             SELECT * FROM unnest($1::text[], $2::timestamptz[], $3::timestamptz[], $4::bigint[])",
            &venues,
            &observed,
            &received,
            &prices,
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Appends prints of an index; one that is there already stays as it is.
    ///
    /// # Errors
    /// When the database does not answer, or a value is not positive.
    pub async fn append_index_prints(&self, index: &str, prints: &[IndexPrint]) -> Result<()> {
        if prints.is_empty() {
            return Ok(());
        }
        self.ensure_partitions(prints.iter().map(|print| print.stamped_at)).await?;
        let stamped: Vec<_> = prints.iter().map(|print| to_db(print.stamped_at)).collect();
        let received: Vec<_> = prints.iter().map(|print| to_db(print.received_at)).collect();
        let values: Vec<i64> = prints.iter().map(|print| print.value.units()).collect();
        let mut transaction = self.begin().await?;
        sqlx::query!(
            "INSERT INTO market.index_prints (index_name, stamped_at, received_at, value_e6)
             SELECT $1, * FROM unnest($2::timestamptz[], $3::timestamptz[], $4::bigint[])
             ON CONFLICT (index_name, stamped_at) DO NOTHING",
            index,
            &stamped,
            &received,
            &values,
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Prints of an index stamped in `[from, until)`, in order.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn index_prints(&self, index: &str, from: Timestamp, until: Timestamp) -> Result<Vec<IndexPrint>> {
        let rows = sqlx::query!(
            "SELECT stamped_at, received_at, value_e6 FROM market.index_prints
             WHERE index_name = $1 AND stamped_at >= $2 AND stamped_at < $3 ORDER BY stamped_at",
            index,
            to_db(from),
            to_db(until),
        )
        .fetch_all(&self.database.pool)
        .await?;
        let prints = rows.into_iter().map(|row| IndexPrint {
            stamped_at: from_db(row.stamped_at),
            value: UsdPrice::from_units(row.value_e6),
            received_at: from_db(row.received_at),
        });
        Ok(prints.collect())
    }

    /// Ticks of every venue observed in `[from, until)`, in order; at most `limit`.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn ticks(&self, from: Timestamp, until: Timestamp, limit: u32) -> Result<Vec<Fresh<UsdPrice>>> {
        let rows = sqlx::query!(
            "SELECT venue, observed_at, received_at, price_e6 FROM market.ticks
             WHERE observed_at >= $1 AND observed_at < $2 ORDER BY observed_at LIMIT $3",
            to_db(from),
            to_db(until),
            i64::from(limit),
        )
        .fetch_all(&self.database.pool)
        .await?;
        let ticks = rows.into_iter().map(|row| Fresh {
            value: UsdPrice::from_units(row.price_e6),
            source: row.venue,
            observed_at: from_db(row.observed_at),
            received_at: from_db(row.received_at),
        });
        Ok(ticks.collect())
    }

    /// Appends readings of momentum.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn append_momentum(&self, readings: &[MomentumReading]) -> Result<()> {
        if readings.is_empty() {
            return Ok(());
        }
        self.ensure_partitions(readings.iter().map(|reading| reading.at)).await?;
        let mut transaction = self.begin().await?;
        // One at a time: there is one a second, and Postgres has no arrays of arrays of different length.
        for reading in readings {
            sqlx::query!(
                "INSERT INTO market.momentum (at, score_percent, deltas_percent) VALUES ($1, $2, $3)",
                to_db(reading.at),
                reading.score_percent,
                &reading.deltas_percent as &[Option<f64>],
            )
            .execute(&mut *transaction)
            .await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Readings of momentum in `[from, until)`, in order; at most `limit`.
    ///
    /// # Errors
    /// When the database does not answer, or a reading cannot be read.
    pub async fn momentum(&self, from: Timestamp, until: Timestamp, limit: u32) -> Result<Vec<MomentumReading>> {
        let rows = sqlx::query!(
            r#"SELECT at, score_percent, deltas_percent AS "deltas_percent: Vec<Option<f64>>" FROM market.momentum
             WHERE at >= $1 AND at < $2 ORDER BY at LIMIT $3"#,
            to_db(from),
            to_db(until),
            i64::from(limit),
        )
        .fetch_all(&self.database.pool)
        .await?;
        rows.into_iter()
            .map(|row| {
                let deltas_percent = row.deltas_percent.try_into().map_err(|deltas: Vec<_>| {
                    crate::StoreError::unreadable("momentum", format!("it has {} periods", deltas.len()))
                })?;
                Ok(MomentumReading { at: from_db(row.at), score_percent: row.score_percent, deltas_percent })
            })
            .collect()
    }
}
