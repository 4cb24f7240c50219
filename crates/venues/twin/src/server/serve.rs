//! Starting and stopping.

use std::{
    fmt,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use axum::Router;
use rec_domain::{Clock, Timestamp};
use tokio::{
    net::TcpListener,
    task::JoinSet,
    time::{MissedTickBehavior, interval, timeout},
};
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

use super::{
    ApiKey, ClockOrigin, Conditions, Fault, Faults, MarketClock, MirrorFeed, TwinError,
    exchange::{self, Venue},
    faults::Storm,
    journal::Journal,
    listener::{Cut, CuttableListener},
    spot,
    world::World,
};
use crate::core::{Mirrored, Mutation, Rejection, Twin, TwinConfig};

/// How often the world is played on, in the wall's time.
const TURN: Duration = Duration::from_millis(20);
/// The same while books flicker: a load that comes in lumps would be measured as lateness of whoever listens.
const SHORT_TURN: Duration = Duration::from_millis(5);
/// How long connections get to end by themselves.
const GRACE: Duration = Duration::from_secs(2);

/// How a twin is served.
#[derive(Debug, Clone)]
pub struct ServeConfig {
    /// The world, unless one is resumed.
    pub twin: TwinConfig,
    /// Market seconds in a second of the wall.
    pub speed: f64,
    /// Reads the time of day, once: when the market clock starts.
    pub time_of_day: fn() -> Timestamp,
    /// The exchange's port on 127.0.0.1; 0 takes a free one.
    pub exchange_port: u16,
    /// The spot venue's port on 127.0.0.1; 0 takes a free one.
    pub spot_port: u16,
    /// Where the journal is kept; `None` keeps none.
    pub state_dir: Option<PathBuf>,
    /// Whether a world that is in `state_dir` is taken up again. Without one there, a fresh world begins.
    pub resume: bool,
    /// The keys that the exchange knows.
    pub keys: Vec<ApiKey>,
    /// What it allows, how slow it is, and what goes wrong.
    pub conditions: Conditions,
}

/// A served twin.
pub struct TwinServer {
    /// Where the exchange listens.
    pub exchange_addr: SocketAddr,
    /// Where the spot venue listens.
    pub spot_addr: SocketAddr,
    /// Whether a world was taken up again.
    pub resumed: bool,
    clock: MarketClock,
    world: Arc<World>,
    tasks: JoinSet<()>,
    shutdown: CancellationToken,
}

impl fmt::Debug for TwinServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TwinServer").field("exchange_addr", &self.exchange_addr).finish_non_exhaustive()
    }
}

impl TwinServer {
    /// The exchange's REST address, ending in `/trade-api/v2`.
    #[must_use]
    pub fn rest_url(&self) -> String {
        format!("http://{}/trade-api/v2", self.exchange_addr)
    }

    /// The exchange's WebSocket address.
    #[must_use]
    pub fn ws_url(&self) -> String {
        format!("ws://{}/trade-api/ws/v2", self.exchange_addr)
    }

    /// The spot venue's REST address.
    #[must_use]
    pub fn spot_rest_url(&self) -> String {
        format!("http://{}", self.spot_addr)
    }

    /// The spot venue's WebSocket address.
    #[must_use]
    pub fn spot_ws_url(&self) -> String {
        format!("ws://{}", self.spot_addr)
    }

    /// The WebSocket address of the Kraken-protocol spot venue.
    #[must_use]
    pub fn kraken_ws_url(&self) -> String {
        format!("ws://{}/kraken/v2", self.spot_addr)
    }

    /// The WebSocket address of the Bitstamp-protocol spot venue.
    #[must_use]
    pub fn bitstamp_ws_url(&self) -> String {
        format!("ws://{}/bitstamp", self.spot_addr)
    }

    /// Market time now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The market clock, for a desk in the same process.
    #[must_use]
    pub const fn clock(&self) -> MarketClock {
        self.clock
    }

    /// Origin and speed, for a desk in another process.
    #[must_use]
    pub const fn clock_origin(&self) -> ClockOrigin {
        self.clock.origin()
    }

    /// The way to show a mirror what another exchange shows.
    #[must_use]
    pub fn mirror(&self) -> MirrorFeed {
        MirrorFeed::new(Arc::clone(&self.world))
    }

    /// Puts a fault into force now, as the control endpoint does, and gives its market time.
    ///
    /// # Errors
    /// When a fault of the world names what is not there, or comes when it cannot be.
    pub fn inject(&self, fault: Fault) -> Result<Timestamp, Rejection> {
        self.world.inject(fault)
    }

    /// Stops and waits until everything has ended, at most a few seconds.
    pub async fn stop(mut self) {
        self.shutdown.cancel();
        let all = async { while self.tasks.join_next().await.is_some() {} };
        if timeout(GRACE, all).await.is_err() {
            self.tasks.shutdown().await;
        }
    }
}

