//! What goes after a while, and what never does.

use rec_domain::{
    Fresh, Service, TimeSpan, UsdPrice,
    desk_view::Cursors,
    halt::HaltSource,
    outbox::DeskEvent,
    report::{Report, Sweep},
    row::Row,
};

use super::{Leader, now, sample};
use crate::{Pruned, Retention};

const HOUR: TimeSpan = TimeSpan::from_minutes(60);
const KEEP: Retention = Retention { sweeps: HOUR, events: HOUR, market_days: 2 };

fn minutes(count: i64) -> TimeSpan {
    TimeSpan::from_minutes(count)
}

fn sweep(at: rec_domain::Timestamp) -> Report {
    Report::Sweep(Sweep {
        started_at: at,
        as_of: at,
        since: None,
        balances: vec![],
        positions: vec![],
        resting: vec![],
        reserved: vec![],
        flows: false,
        unreadable: vec![],
    })
}

#[tokio::test]
async fn readings_go_once_they_are_consumed_superseded_and_old_and_nothing_else_of_the_inbox_does() {
    let Some(leader) = Leader::new().await else { return };
    let inbox = leader.as_service(Service::KalshiAccountSync).await.inbox();
    let pruner = leader.as_service(Service::DbPoller).await;
    inbox.append_reports(&[Report::Fill(sample::fill_report())], now() - minutes(600)).await.expect("appended");
    for age in [300, 200, 90, 30, 10] {
        let at = now() - minutes(age);
        inbox.append_reports(&[sweep(at)], at).await.expect("appended");
    }
    let ids: Vec<_> = inbox.reports_after(0, 100).await.expect("read").into_iter().map(|(id, _)| id).collect();
    assert_eq!(pruner.prune(&KEEP, 100).await.expect("pruned"), Pruned::default(), "the desk has consumed nothing");
    leader.commit(1, vec![Row::Cursors(Cursors { report: ids[4], answer: 0 })]).await;
    // Consumed up to the one of half an hour ago: measured from it, those of 300, 200 and 90 minutes compete.
    assert_eq!(pruner.prune(&KEEP, 1).await.expect("pruned").sweeps, 1, "a bounded number at a time");
    assert_eq!(pruner.prune(&KEEP, 100).await.expect("pruned").sweeps, 1, "the other is not old enough");
    let left: Vec<_> = inbox.reports_after(0, 100).await.expect("read").into_iter().map(|(id, _)| id).collect();
    assert_eq!(left, [ids[0], ids[3], ids[4], ids[5]], "the fill is older than all of them and stays");
}

#[tokio::test]
async fn events_go_only_after_they_were_published() {
    let Some(leader) = Leader::new().await else { return };
    let database = leader.as_service(Service::DbPoller).await;
    let event =
        |reason: &str| Row::Event(DeskEvent::Halted { source: HaltSource::Operator, reason: reason.to_owned() });
    for (number, age) in [(1, 300), (2, 200), (3, 0)] {
        let commit = rec_domain::row::Commit {
            at: now() - minutes(age),
            ..sample::commit(leader.lease.epoch(), number, vec![event(&number.to_string())])
        };
        leader.desk.commit(&commit).await;
    }
    assert_eq!(database.prune(&KEEP, 100).await.expect("pruned").events, 0);
    let batch = database.outbox().take_unpublished(1).await.expect("taken");
    batch.published().await.expect("marked");
    assert_eq!(database.prune(&KEEP, 100).await.expect("pruned").events, 1);
    assert_eq!(database.outbox().waiting().await.expect("counted"), 2, "what nobody has heard stays however old");
}

#[tokio::test]
async fn market_data_goes_by_whole_days() {
    let Some(leader) = Leader::new().await else { return };
    let market = leader.as_service(Service::PriceWatchdog).await.market_data();
    let tick = |days: i64| {
        let at = now() - minutes(days * 24 * 60);
        Fresh { value: UsdPrice::from_cents(1), source: "test".to_owned(), observed_at: at, received_at: at }
    };
    for days in [4, 3, 1, 0] {
        market.append_ticks(&[tick(days)]).await.expect("stored");
    }
    let pruner = leader.as_service(Service::DbPoller).await;
    // Each day has a table in each of the four series.
    assert_eq!(pruner.prune(&KEEP, 100).await.expect("pruned").partitions, 8);
    assert_eq!(pruner.prune(&KEEP, 100).await.expect("pruned").partitions, 0);
    let left = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM market.ticks").fetch_one(&leader.database.pool).await;
    assert_eq!(left.expect("counted"), 2);
}

#[tokio::test]
async fn only_the_pruner_prunes_and_nobody_deletes() {
    let Some(leader) = Leader::new().await else { return };
    for service in [Service::TradeManager, Service::KalshiAccountSync, Service::MainApp] {
        assert!(leader.as_service(service).await.prune(&KEEP, 1).await.is_err(), "{service}");
    }
    for table in ["desk.exchange_reports", "desk.fills", "desk.orders", "desk.settlements", "ops.outbox"] {
        let statement = format!("DELETE FROM {table}");
        let pool = leader.as_service(Service::DbPoller).await.pool;
        assert!(sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&pool).await.is_err(), "{table}");
    }
}

#[tokio::test]
async fn even_the_owner_deletes_no_report_but_readings() {
    let Some(leader) = Leader::new().await else { return };
    let inbox = leader.as_service(Service::KalshiAccountSync).await.inbox();
    inbox.append_reports(&[Report::Fill(sample::fill_report()), sweep(now())], now()).await.expect("appended");
    let owner = leader.test.open(crate::Role::Owner).await.pool;
    let delete = |kind: &str| sqlx::AssertSqlSafe(format!("DELETE FROM desk.exchange_reports WHERE kind = '{kind}'"));
    assert!(sqlx::query(delete("fill")).execute(&owner).await.is_err());
    assert_eq!(sqlx::query(delete("sweep")).execute(&owner).await.expect("allowed").rows_affected(), 1);
}
