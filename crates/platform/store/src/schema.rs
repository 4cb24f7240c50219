//! The schema of the database and what a program makes of it: migrations only go forward, and yesterday's program works on
//! today's schema where today's says so, so that a deployment can be taken back.

use std::collections::BTreeMap;

use sqlx::{
    AssertSqlSafe,
    migrate::{MigrateError, Migrator},
};

use crate::{
    database::Database,
    error::{Incompatible, Result, StoreError},
};

static MIGRATIONS: Migrator = sqlx::migrate!("../../../migrations");

/// The oldest program that works on this program's schema, by the newest migration that it knows. A migration that takes away
/// or renames what such a program uses raises it to itself; one that only adds leaves it.
const BORNE_SINCE: i64 = 18;

/// Every migration of this program, for databases of tests.
#[must_use]
pub fn migrations() -> &'static Migrator {
    &MIGRATIONS
}

/// What a schema says of itself: its newest migration, and the oldest program that works on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Statement {
    newest: i64,
    borne_since: i64,
}

impl Statement {
    fn of_this_program() -> Self {
        Self { newest: newest(), borne_since: BORNE_SINCE }
    }

    fn to_text(self) -> String {
        format!("{}, borne since {}", self.newest, self.borne_since)
    }

    fn parse(text: &str) -> Option<Self> {
        let (newest, borne_since) = text.split_once(", borne since ")?;
        Some(Self { newest: newest.parse().ok()?, borne_since: borne_since.parse().ok()? })
    }
}

/// The newest migration that this program knows.
fn newest() -> i64 {
    MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or_default()
}

impl Database {
    /// Brings the schema up to this program's, as the owner. Does nothing when it is, or when a newer one works too.
    ///
    /// # Errors
    /// When a migration fails, or the database was made by a newer version that this program does not work with.
    pub async fn migrate(&self) -> Result<()> {
        match self.check_schema().await {
            Err(StoreError::Incompatible(Incompatible::NotMigrated { .. })) => {}
            checked => return checked,
        }
        MIGRATIONS.run(self.pool.unbounded()).await.map_err(|error| {
            let database = self.name().to_owned();
            match error {
                MigrateError::VersionMissing(version) => Incompatible::NewerSchema { database, version }.into(),
                MigrateError::VersionMismatch(version) => Incompatible::ChangedMigration { database, version }.into(),
                MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => error.into(),
                other => StoreError::Other(sqlx::Error::Migrate(Box::new(other))),
            }
        })?;
        // A comment takes no parameters; the statement is made of two numbers.
        let statement = Statement::of_this_program().to_text();
        let comment = AssertSqlSafe(format!("COMMENT ON TABLE _sqlx_migrations IS '{statement}'"));
        sqlx::raw_sql(comment).execute(&self.pool).await?;
        Ok(())
    }

    /// Whether the schema is this program's, or a newer one that says that this program works with it.
    ///
    /// # Errors
    /// [`Incompatible`] when it is older, newer or changed.
    pub async fn check_schema(&self) -> Result<()> {
        let database = self.name().to_owned();
        let known: BTreeMap<_, _> = MIGRATIONS.iter().map(|migration| (migration.version, migration)).collect();
        let exists = sqlx::query_scalar!(r#"SELECT to_regclass('_sqlx_migrations') IS NOT NULL AS "exists!""#);
        if !exists.fetch_one(&self.pool).await? {
            return Err(Incompatible::NotMigrated { database, missing: known.len() }.into());
        }
        let applied = sqlx::query!("SELECT version, checksum FROM _sqlx_migrations WHERE success ORDER BY version")
            .fetch_all(&self.pool)
            .await?;
        let mut unknown = None;
        for row in &applied {
            match known.get(&row.version) {
                None => unknown = unknown.or(Some(row.version)),
                Some(migration) if *migration.checksum != *row.checksum => {
                    return Err(Incompatible::ChangedMigration { database, version: row.version }.into());
                }
                Some(_) => {}
            }
        }
        if let Some(version) = unknown {
            let stated = self.statement().await?;
            let newest_applied = applied.last().map(|row| row.version);
            if !stated.is_some_and(|it| Some(it.newest) == newest_applied && it.borne_since <= newest()) {
                return Err(Incompatible::NewerSchema { database, version }.into());
            }
        }
        match known.keys().filter(|version| applied.iter().all(|row| row.version != **version)).count() {
            0 => Ok(()),
            missing => Err(Incompatible::NotMigrated { database, missing }.into()),
        }
    }

    async fn statement(&self) -> Result<Option<Statement>> {
        let text = sqlx::query_scalar!(r#"SELECT obj_description('_sqlx_migrations'::regclass, 'pg_class') AS "text""#)
            .fetch_one(&self.pool)
            .await?;
        Ok(text.as_deref().and_then(Statement::parse))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_read_as_it_was_written() {
        let ours = Statement::of_this_program();
        assert_eq!(Statement::parse(&ours.to_text()), Some(ours));
        assert!(ours.borne_since <= ours.newest);
        for other in ["", "19", "19, borne since", "nineteen, borne since 18"] {
            assert_eq!(Statement::parse(other), None, "{other}");
        }
    }

    /// Words of migrations that take something away from a program that was there before.
    const TAKES_AWAY: &[&str] =
        &["DROP TABLE", "DROP COLUMN", "DROP VIEW", "RENAME", "SET NOT NULL", "REVOKE", " TYPE "];

    #[test]
    fn a_migration_after_the_oldest_program_only_adds() {
        let taken = |sql: &str| TAKES_AWAY.iter().copied().find(|word| sql.to_uppercase().contains(word));
        assert_eq!(taken("alter table desk.orders drop column reason"), Some("DROP COLUMN"));
        for migration in MIGRATIONS.iter().filter(|migration| migration.version > BORNE_SINCE) {
            let (version, sql) = (migration.version, migration.sql.as_str());
            let word = taken(sql);
            assert!(word.is_none(), "migration {version} says {word:?}: set BORNE_SINCE to {version}, or only add");
        }
    }
}
