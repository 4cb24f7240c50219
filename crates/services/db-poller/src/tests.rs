use std::{
    path::Path,
    sync::Mutex,
    time::{Duration, Instant},
};

use rec_domain::{
    Mode, Service, TimeSpan, Timestamp,
    bus_event::{BusEvent, Topic},
    outbox::DeskEvent,
    row::{Commit, Row},
};
use rec_runtime::{
    BoxFuture, Running, ServiceContext, ServiceMain, compose::SHUTDOWN_DEADLINE, database::ACCOUNT, testing,
};
use rec_store::{CommitOutcome, Database, Lease, Role, testing::TestDatabase};

use super::run;

/// Commits events as trade-manager does.
struct Desk {
    database: Database,
    epoch: u32,
    commits: i64,
}

impl Desk {
    async fn new(test: &TestDatabase) -> Self {
        let owner = test.open(Role::Owner).await;
        owner.identity(Mode::Twin, ACCOUNT).await.expect("marked");
        let database = test.open(Role::Service(Service::TradeManager)).await;
        let lease = Lease::acquire(&database, "test", TimeSpan::from_minutes(10)).await.expect("the lease is free");
        Self { epoch: lease.epoch(), database, commits: 0 }
    }

    async fn tell(&mut self, auto_entry: &[bool]) {
        self.commits += 1;
        let event = |auto_entry: &bool| Row::Event(DeskEvent::Automation { auto_entry: *auto_entry, auto_stop: true });
        let commit = Commit {
            number: self.commits,
            epoch: self.epoch,
            at: Timestamp::from_seconds(1_000 + self.commits),
            inputs: Vec::new(),
            rows: auto_entry.iter().map(event).collect(),
        };
        let outcome = self.database.desk().commit(&commit).await;
        assert!(matches!(outcome, CommitOutcome::Committed), "{outcome:?}");
    }
}

async fn start(folder: &Path, test: &TestDatabase) -> Running {
    let config = testing::configuration(folder, &[]);
    testing::start(&[(Service::DbPoller, run)], config, testing::database(test)).await
}

async fn events(bus: &mut rec_bus::Subscription, count: usize) -> Vec<bool> {
    let mut told = Vec::new();
    while told.len() < count {
        let delivery = tokio::time::timeout(Duration::from_secs(20), bus.recv()).await.expect("an event in time");
        if let BusEvent::Outbox(event) = &*delivery.event
            && let DeskEvent::Automation { auto_entry, .. } = event.event
        {
            told.push(auto_entry);
        }
    }
    told
}

/// What a listener heard that was there before the relay.
static HEARD: Mutex<Vec<bool>> = Mutex::new(Vec::new());

/// Subscribes before anything else.
fn listen(ctx: ServiceContext) -> BoxFuture<anyhow::Result<()>> {
    let mut bus = ctx.bus.subscribe(&[Topic::Outbox]);
    Box::pin(async move {
        while let Some(auto_entry) = ctx.shutdown.run_until_cancelled(events(&mut bus, 1)).await {
            HEARD.lock().expect("no panic").extend(auto_entry);
        }
        Ok(())
    })
}

/// Waits until nothing waits to be published.
async fn relayed(test: &TestDatabase) {
    let outbox = test.open(Role::Service(Service::DbPoller)).await.outbox();
    let deadline = Instant::now() + Duration::from_secs(20);
    while outbox.waiting().await.expect("readable") > 0 {
        assert!(Instant::now() < deadline, "not relayed");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn what_was_committed_is_relayed_in_order_also_what_was_committed_while_it_was_down() {
    let Some(test) = TestDatabase::migrated().await else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let mut desk = Desk::new(&test).await;
    let running = start(folder.path(), &test).await;
    let mut bus = running.bus.subscribe(&[Topic::Outbox]);
    desk.tell(&[true, false, false]).await;
    assert_eq!(events(&mut bus, 3).await, [true, false, false]);
    relayed(&test).await;
    running.shutdown(SHUTDOWN_DEADLINE).await.expect("in order");
    desk.tell(&[true, false]).await;
    let config = testing::configuration(folder.path(), &[]);
    let services = [(Service::SystemMonitor, listen as ServiceMain), (Service::DbPoller, run)];
    let running = testing::start(&services, config, testing::database(&test)).await;
    relayed(&test).await;
    // What comes last shows that nothing is still on its way.
    desk.tell(&[true]).await;
    testing::until("all are told", async || HEARD.lock().expect("no panic").len() >= 3).await;
    assert_eq!(*HEARD.lock().expect("no panic"), [true, false, true], "in order, and nothing of before twice");
    assert!(running.health(Service::DbPoller).expect("runs here").healthy);
    running.shutdown(SHUTDOWN_DEADLINE).await.expect("in order");
}

#[tokio::test]
async fn a_database_that_goes_away_makes_it_unhealthy_within_five_seconds_and_ends_nothing() {
    let Some(test) = TestDatabase::migrated().await else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let _desk = Desk::new(&test).await;
    let running = start(folder.path(), &test).await;
    testing::until("it is healthy", async || testing::is_healthy(&running, Service::DbPoller)).await;
    drop(test);
    testing::assert_noticed(&running, Service::DbPoller).await;
    running.shutdown(SHUTDOWN_DEADLINE).await.expect("it was still running");
}
