//! `rec db backup`, `restore` and `verify`. None of them happens by itself.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context as _;
use clap::ValueEnum;
use rec_config::Config;
use rec_runtime::database::connection;
use rec_store::{
    backup::{DumpFormat, ScratchRestore, Target, backup, manifest_file, restore},
    cluster::{Address, Cluster, SearchPlaces},
};
use serde::Serialize;

use super::{
    db::{leave, start},
    say::{say, say_json},
};

/// Form of a dump.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// SQL as text, for people and for other programs.
    Plain,
    /// Compressed; restored faster.
    Custom,
}

impl From<Format> for DumpFormat {
    fn from(format: Format) -> Self {
        match format {
            Format::Plain => Self::Plain,
            Format::Custom => Self::Custom,
        }
    }
}

/// `rec db backup`.
pub(super) async fn write(config: &Config, file: &Path, format: Format) -> anyhow::Result<()> {
    let places = SearchPlaces::of_machine();
    let name = &config.database.name;
    let running = Address::of_running(&config.state_dir);
    let manifest = match (&config.database.host, running) {
        (Some(_), _) => backup(&Target::of(&connection(&config.database)?), &places, file, format.into()).await?,
        (None, Some(address)) => backup(&Target::of_cluster(&address, name), &places, file, format.into()).await?,
        (None, None) => {
            let cluster = start(config).await?;
            let done = backup(&Target::of_cluster(cluster.address(), name), &places, file, format.into()).await;
            leave(cluster).await?;
            done?
        }
    };
    let rows: u64 = manifest.rows.values().sum();
    say(&format!(
        "{} holds {rows} rows of {} tables, {} bytes; {} says what was counted",
        file.display(),
        manifest.rows.len(),
        manifest.bytes,
        manifest_file(file).display()
    ));
    Ok(())
}

/// `rec db restore`.
pub(super) async fn read(config: &Config, file: &Path) -> anyhow::Result<()> {
    let name = &config.database.name;
    let places = SearchPlaces::of_machine();
    let restored = if config.database.host.is_some() {
        restore(&Target::of(&connection(&config.database)?), &places, file, config.mode).await?
    } else {
        let cluster = start(config).await?;
        let done = restore_private(&cluster, name, config, file).await;
        leave(cluster).await?;
        done?
    };
    say(&format!(
        "the database \"{name}\" is restored from {}, with the books of mode {} and all migrations; start the desk, and \
         entries wait until its books agree with the exchange",
        file.display(),
        restored.dump.mode
    ));
    Ok(())
}

async fn restore_private(
    cluster: &Cluster,
    name: &str,
    config: &Config,
    file: &Path,
) -> anyhow::Result<rec_store::backup::Restored> {
    let made = cluster.ensure_database(name).await?;
    let done =
        restore(&Target::of_cluster(cluster.address(), name), &SearchPlaces::of_machine(), file, config.mode).await;
    if made && done.is_err() {
        // As it was found.
        cluster.drop_database(name).await?;
    }
    Ok(done?)
}

/// What `rec db verify --json` says.
#[derive(Serialize)]
struct Proof<'a> {
    file: &'a Path,
    sound: bool,
    made_at: Option<&'a str>,
    #[serde(flatten)]
    verified: &'a rec_store::backup::Verified,
}

