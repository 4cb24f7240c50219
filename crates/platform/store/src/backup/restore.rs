//! Restoring a dump into a fresh database.

use std::path::Path;

use rec_domain::{Mode, Service};
use sqlx::AssertSqlSafe;

use super::{
    dump::server_major,
    error::BackupError,
    inspect::{DumpFormat, Inspected, inspect},
    manifest::Manifest,
    tools::{Target, Tools, run},
};
use crate::{
    cluster::SearchPlaces,
    connection::Role,
    database::Database,
    error::{Result as StoreResult, StoreError},
};

/// What was restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// What the dump held.
    pub dump: Inspected,
    /// What was counted when it was made; `None` for one made by hand.
    pub manifest: Option<Manifest>,
}

/// Restores a dump of `mode` into a fresh database and brings its schema up to this program's. All rows come in one
/// transaction: when anything fails the database is as empty as before.
///
/// # Errors
/// Before anything is written: as [`inspect`], [`BackupError::NotFresh`], [`BackupError::Damaged`]. Then when a program
/// of Postgres or a migration fails.
pub async fn restore(into: &Target, places: &SearchPlaces, file: &Path, mode: Mode) -> Result<Restored, BackupError> {
    let database = Database::open_with(into.options.clone(), Role::Owner, 2).await?;
    let restored = fill(&database, into, places, file, mode).await;
    let outcome = match restored {
        Ok(restored) => database.migrate().await.map(|()| restored).map_err(BackupError::from),
        Err(error) => Err(error),
    };
    database.close().await;
    outcome
}

/// The same with the schema left as it was dumped.
pub(super) async fn fill(
    database: &Database,
    into: &Target,
    places: &SearchPlaces,
    file: &Path,
    mode: Mode,
) -> Result<Restored, BackupError> {
    let server = server_major(database).await?;
    let tools = Tools::find(places, server)?;
    let manifest = Manifest::of(file)?;
    if let Some(manifest) = &manifest {
        manifest.check(file)?;
    }
    let dump = inspect(&tools, file, mode).await?;
    if dump.server.split('.').next().and_then(|major| major.parse::<u32>().ok()).is_some_and(|major| major > server) {
        return Err(BackupError::NewerPostgres { file: file.to_owned(), made_by: dump.server, ours: server });
    }
    if !is_fresh(database).await? {
        return Err(BackupError::NotFresh { database: into.name().to_owned() });
    }
    make_roles(database).await?;
    match dump.format {
        DumpFormat::Plain => {
            let mut command = tools.command("psql", Some(into));
            command.args(["--no-psqlrc", "--quiet", "--no-password", "--set=ON_ERROR_STOP=1", "--single-transaction"]);
            command.arg("--file").arg(file).arg(into.by_name());
            run("psql", command).await?;
        }
        DumpFormat::Custom => {
            let mut command = tools.command("pg_restore", Some(into));
            command.args(["--single-transaction", "--exit-on-error", "--no-owner", "--no-password"]);
            command.arg(into.by_name()).arg(file);
            run("pg_restore", command).await?;
        }
    }
    Ok(Restored { dump, manifest })
}

/// Whether nobody made anything in the database yet.
async fn is_fresh(database: &Database) -> StoreResult<bool> {
    let fresh = sqlx::query_scalar!(
        r#"SELECT NOT EXISTS (
                SELECT FROM pg_class JOIN pg_namespace AS spaces ON spaces.oid = pg_class.relnamespace
                WHERE spaces.nspname <> 'information_schema' AND spaces.nspname NOT LIKE 'pg\_%'
            ) AND NOT EXISTS (
                SELECT FROM pg_namespace WHERE nspname IN ('market', 'desk', 'model', 'ops')
            ) AS "fresh!""#
    )
    .fetch_one(&database.pool)
    .await?;
    Ok(fresh)
}

/// The services' roles belong to the server and are in no dump, which grants to them all the same.
async fn make_roles(database: &Database) -> StoreResult<()> {
    let roles = Service::ALL.iter().filter(|service| **service != Service::Guard);
    for role in roles.filter_map(|service| Role::Service(*service).name()) {
        let known = sqlx::query_scalar!(
            r#"SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1) AS "known!""#,
            role.as_str()
        )
        .fetch_one(&database.pool)
        .await?;
        if known {
            continue;
        }
        let made = sqlx::raw_sql(AssertSqlSafe(format!("CREATE ROLE {role} NOLOGIN"))).execute(&database.pool).await;
        let by_somebody_else = |error: &sqlx::Error| {
            error
                .as_database_error()
                .and_then(|error| error.code())
                .is_some_and(|code| code == "42710" || code == "23505")
        };
        match made {
            Err(error) if !by_somebody_else(&error) => return Err(StoreError::from(error)),
            _ => {}
        }
    }
    Ok(())
}
