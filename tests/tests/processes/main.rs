//! The desk as several processes: a binary a unit, or a binary a service, against one Postgres, one NATS server and one
//! twin. Whatever is ended by force, no order and no fill is lost.

use rec_domain::{Service, halt::HaltSource};
use rec_e2e::split::{Layout, SIX_UNITS, SplitDesk, THIRTEEN_UNITS};

/// What the six units may use together, in bytes that no file backs.
const MOST_MEMORY: u64 = 250_000_000;

/// How often everything is killed at most until a trade has settled.
const MOST_ROUNDS: u32 = 30;

#[tokio::test]
async fn six_units_trade_without_the_bus_they_stop_entering_and_no_restart_loses_anything() {
    let Some(mut desk) = SplitDesk::start(SIX_UNITS).await else { return };
    desk.until_healthy().await;
    desk.until_filled().await;

    // Bus down: entries no, stops yes, manual yes.
    desk.nats.stop();
    desk.until("entries are halted", async |desk| desk.halts().await.contains(&HaltSource::Failure)).await;
    let stopper = desk.health(Service::ActiveTradeSupervisor).await.expect("it answers");
    assert!(stopper.healthy && stopper.degradation().is_none(), "stops need no bus: {stopper:?}");
    for service in [Service::TradeManager, Service::UnifiedProductionCoordinator] {
        let health = desk.health(service).await.expect("it answers");
        assert!(health.healthy, "{service} goes on without the bus: {health:?}");
        assert!(health.degradation().is_some_and(|lacking| lacking.contains("away")), "and says so: {health:?}");
    }
    assert!(!desk.health(Service::MainApp).await.expect("it answers").healthy, "the page shows nothing fresh");
    desk.operator_halts_and_resumes().await;
    desk.nats.resume();
    desk.until_healthy().await;
    desk.until("entries are allowed again", async |desk| desk.halts().await.is_empty()).await;

    desk.restart("executor").await;
    desk.until_healthy().await;
    desk.until_settled().await;
    let memory = desk.anonymous_memory();
    println!("six units use {} MB of anonymous memory", memory / 1_000_000);
    assert!(memory < MOST_MEMORY, "six units use {memory} bytes");
    desk.end_with_everything_in_order().await;
}

#[tokio::test]
async fn thirteen_units_trade_and_no_restart_loses_anything() {
    let Some(mut desk) = SplitDesk::start(THIRTEEN_UNITS).await else { return };
    desk.until_healthy().await;
    desk.until_filled().await;
    desk.restart_nats().await;
    desk.restart("trade-executor").await;
    desk.until_healthy().await;
    desk.until_settled().await;
    desk.end_with_everything_in_order().await;
}

#[tokio::test]
#[ignore = "some minutes; what the normal suite does with two of them, with each"]
async fn each_of_the_six_units_and_nats_may_be_killed_while_trading() {
    each_is_killed(SIX_UNITS).await;
}

#[tokio::test]
#[ignore = "some minutes; what the normal suite does with two of them, with each"]
async fn each_of_the_thirteen_units_and_nats_may_be_killed_while_trading() {
    each_is_killed(THIRTEEN_UNITS).await;
}

/// Kills one after the other, again and again, until a trade has settled meanwhile; NATS too in each round.
async fn each_is_killed(layout: Layout) {
    let Some(mut desk) = SplitDesk::start(layout).await else { return };
    desk.until_healthy().await;
    desk.until_filled().await;
    for round in 1..=MOST_ROUNDS {
        for (unit, _) in layout {
            println!("round {round}: {unit} is killed");
            desk.restart(unit).await;
            desk.until_healthy().await;
        }
        println!("round {round}: NATS is killed");
        desk.restart_nats().await;
        desk.until_healthy().await;
        if desk.has_settled().await {
            break;
        }
    }
    desk.until_settled().await;
    desk.end_with_everything_in_order().await;
}
