//! A database and a program that do not belong together are told apart at the start.

use rec_domain::{Mode, Service};

use crate::{Incompatible, Role, StoreError, TEST_ACCOUNT, testing::TestDatabase};

#[tokio::test]
async fn a_database_belongs_to_one_mode_and_account() {
    let Some((test, desk)) = TestDatabase::of_mode(Mode::Twin).await else { return };
    let database = test.open(Role::Service(Service::TradeManager)).await;
    assert_eq!(database.identity(Mode::Twin, TEST_ACCOUNT).await.expect("ours"), desk, "drawn once");
    let error = database.identity(Mode::Prod, TEST_ACCOUNT).await.expect_err("another mode");
    assert!(error.to_string().contains("belongs to mode twin"), "{error}");
    let error = database.check_identity(Mode::Twin, "another").await.expect_err("another account");
    assert!(matches!(error, StoreError::Incompatible(Incompatible::OtherAccount { .. })), "{error}");
}

#[tokio::test]
async fn an_unmarked_database_has_no_desk() {
    let Some(test) = TestDatabase::migrated().await else { return };
    let database = test.open(Role::Service(Service::MainApp)).await;
    assert_eq!(database.stored_identity().await.expect("asked"), None);
    let error = database.check_identity(Mode::Twin, TEST_ACCOUNT).await.expect_err("nobody's");
    assert!(matches!(error, StoreError::Incompatible(Incompatible::NoIdentity)), "{error}");
}

#[tokio::test]
async fn a_schema_is_migrated_current_or_refused() {
    let Some(test) = TestDatabase::empty().await else { return };
    let owner = test.open(Role::Owner).await;
    owner.ping().await.expect("answers");
    let error = owner.check_schema().await.expect_err("empty");
    assert!(matches!(error, StoreError::Incompatible(Incompatible::NotMigrated { .. })), "{error}");
    owner.migrate().await.expect("migrated");
    owner.migrate().await.expect("nothing to do");
    owner.check_schema().await.expect("current");
    test.open(Role::Service(Service::MainApp)).await.check_schema().await.expect("a service may look");

    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (9999, 'of tomorrow', true, '', 0)",
    )
    .execute(&owner.pool)
    .await
    .expect("inserted");
    for error in [owner.check_schema().await, owner.migrate().await] {
        let error = error.expect_err("newer");
        assert!(matches!(error, StoreError::Incompatible(Incompatible::NewerSchema { version: 9999, .. })), "{error}");
    }
}

/// A deployment that is taken back leaves the newer schema, and yesterday's program has to start on it.
#[tokio::test]
async fn a_newer_schema_that_says_so_is_worked_with() {
    let Some(test) = TestDatabase::empty().await else { return };
    let owner = test.open(Role::Owner).await;
    owner.migrate().await.expect("migrated");
    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (9999, 'of tomorrow', true, '', 0)",
    )
    .execute(&owner.pool)
    .await
    .expect("inserted");
    let ours = crate::migrations().iter().map(|migration| migration.version).max().expect("there are some");
    // What it says must be of this very schema, and of a program no newer than this one.
    for (newest, oldest, works) in [(9999, ours, true), (9998, ours, false), (9999, ours + 1, false), (9999, 1, true)] {
        let said = format!("COMMENT ON TABLE _sqlx_migrations IS '{newest}, borne since {oldest}'");
        sqlx::raw_sql(sqlx::AssertSqlSafe(said)).execute(&owner.pool).await.expect("said");
        // Each is a program of its own: one that is refused keeps the migrator's lock until it ends.
        let (service, yesterdays) = (test.open(Role::Service(Service::MainApp)).await, test.open(Role::Owner).await);
        for outcome in [service.check_schema().await, yesterdays.check_schema().await, yesterdays.migrate().await] {
            assert_eq!(outcome.is_ok(), works, "{newest}, {oldest}: {outcome:?}");
        }
        yesterdays.close().await;
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable() {
    let connection = crate::Connection {
        host: "/nonexistent".to_owned(),
        port: 5432,
        database: "rec".to_owned(),
        user: "rec".to_owned(),
        password: None,
        ssl_mode: crate::SslMode::Disable,
    };
    let error = crate::Database::open(&connection, Role::Owner, 1).await.expect_err("nobody listens");
    assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
}
