use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use rec_config::SpotVenue;
use rec_domain::{
    Fresh, Service, UsdPrice,
    bus_event::{BusEvent, Topic},
};
use rec_runtime::{
    DatabaseAccess, Running,
    clock::{SystemWall, WallClock as _},
    compose::SHUTDOWN_DEADLINE,
    testing::{self, NOTICE, PATIENCE},
};
use rec_twin::{
    core::{Channel, TwinConfig},
    server::{ApiKey, Conditions, Faults, Scope, ServeConfig, TwinServer, serve},
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
    async fn start(folder: &Path, venue: SpotVenue) -> Self {
        let (key, pem) = ApiKey::generate_ed25519("read-key", Scope::Read).expect("randomness");
        let faults = Arc::new(Faults::default());
        let serving = ServeConfig {
            twin: TwinConfig::demo(1),
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
        config.spot.venue = venue;
        config.spot.ws_url = match venue {
            SpotVenue::Coinbase => twin.spot_ws_url(),
            SpotVenue::Kraken => twin.kraken_ws_url(),
            SpotVenue::Bitstamp => twin.bitstamp_ws_url(),
        };
        config.exchange.read.key_id = Some("read-key".to_owned());
        config.exchange.read.key_file = folder.join("read.pem");
        std::fs::write(&config.exchange.read.key_file, pem.expose()).expect("a key file");
        let origin = twin.clock_origin();
        let clocks = testing::clocks(origin.market, origin.wall, origin.speed);
        let running = testing::start_by(&[(Service::PriceWatchdog, run)], config, clocks, DatabaseAccess::none()).await;
        Self { running, faults, twin }
    }

    fn is_healthy(&self) -> bool {
        testing::is_healthy(&self.running, Service::PriceWatchdog)
    }

    async fn until(&self, healthy: bool, within: Duration) {
        let deadline = Instant::now() + within;
        while self.is_healthy() != healthy {
            let health = self.running.health(Service::PriceWatchdog);
            assert!(Instant::now() < deadline, "healthy should be {healthy}: {health:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until price, index and momentum were published, and gives the source of the price. Price and index are of
    /// the same underlying, and momentum looks back over half an hour.
    async fn everything_is_published(&self) -> String {
        let mut bus = self.running.bus.subscribe(&[Topic::Spot, Topic::Index, Topic::Momentum]);
        let (mut spot, mut index, mut half_an_hour) = (None, None, false);
        loop {
            if let (Some(spot), Some(index), true) = (&spot, index, half_an_hour) {
                let Fresh { value, source, .. }: &Fresh<UsdPrice> = spot;
                let distance = (*value - index).units().abs();
                assert!(distance < UsdPrice::from_cents(100_000).units(), "{value} and {index}");
                return source.clone();
            }
            let delivery = tokio::time::timeout(PATIENCE, bus.recv()).await.expect("an event in time");
            match &*delivery.event {
                BusEvent::Spot(price) => spot = Some(price.clone()),
                BusEvent::Index(print) => index = Some(print.value),
                // Only candles can give the moves over 15 and 30 minutes so early.
                BusEvent::Momentum(reading) => half_an_hour |= reading.deltas_percent.iter().all(Option::is_some),
                other => unreachable!("not subscribed: {other:?}"),
            }
        }
    }

    async fn end(self) {
        self.running.shutdown(SHUTDOWN_DEADLINE).await.expect("it was still running");
        self.twin.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn prices_index_and_momentum_are_published_and_each_silence_is_noticed_within_five_seconds() {
    let folder = tempfile::tempdir().expect("a folder");
    let rig = Rig::start(folder.path(), SpotVenue::Coinbase).await;
    assert_eq!(rig.everything_is_published().await, "coinbase");
    rig.until(true, PATIENCE).await;
    rig.faults.silence(Channel::IndexValue, true);
    rig.until(false, NOTICE).await;
    rig.faults.silence(Channel::IndexValue, false);
    rig.until(true, PATIENCE).await;
    rig.faults.take_down();
    rig.until(false, NOTICE).await;
    rig.faults.bring_up();
    rig.until(true, PATIENCE).await;
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kraken_can_be_watched_instead() {
    is_watched_and_its_absence_noticed(SpotVenue::Kraken).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bitstamp_can_be_watched_instead() {
    is_watched_and_its_absence_noticed(SpotVenue::Bitstamp).await;
}

async fn is_watched_and_its_absence_noticed(venue: SpotVenue) {
    let folder = tempfile::tempdir().expect("a folder");
    let rig = Rig::start(folder.path(), venue).await;
    assert_eq!(rig.everything_is_published().await, venue.to_string());
    rig.until(true, PATIENCE).await;
    rig.faults.take_down();
    rig.until(false, NOTICE).await;
    rig.faults.bring_up();
    rig.until(true, PATIENCE).await;
    rig.end().await;
}
