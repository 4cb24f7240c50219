//! A dump is whole, is refused where it does not belong, and is proven by a restore.

use std::{borrow::Cow, fs, path::Path};

use rec_domain::Mode;
use sqlx::migrate::Migrator;

use super::{BackupError, DumpFormat, Manifest, ScratchRestore, Target, Verified, backup, manifest_file, restore};
use crate::{
    Database, Incompatible, Role, StoreError, TEST_ACCOUNT, cluster::SearchPlaces, migrations, testing::TestDatabase,
};

const BOOKS: &str =
    "INSERT INTO desk.postings (number, at, kind, note) VALUES (1, now(), 'deposit', 'a ''note''\t\\ ü');
    INSERT INTO desk.posting_lines (posting, line, ledger, exchange_index, amount_micros)
    VALUES (1, 1, 'cash', 2, 5000000), (1, 2, 'capital', NULL, -5000000)";

fn places() -> SearchPlaces {
    SearchPlaces::of_machine()
}

fn target(test: &TestDatabase) -> Target {
    Target::of_options(test.options())
}

async fn say(test: &TestDatabase, statement: &'static str) {
    let owner = test.open(Role::Owner).await;
    sqlx::raw_sql(statement).execute(&owner.pool).await.expect(statement);
    owner.close().await;
}

async fn books(database: &Database) -> (i64, String) {
    sqlx::query_as("SELECT sum(abs(amount_micros))::bigint, max(note) FROM desk.posting_lines, desk.postings")
        .fetch_one(&database.pool)
        .await
        .expect("there are books")
}

/// Somebody else may have to read the folder: the scratch server of a test that runs as root.
fn folder() -> tempfile::TempDir {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("folder");
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("ours");
    folder
}

/// A desk's database with books, dumped into `folder`.
async fn dumped(folder: &Path, format: DumpFormat) -> Option<std::path::PathBuf> {
    let (test, _desk) = TestDatabase::of_mode(Mode::Twin).await?;
    say(&test, BOOKS).await;
    let file = folder.join(format!("of twin.{}", format.name()));
    backup(&target(&test), &places(), &file, format).await.expect("dumped");
    Some(file)
}

async fn restored_error(file: &Path, mode: Mode) -> BackupError {
    let test = TestDatabase::empty().await.expect("there is a server");
    let error = restore(&target(&test), &places(), file, mode).await.expect_err("refused");
    // Whatever went wrong, nothing came of it.
    let owner = test.open(Role::Owner).await;
    let error_of_schema = owner.check_schema().await.expect_err("still empty");
    assert!(
        matches!(error_of_schema, StoreError::Incompatible(Incompatible::NotMigrated { missing, .. })
            if missing == migrations().iter().count()),
        "{error_of_schema}"
    );
    error
}

#[tokio::test]
async fn what_was_dumped_is_restored_whole_in_either_form() {
    let folder = folder();
    for format in [DumpFormat::Plain, DumpFormat::Custom] {
        let Some(file) = dumped(folder.path(), format).await else { return };
        let test = TestDatabase::empty().await.expect("there is a server");
        let restored = restore(&target(&test), &places(), &file, Mode::Twin).await.expect("restored");
        assert_eq!(restored.dump.format, format);
        assert_eq!(restored.dump.account, TEST_ACCOUNT);
        let manifest = restored.manifest.expect("beside it");
        assert_eq!(manifest.rows["desk.posting_lines"], 2);
        let owner = test.open(Role::Owner).await;
        owner.check_schema().await.expect("current");
        owner.check_identity(Mode::Twin, TEST_ACCOUNT).await.expect("the same desk");
        assert_eq!(books(&owner).await, (10_000_000, "a 'note'\t\\ ü".to_owned()));
        // Grants came too: a service reads, and writes nothing of another's.
        let service = test.open(Role::Service(rec_domain::Service::MainApp)).await;
        service.check_schema().await.expect("readable");
        sqlx::query("DELETE FROM desk.postings").execute(&service.pool).await.expect_err("not his");
    }
}

#[tokio::test]
async fn a_database_that_holds_something_is_left_alone() {
    let folder = folder();
    let Some(file) = dumped(folder.path(), DumpFormat::Custom).await else { return };
    let (test, _desk) = TestDatabase::of_mode(Mode::Twin).await.expect("there is a server");
    let error = restore(&target(&test), &places(), &file, Mode::Twin).await.expect_err("not fresh");
    assert!(matches!(error, BackupError::NotFresh { .. }), "{error}");
    let other = TestDatabase::empty().await.expect("there is a server");
    say(&other, "CREATE TABLE somebodys (n integer)").await;
    let error = restore(&target(&other), &places(), &file, Mode::Twin).await.expect_err("somebody's");
    assert!(matches!(error, BackupError::NotFresh { .. }), "{error}");
}

