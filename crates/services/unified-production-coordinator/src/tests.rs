use std::{
    path::Path,
    time::{Duration, Instant},
};

use rec_domain::{
    EventTicker, ExchangeIndex, Fresh, MarketTicker, Price, PriceGrid, Quantity, SeriesTicker, Service, TimeSpan,
    Timestamp, UsdPrice,
    book::{BookTop, Level, Top},
    bus_event::{BusEvent, Topic},
    fee::FeeSchedule,
    index::IndexPrint,
    market::{Collateral, Market, MarketStatus, StrikeRule},
    momentum::MomentumReading,
};
use rec_model::{Fingerprint, FingerprintSet, Grid, fingerprint_csv::write_set};
use rec_runtime::{
    DatabaseAccess, Hosted, Running,
    clock::{SystemWall, WallClock as _},
    compose::SHUTDOWN_DEADLINE,
    testing,
};

use super::run;

const SERVICE: Service = Service::UnifiedProductionCoordinator;
const SERVICES: &[Hosted] = &[(SERVICE, run)];

/// Writes a model to where the configuration looks for one.
fn write_model(state_dir: &Path) {
    let grid = Grid::new(
        vec![1, 60],
        vec![0.0, 0.1, 2.0],
        vec![50.0, 1.0, 0.0, 50.0, 2.0, 0.0],
        vec![50.0, 20.0, 0.0, 50.0, 40.0, 0.0],
    )
    .expect("a grid");
    let part = ("baseline".to_owned(), None, Fingerprint { grid, support: None });
    let set = FingerprintSet::new("btc", [part]).expect("a set");
    let folder = state_dir.join("model/fingerprints");
    std::fs::create_dir_all(&folder).expect("a folder");
    for (name, text) in write_set(&set) {
        std::fs::write(folder.join(name), text).expect("written");
    }
}

fn world(now: Timestamp) -> Vec<BusEvent> {
    let price = UsdPrice::from_cents(10_000_000);
    let (ticker, event) = (MarketTicker::new("NOW-T99900"), EventTicker::new("NOW"));
    let level = |cents| Some(Level { price: Price::from_cents(cents), quantity: Quantity::from_contracts(50) });
    let top = Some(Top { bid: level(90), ask: level(92) });
    let market = Market {
        ticker: ticker.clone(),
        event,
        series: SeriesTicker::new("KXBTCD"),
        title: String::new(),
        status: MarketStatus::Active,
        strike: Some(StrikeRule::GreaterOrEqual(UsdPrice::from_cents(9_990_000))),
        open_time: now - TimeSpan::from_minutes(50),
        close_time: now + TimeSpan::from_minutes(10),
        grid: PriceGrid::linear_cent(),
        exchange_index: ExchangeIndex::new(2),
        volume: Quantity::from_contracts(5_000),
        fees: FeeSchedule::CRYPTO,
        collateral: Collateral::DirectNetting,
    };
    vec![
        BusEvent::Markets(vec![market]),
        BusEvent::Books(vec![BookTop { ticker, top, observed_at: now, received_at: now }]),
        BusEvent::Spot(Fresh { value: price, source: "coinbase".to_owned(), observed_at: now, received_at: now }),
        BusEvent::Index(IndexPrint { stamped_at: now, value: price, received_at: now }),
        BusEvent::Momentum(MomentumReading { at: now, score_percent: None, deltas_percent: [None; 6] }),
    ]
}

async fn start(folder: &Path) -> Running {
    let config = testing::configuration(folder, &[]);
    testing::start(SERVICES, config, DatabaseAccess::none()).await
}

/// Feeds the world as it is, again and again, until `done`.
async fn feed_until(running: &Running, done: impl FnMut() -> bool) {
    feed_some_until(running, |_event| true, done).await;
}

/// The same with those events only that are `told`.
async fn feed_some_until(running: &Running, told: impl Fn(&BusEvent) -> bool, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !done() {
        assert!(Instant::now() < deadline, "never: {:?}", running.health(SERVICE));
        world(SystemWall.now()).into_iter().filter(&told).for_each(|event| running.bus.publish(event));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn healthy(running: &Running) -> bool {
    testing::is_healthy(running, SERVICE)
}

#[tokio::test]
async fn it_publishes_strike_tables_and_is_healthy_only_while_they_have_chances() {
    let folder = tempfile::tempdir().expect("a folder");
    write_model(folder.path());
    let running = start(folder.path()).await;
    assert!(!healthy(&running), "nothing was fed yet");
    let mut tables = running.bus.subscribe(&[Topic::Strikes]);
    let mut complete = false;
    feed_until(&running, || {
        while let Some(delivery) = tables.try_recv() {
            if let BusEvent::Strikes(table) = &*delivery.event {
                complete |= table.rows.iter().any(|row| row.yes.is_some() && row.yes_edge.is_some());
            }
        }
        complete && healthy(&running)
    })
    .await;
    for (word, silent) in [("spot price", Topic::Spot), ("index", Topic::Index)] {
        let began = Instant::now();
        feed_some_until(&running, |event| event.topic() != silent, || !healthy(&running)).await;
        assert!(began.elapsed() < testing::NOTICE, "{word}: {:?}", began.elapsed());
        let complaint = running.health(SERVICE).and_then(|health| health.complaint()).unwrap_or_default();
        assert!(complaint.contains(word), "{complaint}");
        feed_until(&running, || healthy(&running)).await;
    }
    testing::assert_noticed(&running, SERVICE).await;
    running.shutdown(SHUTDOWN_DEADLINE).await.expect("in order");
}

#[tokio::test]
async fn without_a_model_it_ends_and_says_where_one_belongs() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut running = start(folder.path()).await;
    let ended = tokio::time::timeout(Duration::from_secs(20), running.ended()).await.expect("it ends by itself");
    let said = format!("{ended:?}");
    assert!(said.contains("fingerprint"), "{said}");
}