/// `rec db verify`.
pub(super) async fn verify(
    config: &Config,
    file: &Path,
    scratch: Option<PathBuf>,
    json: bool,
) -> anyhow::Result<ExitCode> {
    let base = scratch.unwrap_or_else(std::env::temp_dir);
    let folder = tempfile::Builder::new().prefix("rec-verify-").tempdir_in(&base).with_context(|| {
        format!("no scratch folder can be made in {}; --scratch names another place", base.display())
    })?;
    // For root the server is another user, who passes through it.
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o711))?;
    let (restored, verified) = ScratchRestore::of(file, config.mode, folder.path()).await?;
    let made_at = restored.restored().manifest.as_ref().map(|manifest| manifest.made_at.clone());
    restored.stop().await?;
    let sound = verified.is_sound();
    if json {
        say_json(&Proof { file, sound, made_at: made_at.as_deref(), verified: &verified })?;
    } else {
        let counted = match made_at {
            Some(at) => format!("as many rows as were counted at {at}"),
            None => format!("not compared with anything, since {} is missing", manifest_file(file).display()),
        };
        say(&format!(
            "restored {}: {} rows of {} tables, {}; {} postings in the ledger, the last one {}",
            file.display(),
            verified.rows,
            verified.tables,
            if verified.differences.is_empty() { &counted } else { "NOT what was counted" },
            verified.ledger.postings,
            verified.ledger.head.as_ref().map_or_else(|| "none".to_owned(), ToString::to_string),
        ));
        for difference in &verified.differences {
            say(&format!(
                "  {}: {} rows were dumped and {} restored",
                difference.table, difference.dumped, difference.restored
            ));
        }
        for fault in &verified.ledger.faults {
            say(&format!("  the books are NOT sound: {fault}"));
        }
        say(if sound { "the dump is sound" } else { "the dump is NOT sound: do not rely on it" });
    }
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use rec_config::Sources;
    use rec_domain::Mode;
    use rec_store::{Database, Role, cluster::Binaries};

    use super::*;
    use crate::commands::db::{DbArgs, DbCommand, run};

    fn sources(state_dir: &Path) -> Sources {
        let env = [("HOME".into(), "/nonexistent/home".into())].into();
        let sources = Sources { env, files: Some(BTreeMap::new()), ..Sources::default() };
        sources.with("--state-dir", "state_dir", state_dir.to_string_lossy())
    }

    async fn said(command: DbCommand, state_dir: &Path) -> anyhow::Result<String> {
        run(DbArgs { command }, sources(state_dir)).await.map(|code| format!("{code:?}"))
    }

    /// The mode of the private database in a state folder, marked with `mark` first.
    async fn mode_in(state_dir: &Path, mark: Option<Mode>) -> Option<Mode> {
        let config = rec_config::load(&sources(state_dir)).expect("sound").config;
        let cluster = start(&config).await.expect("started");
        let options = cluster.connect_options(&config.database.name);
        let database = Database::open_with(options, Role::Owner, 2).await.expect("open");
        if let Some(mode) = mark {
            database.identity(mode, "primary").await.expect("marked");
        }
        let found = database.marked_mode().await.expect("readable");
        database.close().await;
        leave(cluster).await.expect("ended");
        found
    }

    #[tokio::test]
    async fn a_private_database_is_dumped_proven_and_restored_in_another_folder() {
        if Binaries::first(&SearchPlaces::of_machine()).is_err() {
            assert!(std::env::var_os("REC_TEST_REQUIRE").is_none_or(|value| value != "1"), "no Postgres");
            println!("SKIPPED: no Postgres server programs were found");
            return;
        }
        let folder = tempfile::tempdir().expect("folder");
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("ours");
        let (first, second) = (folder.path().join("first"), folder.path().join("second"));
        let file = folder.path().join("books.sql");
        let success = format!("{:?}", ExitCode::SUCCESS);
        said(DbCommand::Migrate, &first).await.expect("made");
        assert_eq!(mode_in(&first, Some(Mode::Twin)).await, Some(Mode::Twin));

        let backup = DbCommand::Backup { file: file.clone(), format: Format::Plain };
        assert_eq!(said(backup.clone(), &first).await.expect("dumped"), success);
        let again = said(backup, &first).await.expect_err("never over another");
        assert!(again.to_string().contains("is there already"), "{again}");

        for json in [false, true] {
            let verify = DbCommand::Verify { file: file.clone(), scratch: Some(folder.path().to_owned()), json };
            assert_eq!(said(verify, &first).await.expect("proven"), success);
        }
        let restore = DbCommand::Restore { file: file.clone() };
        let held = said(restore.clone(), &first).await.expect_err("it holds the books already");
        assert!(held.to_string().contains("is not empty"), "{held}");
        assert_eq!(said(restore.clone(), &second).await.expect("restored"), success);
        assert_eq!(mode_in(&second, None).await, Some(Mode::Twin));

        // A refusal leaves nothing behind, so that the right dump can follow.
        let third = folder.path().join("third");
        fs::write(&file, "-- PostgreSQL database dump\n").expect("written");
        said(restore, &third).await.expect_err("not what its manifest says");
        said(DbCommand::Migrate, &third).await.expect("still fresh");

        let asked = said(DbCommand::WorkingOrders, &first).await.expect_err("nothing runs");
        assert!(asked.to_string().contains("no private Postgres runs"), "{asked}");
    }
}
