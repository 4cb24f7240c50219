//! Rows of every table.

use std::collections::BTreeMap;

use sqlx::AssertSqlSafe;

use super::error::BackupError;
use crate::{link::Link, shape::count};

/// The rows of each table of the desk, by the table's name. A partition is a table; what it is a part of is none.
pub(super) async fn rows_by_table(connection: &mut Link) -> Result<BTreeMap<String, u64>, BackupError> {
    let tables = sqlx::query_scalar!(
        r#"SELECT format('%I.%I', spaces.nspname, tables.relname) AS "name!"
           FROM pg_class AS tables JOIN pg_namespace AS spaces ON spaces.oid = tables.relnamespace
           WHERE tables.relkind = 'r' AND spaces.nspname IN ('market', 'desk', 'model', 'ops', 'public')
           ORDER BY 1"#
    )
    .fetch_all(&mut *connection)
    .await?;
    let mut rows = BTreeMap::new();
    for table in tables {
        // The name comes quoted from the server.
        let statement = AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
        let found: i64 = sqlx::query_scalar(statement).fetch_one(&mut *connection).await?;
        rows.insert(table, count("a number of rows", found)?);
    }
    Ok(rows)
}
