//! Making a dump.

use std::{
    fs::{self, File, OpenOptions},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use super::{
    counts::rows_by_table,
    error::{BackupError, FileContext},
    inspect::DumpFormat,
    manifest::{Manifest, fingerprint, with_ending},
    tools::{Target, Tools, run},
};
use crate::{
    cluster::SearchPlaces,
    connection::Role,
    database::Database,
    error::{Incompatible, Result as StoreResult},
};

/// How long `pg_dump` waits for a table that somebody changes the form of.
const LOCK_TIMEOUT: &str = "--lock-wait-timeout=30000";

/// Writes a dump of the database to `file`, with a manifest beside it, while the desk goes on. A file of that name is
/// complete: it gets the name last.
///
/// # Errors
/// When there is such a file, the database is not marked yet, no fitting `pg_dump` is installed, or it fails.
pub async fn backup(
    from: &Target,
    places: &SearchPlaces,
    file: &Path,
    format: DumpFormat,
) -> Result<Manifest, BackupError> {
    if file.exists() {
        return Err(BackupError::Exists(file.to_owned()));
    }
    let database = Database::open_with(from.options.clone(), Role::Owner, 2).await?;
    let done = dump(&database, from, places, file, format).await;
    database.close().await;
    done
}

async fn dump(
    database: &Database,
    from: &Target,
    places: &SearchPlaces,
    file: &Path,
    format: DumpFormat,
) -> Result<Manifest, BackupError> {
    let identity = database.stored_identity_if_any().await?;
    let tools = Tools::find(places, server_major(database).await?)?;

    // The counts and the dump see the same instant.
    let mut snapshot = database.pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
    let exported = sqlx::query!(
        r#"SELECT pg_export_snapshot() AS "name!",
            to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS "at!""#
    )
    .fetch_one(&mut *snapshot)
    .await?;
    let rows = rows_by_table(&mut snapshot).await?;

    let part = with_ending(file, "part");
    let made = OpenOptions::new().write(true).create(true).truncate(true).mode(0o640).open(&part);
    drop(made.context("write", &part)?);
    let mut command = tools.command("pg_dump", Some(from));
    command.args(["--no-owner", "--no-password", LOCK_TIMEOUT]);
    command.arg(format!("--format={}", format.name())).arg(format!("--snapshot={}", exported.name));
    command.arg("--file").arg(&part).arg(from.by_name());
    run("pg_dump", command).await?;
    snapshot.rollback().await?;

    File::open(&part).and_then(|written| written.sync_all()).context("write", &part)?;
    let (bytes, sha256) = fingerprint(&part)?;
    let manifest = Manifest {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        made_at: exported.at,
        mode: identity.mode,
        account: identity.account,
        format,
        postgres: server_major(database).await?,
        bytes,
        sha256,
        rows,
    };
    manifest.write(file)?;
    fs::rename(&part, file).context("put in place", file)?;
    Ok(manifest)
}

/// Major version of the server.
pub(super) async fn server_major(database: &Database) -> StoreResult<u32> {
    let number = sqlx::query_scalar!(r#"SELECT current_setting('server_version_num')::integer AS "number!""#)
        .fetch_one(&database.pool)
        .await?;
    Ok(number.unsigned_abs() / 10_000)
}

impl Database {
    /// Whose the database is.
    ///
    /// # Errors
    /// [`Incompatible::NoIdentity`] while nobody said, or without a schema.
    async fn stored_identity_if_any(&self) -> StoreResult<crate::Identity> {
        if self.marked_mode().await?.is_none() {
            return Err(Incompatible::NoIdentity.into());
        }
        Ok(self.stored_identity().await?.ok_or(Incompatible::NoIdentity)?)
    }
}
