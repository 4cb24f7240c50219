use std::{
    collections::BTreeMap,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use rec_domain::{
    Service, TimeSpan,
    bus_event::{BusEvent, Topic},
    market::LifecycleChange,
};
use rec_runtime::{
    DatabaseAccess, Running,
    clock::{SystemWall, WallClock as _},
    compose::SHUTDOWN_DEADLINE,
    testing::{self, NOTICE, PATIENCE},
};
use rec_twin::{
    core::{self, Channel, TwinConfig},
    server::{ApiKey, Conditions, Fault, Faults, Scope, ServeConfig, TwinServer, serve},
};
use tokio_util::sync::CancellationToken;

use super::run;

const SPEED: f64 = 30.0;

/// A twin and the service that watches it.
struct Rig {
    running: Running,
    faults: Arc<Faults>,
    twin: TwinServer,
}

impl Rig {
    async fn start(folder: &Path, warm_up: TimeSpan) -> Self {
        let (key, pem) = ApiKey::generate_ed25519("read-key", Scope::Read).expect("randomness");
        let faults = Arc::new(Faults::default());
        let serving = ServeConfig {
            twin: TwinConfig { warm_up, ..TwinConfig::demo(1) },
            speed: SPEED,
            time_of_day: || SystemWall.now(),
            exchange_port: 0,
            spot_port: 0,
            state_dir: None,
            resume: false,
            keys: vec![key],
            conditions: Conditions::default(),
        };
        let twin = serve(serving, Arc::clone(&faults), CancellationToken::new()).await.expect("the twin listens");
        let mut config = testing::configuration(folder, &[]);
        config.exchange.rest_url = twin.rest_url();
        config.exchange.ws_url = twin.ws_url();
        config.spot.rest_url = twin.spot_rest_url();
        config.spot.ws_url = twin.spot_ws_url();
        config.exchange.read.key_id = Some("read-key".to_owned());
        config.exchange.read.key_file = folder.join("read.pem");
        std::fs::write(&config.exchange.read.key_file, pem.expose()).expect("a key file");
        let origin = twin.clock_origin();
        let clocks = testing::clocks(origin.market, origin.wall, origin.speed);
        let running =
            testing::start_by(&[(Service::KalshiApiWatchdog, run)], config, clocks, DatabaseAccess::none()).await;
        Self { running, faults, twin }
    }

    fn is_healthy(&self) -> bool {
        testing::is_healthy(&self.running, Service::KalshiApiWatchdog)
    }

    async fn until(&self, healthy: bool, within: Duration) {
        let deadline = Instant::now() + within;
        while self.is_healthy() != healthy {
            let health = self.running.health(Service::KalshiApiWatchdog);
            assert!(Instant::now() < deadline, "healthy should be {healthy}: {health:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn end(self) {
        self.running.shutdown(SHUTDOWN_DEADLINE).await.expect("it was still running");
        self.twin.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn markets_books_and_announcements_are_published_also_over_the_end_of_an_hour() {
    let folder = tempfile::tempdir().expect("a folder");
    let rig = Rig::start(folder.path(), TimeSpan::from_minutes(57)).await;
    let mut bus = rig.running.bus.subscribe(&[Topic::Markets, Topic::Books, Topic::Lifecycle]);
    let start = rig.twin.now();
    let (mut first_close, mut known_books, mut later_books, mut determined) = (None, 0, 0, false);
    let mut markets = BTreeMap::new();
    while !determined || later_books == 0 {
        let delivery = tokio::time::timeout(PATIENCE, bus.recv()).await.expect("an event in time");
        match &*delivery.event {
            BusEvent::Markets(listed) => {
                markets.extend(listed.iter().map(|market| (market.ticker.clone(), market.close_time)));
                first_close = first_close.or_else(|| listed.iter().map(|market| market.close_time).min());
            }
            BusEvent::Books(tops) => {
                for top in tops.iter().filter(|top| top.top.is_some()) {
                    match markets.get(&top.ticker) {
                        Some(close) if Some(*close) == first_close => known_books += 1,
                        _ => later_books += 1,
                    }
                }
            }
            BusEvent::Lifecycle(change) => determined |= matches!(change.change, LifecycleChange::Determined { .. }),
            other => unreachable!("not subscribed: {other:?}"),
        }
        assert!(rig.twin.now() < start + TimeSpan::from_minutes(20), "nothing was determined or rolled over");
    }
    assert!(known_books > 0);
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn silence_and_loss_of_the_exchange_are_noticed_within_five_seconds_and_healed() {
    let folder = tempfile::tempdir().expect("a folder");
    let rig = Rig::start(folder.path(), TimeSpan::from_minutes(40)).await;
    rig.until(true, PATIENCE).await;
    rig.faults.silence(Channel::OrderbookDelta, true);
    rig.until(false, NOTICE).await;
    rig.faults.silence(Channel::OrderbookDelta, false);
    rig.until(true, PATIENCE).await;
    rig.faults.take_down();
    rig.until(false, NOTICE).await;
    rig.faults.bring_up();
    rig.until(true, PATIENCE).await;
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_no_market_is_open_it_says_so_and_is_healthy_and_the_loss_of_the_exchange_is_still_noticed() {
    let folder = tempfile::tempdir().expect("a folder");
    let rig = Rig::start(folder.path(), TimeSpan::from_minutes(15)).await;
    let mut bus = rig.running.bus.subscribe(&[Topic::Markets]);
    rig.until(true, PATIENCE).await;
    let now = rig.twin.now();
    let mut open = std::collections::BTreeSet::new();
    while open.is_empty() {
        let delivery = tokio::time::timeout(PATIENCE, bus.recv()).await.expect("an event in time");
        if let BusEvent::Markets(listed) = &*delivery.event {
            let listed = listed.iter().filter(|market| market.open_time <= now);
            open.extend(listed.map(|market| market.event.as_str().to_owned()));
        }
    }
    for event_ticker in open {
        rig.twin.inject(Fault::World(core::Fault::EarlyClose { event_ticker })).expect("an open event");
    }
    let says_so = || {
        let health = rig.running.health(Service::KalshiApiWatchdog).expect("it runs here");
        format!("{health:?}").contains("no market is open")
    };
    let deadline = Instant::now() + PATIENCE;
    while !says_so() {
        assert!(Instant::now() < deadline, "it says that no market is open");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // Longer than the machine waits for a frame before it wants another connection.
    let until = Instant::now() + Duration::from_secs(18);
    while Instant::now() < until {
        assert!(rig.is_healthy(), "{:?}", rig.running.health(Service::KalshiApiWatchdog));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    rig.faults.take_down();
    rig.until(false, NOTICE).await;
    rig.end().await;
}