#[tokio::test]
async fn a_dump_is_never_written_over_another() {
    let folder = folder();
    let Some(file) = dumped(folder.path(), DumpFormat::Plain).await else { return };
    let (test, _desk) = TestDatabase::of_mode(Mode::Twin).await.expect("there is a server");
    let error = backup(&target(&test), &places(), &file, DumpFormat::Plain).await.expect_err("there is one");
    assert!(matches!(error, BackupError::Exists(_)), "{error}");
}

#[tokio::test]
async fn a_database_that_is_nobodys_is_not_dumped() {
    let folder = folder();
    let file = folder.path().join("none.dump");
    for test in [TestDatabase::empty().await, TestDatabase::migrated().await] {
        let Some(test) = test else { return };
        let error = backup(&target(&test), &places(), &file, DumpFormat::Custom).await.expect_err("nobody's");
        assert!(matches!(error, BackupError::Store(StoreError::Incompatible(Incompatible::NoIdentity))), "{error}");
    }
    assert_eq!(fs::read_dir(folder.path()).expect("listed").count(), 0);
}

#[tokio::test]
async fn another_modes_books_and_a_newer_versions_are_refused() {
    let folder = folder();
    for format in [DumpFormat::Plain, DumpFormat::Custom] {
        let Some(file) = dumped(folder.path(), format).await else { return };
        let error = restored_error(&file, Mode::Prod).await;
        assert!(matches!(error, BackupError::OtherMode { theirs: Mode::Twin, .. }), "{error}");

        let (test, _desk) = TestDatabase::of_mode(Mode::Twin).await.expect("there is a server");
        say(
            &test,
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
                    VALUES (9999, 'of tomorrow', true, '', 0)",
        )
        .await;
        let newer = folder.path().join(format!("newer.{}", format.name()));
        backup(&target(&test), &places(), &newer, format).await.expect("dumped all the same");
        let error = restored_error(&newer, Mode::Twin).await;
        assert!(matches!(error, BackupError::Newer { version: 9999, .. }), "{error}");

        say(
            &test,
            "DELETE FROM _sqlx_migrations WHERE version = 9999;
                    UPDATE _sqlx_migrations SET checksum = '\\x00' WHERE version = 2",
        )
        .await;
        let changed = folder.path().join(format!("changed.{}", format.name()));
        backup(&target(&test), &places(), &changed, format).await.expect("dumped all the same");
        let error = restored_error(&changed, Mode::Twin).await;
        assert!(matches!(error, BackupError::Changed { version: 2, .. }), "{error}");
    }
}

#[tokio::test]
async fn another_applications_dump_and_what_is_no_dump_are_refused() {
    let Some(test) = TestDatabase::empty().await else { return };
    let folder = folder();
    say(&test, "CREATE TABLE cats (name text); INSERT INTO cats VALUES ('Tom')").await;
    for form in ["plain", "custom", "tar"] {
        let file = folder.path().join(form);
        let tools = super::Tools::find(&places(), 0).expect("installed");
        let mut command = tools.command("pg_dump", Some(&target(&test)));
        command.arg(format!("--format={form}")).arg("--file").arg(&file).arg(target(&test).by_name());
        super::tools::run("pg_dump", command).await.expect("dumped");
        let error = restored_error(&file, Mode::Twin).await;
        assert_eq!(matches!(error, BackupError::Foreign { .. }), form != "tar", "{error}");
        assert_eq!(matches!(error, BackupError::Unsupported { .. }), form == "tar", "{error}");
    }
    let file = folder.path().join("file");
    for (content, what) in [(&b""[..], "empty"), (b"\x1f\x8b\x08", "compressed"), (b"SELECT 1;", "no dump of Postgres")]
    {
        fs::write(&file, content).expect("written");
        let error = restored_error(&file, Mode::Twin).await;
        assert!(matches!(error, BackupError::Unsupported { .. }) && error.to_string().contains(what), "{error}");
    }
    let error = restored_error(folder.path(), Mode::Twin).await;
    assert!(error.to_string().contains("a folder"), "{error}");
    let error = restored_error(&folder.path().join("nowhere"), Mode::Twin).await;
    assert!(matches!(error, BackupError::Io { .. }), "{error}");
}

#[tokio::test]
async fn a_restore_that_fails_in_the_middle_leaves_nothing() {
    let folder = folder();
    let Some(file) = dumped(folder.path(), DumpFormat::Plain).await else { return };
    let mut script = fs::read_to_string(&file).expect("readable");
    script.push_str("\nSELECT 1 / 0;\n");
    fs::write(&file, script).expect("written");
    let error = restored_error(&file, Mode::Twin).await;
    assert!(matches!(error, BackupError::Damaged { .. }), "its manifest knows: {error}");
    fs::remove_file(manifest_file(&file)).expect("there");
    let error = restored_error(&file, Mode::Twin).await;
    assert!(error.to_string().contains("division by zero"), "{error}");

    let Some(file) = dumped(folder.path(), DumpFormat::Custom).await else { return };
    let content = fs::read(&file).expect("readable");
    fs::write(&file, &content[..content.len() - 2_000]).expect("written");
    let error = restored_error(&file, Mode::Twin).await;
    assert!(matches!(error, BackupError::Damaged { .. }), "{error}");
    fs::remove_file(manifest_file(&file)).expect("there");
    let error = restored_error(&file, Mode::Twin).await;
    assert!(matches!(error, BackupError::Program { .. } | BackupError::Foreign { .. }), "{error}");
}

