//! Comparisons with the exchange.

use chrono::{DateTime, Utc};
use rec_domain::reconciliation::Reconciliation;
use serde_json::Value;

use crate::{
    error::Result,
    link::Link,
    shape,
    time::{from_db, to_db},
};

/// A comparison's columns.
pub(crate) struct ReconciliationRow {
    pub(crate) at: DateTime<Utc>,
    pub(crate) as_of: DateTime<Utc>,
    pub(crate) books_changed_at: DateTime<Utc>,
    pub(crate) differences: Value,
    pub(crate) compared: Option<Value>,
}

impl ReconciliationRow {
    pub(crate) fn into_domain(self) -> Result<Reconciliation> {
        let compared = self.compared.map(|compared| shape::from_json("what was compared", compared)).transpose()?;
        Ok(Reconciliation {
            at: from_db(self.at),
            as_of: from_db(self.as_of),
            books_changed_at: from_db(self.books_changed_at),
            differences: shape::from_json("differences", self.differences)?,
            compared: compared.unwrap_or_default(),
        })
    }
}

/// A comparison.
pub(super) async fn insert(connection: &mut Link, reconciliation: &Reconciliation) -> Result<()> {
    let differences = shape::json("differences", &reconciliation.differences)?;
    let compared = shape::json("what was compared", &reconciliation.compared)?;
    sqlx::query!(
        "INSERT INTO desk.reconciliations (at, as_of, books_changed_at, clean, differences, compared)
         VALUES ($1, $2, $3, $4, $5, $6)",
        to_db(reconciliation.at),
        to_db(reconciliation.as_of),
        to_db(reconciliation.books_changed_at),
        reconciliation.is_clean(),
        differences,
        compared,
    )
    .execute(connection)
    .await?;
    Ok(())
}
