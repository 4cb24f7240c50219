//! What the database promises, against a real one.

mod claim;
mod commit;
mod deadline;
mod inbox;
mod lease;
mod ledger;
mod ledger_check;
mod market;
mod outbox;
mod pages;
mod prune;
mod repeats;
mod risk;
mod roles;
mod round_trip;
mod sample;
mod schema;

use rec_domain::{Mode, Service, Timestamp};

use crate::{Database, Desk, Lease, Role, testing::TestDatabase};

/// The present of these tests.
fn now() -> Timestamp {
    "2026-09-23T19:50:00Z".parse().expect("an instant")
}

/// A desk that leads in a database of its own.
struct Leader {
    test: TestDatabase,
    database: Database,
    desk: Desk,
    lease: Lease,
}

impl Leader {
    async fn of_mode(mode: Mode) -> Option<Self> {
        let (test, _desk) = TestDatabase::of_mode(mode).await?;
        let database = test.open(Role::Service(Service::TradeManager)).await;
        let lease = Lease::acquire(&database, "test", minute()).await.expect("the lease is free");
        Some(Self { desk: database.desk(), database, lease, test })
    }

    async fn new() -> Option<Self> {
        Self::of_mode(Mode::Twin).await
    }

    async fn as_service(&self, service: Service) -> Database {
        self.test.open(Role::Service(service)).await
    }

    /// Waits until so many statements wait for locks in this database.
    async fn until_waiting(&self, statements: i64) {
        // Only the owner may see that of others.
        let owner = self.test.open(Role::Owner).await;
        let waiting =
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
        let seen = tokio::time::timeout(std::time::Duration::from_secs(4), async {
            while sqlx::query_scalar::<_, i64>(waiting).fetch_one(&owner.pool).await.expect("asked") < statements {
                tokio::task::yield_now().await;
            }
        });
        seen.await.expect("they wait");
    }
}

fn minute() -> rec_domain::TimeSpan {
    rec_domain::TimeSpan::from_seconds(60)
}