#[tokio::test]
async fn a_dump_of_yesterdays_schema_is_brought_up_to_date() {
    let all: Vec<_> = migrations().iter().cloned().collect();
    let yesterday = Migrator { migrations: Cow::Owned(all[..all.len() - 1].to_vec()), ..Migrator::DEFAULT };
    let Some(test) = TestDatabase::new(&yesterday).await else { return };
    test.open(Role::Owner).await.identity(Mode::Twin, TEST_ACCOUNT).await.expect("marked");
    let folder = folder();
    let file = folder.path().join("yesterday.dump");
    backup(&target(&test), &places(), &file, DumpFormat::Custom).await.expect("dumped");
    let fresh = TestDatabase::empty().await.expect("there is a server");
    let restored = restore(&target(&fresh), &places(), &file, Mode::Twin).await.expect("restored");
    assert_eq!(restored.dump.migration, all[all.len() - 2].version);
    fresh.open(Role::Owner).await.check_schema().await.expect("current");
}

#[tokio::test]
async fn a_proof_counts_rows_and_checks_the_books() {
    let folder = folder();
    let Some(file) = dumped(folder.path(), DumpFormat::Custom).await else { return };
    let good = prove(&file).await;
    assert!(good.is_sound() && good.compared && good.ledger.postings == 1 && good.tables > 20, "{good:?}");

    // Rows that are not there any more are missed.
    let mut manifest = Manifest::of(&file).expect("readable").expect("there");
    *manifest.rows.get_mut("desk.postings").expect("counted") += 1;
    manifest.rows.insert("desk.gone".to_owned(), 3);
    manifest.write(&file).expect("written");
    let short = prove(&file).await;
    let tables: Vec<_> = short.differences.iter().map(|difference| difference.table.as_str()).collect();
    assert!(!short.is_sound() && tables == ["desk.gone", "desk.postings"], "{short:?}");

    // Without a manifest there is nothing to compare with, and that is said.
    fs::remove_file(manifest_file(&file)).expect("there");
    let by_hand = prove(&file).await;
    assert!(by_hand.is_sound() && !by_hand.compared, "{by_hand:?}");

    // Books that do not add up.
    let (test, _desk) = TestDatabase::of_mode(Mode::Twin).await.expect("there is a server");
    say(&test, BOOKS).await;
    say(
        &test,
        "ALTER TABLE desk.posting_lines DISABLE TRIGGER posting_lines_append_only;
                DELETE FROM desk.posting_lines WHERE line = 2",
    )
    .await;
    let unsound = folder.path().join("unsound.dump");
    backup(&target(&test), &places(), &unsound, DumpFormat::Custom).await.expect("dumped");
    let unsound = prove(&unsound).await;
    assert_eq!(unsound.ledger.faults.first().map(|fault| fault.rule), Some("sum"), "{unsound:?}");
    assert!(!unsound.is_sound() && unsound.differences.is_empty(), "{unsound:?}");
}

#[tokio::test]
async fn a_script_that_somebody_wrote_other_amounts_into_is_not_sound() {
    let folder = folder();
    let Some(file) = dumped(folder.path(), DumpFormat::Plain).await else { return };
    let script = fs::read_to_string(&file).expect("readable");
    fs::write(&file, script.replace("5000000", "9000000")).expect("written");
    fs::remove_file(manifest_file(&file)).expect("there");
    let forged = prove(&file).await;
    assert!(!forged.is_sound(), "{forged:?}");
    let rules: Vec<_> = forged.ledger.faults.iter().map(|fault| (fault.posting, fault.rule)).collect();
    assert_eq!(rules, [(Some(1), "chain")], "every sum is zero, and only the chain knows");
}

/// Restores a dump into a scratch cluster beside it.
async fn prove(file: &Path) -> Verified {
    let scratch = tempfile::tempdir_in(file.parent().expect("a folder")).expect("folder");
    open_to_all(scratch.path());
    let (restored, verified) = ScratchRestore::of(file, Mode::Twin, scratch.path()).await.expect("restored");
    restored.database().check_identity(Mode::Twin, TEST_ACCOUNT).await.expect("the same desk");
    restored.stop().await.expect("ended");
    verified
}

fn open_to_all(folder: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o711)).expect("ours");
}
