//! What tests of services stand on: a configuration, a database, services that run, waits that end.

use std::{collections::BTreeMap, path::Path, sync::Arc, time::Duration};

use rec_config::{Config, Manifest, Sources};
use rec_domain::{Service, Timestamp};
use rec_store::{Database, testing::TestDatabase};
use tokio::time::{Instant, sleep};

use crate::{
    Clocks, Composition, DatabaseAccess, Hosted, MarketClock, Running,
    clock::{SystemWall, WallClock as _},
};

/// How long anything may take on a loaded machine before a test gives up.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Wall time within which a service whose input stops has to be unhealthy.
pub const NOTICE: Duration = Duration::from_secs(5);

/// Defaults and `settings` (key and value), with the state in `folder` and a free port for every service.
///
/// # Panics
/// When a setting is wrong.
#[must_use]
pub fn configuration(folder: &Path, settings: &[(&str, &str)]) -> Config {
    let files = Some(BTreeMap::new());
    let mut sources = Sources { files, env: [("HOME".into(), folder.into())].into(), ..Sources::default() }.with(
        "the test",
        "state_dir",
        folder.to_string_lossy(),
    );
    for (service, _) in Manifest::bundled().iter().filter(|(_, entry)| entry.port.is_some()) {
        sources = sources.with("the test", format!("net.ports.{service}"), "0");
    }
    for (key, value) in settings {
        sources = sources.with("the test", *key, *value);
    }
    rec_config::load(&sources).expect("a good configuration").config
}

/// The database of a test, as services open theirs.
#[must_use]
pub fn database(test: &TestDatabase) -> DatabaseAccess {
    let options = test.options();
    DatabaseAccess::with(move |role, connections| Box::pin(Database::open_with(options.clone(), role, connections)))
}

/// The clocks of a desk whose market time was `market` when the time of day was `wall`, and runs `speed` times as fast.
#[must_use]
pub fn clocks(market: Timestamp, wall: Timestamp, speed: f64) -> Clocks {
    Clocks::new(MarketClock::accelerated(market, wall, speed, SystemWall.now()), Arc::new(SystemWall))
}

/// Starts services by the clock that the configuration has.
///
/// # Panics
/// When one cannot start.
pub async fn start(services: &[Hosted], config: Config, database: DatabaseAccess) -> Running {
    let clocks = Clocks::of(&config.clock);
    start_by(services, config, clocks, database).await
}

/// Starts services by another clock.
///
/// # Panics
/// When one cannot start.
pub async fn start_by(services: &[Hosted], config: Config, clocks: Clocks, database: DatabaseAccess) -> Running {
    let composition =
        Composition { services: services.to_vec(), config: Arc::new(config), clocks, database, take_over: false };
    composition.start().await.expect("the services start")
}

/// Waits until something holds, and gives the wall time that it took.
///
/// # Panics
/// When it does not within [`PATIENCE`].
pub async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) -> Duration {
    let began = Instant::now();
    while !holds().await {
        assert!(began.elapsed() < PATIENCE, "not within {PATIENCE:?}: {what}");
        sleep(Duration::from_millis(20)).await;
    }
    began.elapsed()
}

/// Whether a service that runs here is healthy.
///
/// # Panics
/// When it does not run here.
#[must_use]
pub fn is_healthy(running: &Running, service: Service) -> bool {
    running.health(service).expect("it runs here").healthy
}

/// The checks of a service that runs here and that fail, by their names.
///
/// # Panics
/// When it does not run here.
#[must_use]
pub fn failing(running: &Running, service: Service) -> Vec<String> {
    let checks = running.health(service).expect("it runs here").checks;
    checks.into_iter().filter(|check| !check.ok).map(|check| check.name).collect()
}

/// Waits until a service is unhealthy, since its input has just stopped.
///
/// # Panics
/// When that takes longer than [`NOTICE`].
pub async fn assert_noticed(running: &Running, service: Service) {
    let took = until("it is unhealthy", async || !is_healthy(running, service)).await;
    assert!(took < NOTICE, "{service} noticed after {took:?}");
}
