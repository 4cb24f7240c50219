//! The last word on the health of each service, as system-monitor.

use rec_domain::{
    Timestamp,
    health::{HealthReport, ServiceHealth},
};

use super::Ops;
use crate::{
    error::Result,
    shape,
    time::{from_db, to_db},
};

/// The last word on a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredHealth {
    /// When it was said.
    pub at: Timestamp,
    /// Since when it has been healthy, or not.
    pub since: Timestamp,
    /// What was said.
    pub health: ServiceHealth,
}

impl Ops {
    /// Stores the health of every service of a report in place of the last.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn store_health(&self, report: &HealthReport) -> Result<()> {
        let names: Vec<String> = report.services.iter().map(|service| service.service.name().to_owned()).collect();
        let healthy: Vec<bool> = report.services.iter().map(|service| service.healthy).collect();
        let bodies =
            report.services.iter().map(|service| shape::json("health", service)).collect::<Result<Vec<_>>>()?;
        sqlx::query!(
            "INSERT INTO ops.health (service, at, healthy, since, body)
             SELECT service, $4, healthy, $4, body
             FROM unnest($1::text[], $2::boolean[], $3::jsonb[]) AS new (service, healthy, body)
             ON CONFLICT (service) DO UPDATE SET
                at = excluded.at, healthy = excluded.healthy, body = excluded.body,
                since = CASE WHEN health.healthy = excluded.healthy THEN health.since ELSE excluded.since END",
            &names,
            &healthy,
            &bodies,
            to_db(report.at),
        )
        .execute(&self.database.pool)
        .await?;
        Ok(())
    }

    /// The last word on each service, by name.
    ///
    /// # Errors
    /// When the database does not answer, or a report cannot be read.
    pub async fn health(&self) -> Result<Vec<StoredHealth>> {
        let rows = sqlx::query!("SELECT at, since, body FROM ops.health ORDER BY service")
            .fetch_all(&self.database.pool)
            .await?;
        rows.into_iter()
            .map(|row| {
                let health = shape::from_json("health", row.body)?;
                Ok(StoredHealth { at: from_db(row.at), since: from_db(row.since), health })
            })
            .collect()
    }
}
