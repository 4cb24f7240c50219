//! Partitions by day, made when the first row of a day comes.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

use chrono::NaiveDate;
use rec_domain::Timestamp;

use super::MarketData;
use crate::{error::Result, time::to_db};

/// Days whose partitions are known to exist.
#[derive(Debug, Clone, Default)]
pub(super) struct Partitions(Arc<Mutex<BTreeSet<NaiveDate>>>);

impl Partitions {
    fn missing(&self, days: BTreeSet<NaiveDate>) -> Vec<NaiveDate> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        days.difference(&known).copied().collect()
    }

    fn learn(&self, day: NaiveDate) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Bounded: only the latest days are written.
        while known.len() >= 16 {
            known.pop_first();
        }
        known.insert(day);
    }
}

impl MarketData {
    /// Makes the partitions of the days (UTC) of `instants`.
    ///
    /// # Errors
    /// When the database does not answer, or this service may not make them.
    pub async fn ensure_partitions(&self, instants: impl IntoIterator<Item = Timestamp>) -> Result<()> {
        let days = instants.into_iter().map(|at| to_db(at).date_naive()).collect();
        for day in self.partitions.missing(days) {
            // Outside any other transaction: it locks the tables for a moment.
            sqlx::query!("SELECT market.ensure_partitions($1)", day).execute(&self.database.pool).await?;
            self.partitions.learn(day);
        }
        Ok(())
    }
}