impl Drop for TwinServer {
    /// Ends the connections too, which run on their own.
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

/// Builds the world (or takes it up again), plays its warm-up, and serves it until `shutdown`.
///
/// # Errors
/// When a port is taken, the journal cannot be read or written, or the speed is out of range.
pub async fn serve(
    config: ServeConfig,
    faults: Arc<Faults>,
    shutdown: CancellationToken,
) -> Result<TwinServer, TwinError> {
    // Stopping the twin must not stop whoever started it.
    let shutdown = shutdown.child_token();
    let exchange_listener = bind(config.exchange_port).await?;
    let spot_listener = bind(config.spot_port).await?;
    let (twin, state_dir, resume) = (config.twin, config.state_dir, config.resume);
    let folder = state_dir.clone();
    let build = move || build_world(&twin, state_dir.as_deref(), resume);
    let built = tokio::task::spawn_blocking(build).await;
    let (twin, journal, resumed) = built.map_err(|error| TwinError::Build(error.to_string()))??;

    let clock = match config.conditions.clock {
        Some(origin) => MarketClock::join(origin, (config.time_of_day)())?,
        None => MarketClock::start(twin.now(), (config.time_of_day)(), config.speed)?,
    };
    let now = twin.now();
    let flickers = twin.config().flicker > 0;
    let conditions = config.conditions;
    let world = World::new(twin, journal, clock, faults.clone(), &conditions, folder.as_deref());
    let world = Arc::new(world);
    let venue = Venue {
        world: world.clone(),
        keys: config.keys.into(),
        control: conditions.control,
        shutdown: shutdown.clone(),
    };
    let exchange_addr = local_addr(&exchange_listener, config.exchange_port)?;
    let spot_addr = local_addr(&spot_listener, config.spot_port)?;
    let mut tasks = JoinSet::new();
    let turn = if flickers { SHORT_TURN } else { TURN };
    tasks.spawn(play(world.clone(), turn, shutdown.clone()));
    if let Some(seed) = conditions.storm {
        tasks.spawn(rage(world.clone(), Storm::of(seed), shutdown.clone()));
    }
    let exchange_listener = CuttableListener::new(exchange_listener, faults.clone());
    let spot_listener = CuttableListener::new(spot_listener, faults);
    tasks.spawn(serve_router(exchange_listener, exchange::router(venue.clone()), shutdown.clone()));
    tasks.spawn(serve_router(spot_listener, spot::router(venue), shutdown.clone()));
    info!(%exchange_addr, %spot_addr, market_time = %now, speed = config.speed, resumed, "twin listens");
    Ok(TwinServer { exchange_addr, spot_addr, resumed, clock, world, tasks, shutdown })
}

fn build_world(
    config: &TwinConfig,
    state_dir: Option<&std::path::Path>,
    resume: bool,
) -> Result<(Twin, Option<Journal>, bool), TwinError> {
    if let Some(folder) = state_dir.filter(|_| resume)
        && let Some((journal, mut twin)) = Journal::resume(folder)?
    {
        if twin.config().mirror != config.mirror {
            return Err(TwinError::OtherWorld(folder.to_owned()));
        }
        if config.mirror {
            // The books that were met last are in the journal, and are not what is displayed now.
            let now = twin.now();
            let _ = twin.apply(now, &Mutation::Mirror(Mirrored::BooksLost));
        }
        return Ok((twin, Some(journal), true));
    }
    let mut twin = Twin::new(config.clone());
    twin.advance_quietly(config.opening());
    let journal = state_dir.map(|folder| Journal::create(folder, config)).transpose()?;
    Ok((twin, journal, false))
}

async fn bind(port: u16) -> Result<TcpListener, TwinError> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(|source| TwinError::Bind { port, source })
}

fn local_addr(listener: &TcpListener, port: u16) -> Result<SocketAddr, TwinError> {
    listener.local_addr().map_err(|source| TwinError::Bind { port, source })
}

/// Plays the world on until the end.
async fn play(world: Arc<World>, every: Duration, shutdown: CancellationToken) {
    let mut turn = interval(every);
    turn.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        tokio::select! {
            _ = turn.tick() => world.play(),
            () = shutdown.cancelled() => return,
        }
        if let Some(failure) = world.take_failure() {
            error!(%failure, "the twin stands still: its journal cannot be written");
            return;
        }
    }
}

/// Injects one fault of a storm after another until the end.
async fn rage(world: Arc<World>, mut storm: Storm, shutdown: CancellationToken) {
    while shutdown.run_until_cancelled(tokio::time::sleep(storm.pause())).await.is_some() {
        let fault = world.read(|twin| storm.next(twin));
        if let Err(refusal) = world.inject(fault) {
            // As a pause of trading while there is one.
            info!(refusal = %refusal.json(), "a fault of the storm does not apply now");
        }
    }
}

async fn serve_router(listener: CuttableListener, router: Router, shutdown: CancellationToken) {
    let service = router.into_make_service_with_connect_info::<Cut>();
    let served = axum::serve(listener, service).with_graceful_shutdown(shutdown.cancelled_owned()).await;
    if let Err(failure) = served {
        error!(%failure, "a venue of the twin ended");
    }
}
