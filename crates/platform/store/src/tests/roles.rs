//! Each service can do its own work and nothing of another's.

use rec_domain::{Mode, Service};

use crate::{Role, testing::TestDatabase};

async fn refused(test: &TestDatabase, service: Service, statement: &'static str) -> bool {
    let database = test.open(Role::Service(service)).await;
    match sqlx::query(statement).execute(&database.pool).await {
        Ok(_) => false,
        Err(error) => error.as_database_error().is_some_and(|error| error.code().as_deref() == Some("42501")),
    }
}

#[tokio::test]
async fn nobody_writes_what_is_not_theirs() {
    let Some((test, _desk)) = TestDatabase::of_mode(Mode::Twin).await else { return };
    let owner = test.open(Role::Owner).await;
    let tables: Vec<String> =
        sqlx::query_scalar("SELECT tablename::text FROM pg_tables WHERE schemaname = 'desk' ORDER BY 1")
            .fetch_all(&owner.pool)
            .await
            .expect("listed");
    let may_write = |service: Service, table: String| {
        let owner = &owner;
        async move {
            let writes: bool = sqlx::query_scalar(
                "SELECT has_any_column_privilege($1, 'desk.' || $2, 'INSERT')
                    OR has_table_privilege($1, 'desk.' || $2, 'UPDATE, DELETE, TRUNCATE')",
            )
            .bind(Role::Service(service).name().expect("a role"))
            .bind(table)
            .fetch_one(&owner.pool)
            .await
            .expect("asked");
            writes
        }
    };
    for service in Service::ALL.iter().copied().filter(|service| *service != Service::Guard) {
        let mut writes = Vec::new();
        for table in &tables {
            if may_write(service, table.clone()).await {
                writes.push(table.as_str());
            }
        }
        match service {
            Service::TradeExecutor => assert_eq!(writes, ["answers", "claims"]),
            Service::KalshiAccountSync => assert_eq!(writes, ["exchange_reports"]),
            Service::TradeManager => {
                let not_his: Vec<_> = tables.iter().filter(|table| !writes.contains(&table.as_str())).collect();
                assert_eq!(not_his, ["answers", "claims", "exchange_reports", "gate", "posting_hashes"]);
            }
            _ => assert!(writes.is_empty(), "{service} may write {writes:?}"),
        }
    }
}

#[tokio::test]
async fn a_refused_statement_is_refused() {
    let Some((test, _desk)) = TestDatabase::of_mode(Mode::Twin).await else { return };
    for (service, statement) in [
        (Service::MainApp, "INSERT INTO desk.cursors (report) VALUES (1)"),
        (Service::MainApp, "UPDATE desk.lease SET epoch = 9"),
        (Service::MainApp, "INSERT INTO desk.automation (at, settings) VALUES (now(), '{}')"),
        (Service::TradeExecutor, "UPDATE desk.lease SET epoch = 9"),
        (Service::TradeExecutor, "UPDATE desk.gate SET halted = false"),
        (Service::TradeManager, "UPDATE desk.gate SET halted = false"),
        (Service::TradeExecutor, "SELECT name FROM ops.users"),
        (Service::TradeManager, "DELETE FROM desk.trades"),
        (Service::TradeManager, "INSERT INTO desk.claims (intent, signed_at) VALUES (gen_random_uuid(), now())"),
        (Service::DbPoller, "UPDATE ops.outbox SET event = '{}'"),
        (Service::PriceWatchdog, "CREATE TABLE market.mine (n integer)"),
    ] {
        assert!(refused(&test, service, statement).await, "{service}: {statement}");
    }
    assert!(!refused(&test, Service::MainApp, "SELECT id FROM desk.trades").await);
    assert!(!refused(&test, Service::PriceWatchdog, "SELECT market.ensure_partitions('2026-09-23')").await);
}
