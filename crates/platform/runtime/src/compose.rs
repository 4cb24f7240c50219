//! Several services in one process.
//!
//! Everything that can fail at start (ports, token, journals) is done before any service runs. Peers in the same
//! process are called through channels, others over HTTP; events of other processes come by NATS. A service that ends
//! although nobody asked it to ends the whole process: what starts it again is systemd, or the person who reads the
//! error.

mod joined;
mod peers;
mod running;

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use anyhow::{Context as _, ensure};
use rec_api::{DeskApi, ExecutorApi, HttpDesk, HttpExecutor, desk, executor, http::DEFAULT_DEADLINE};
use rec_config::Config;
use rec_domain::Service;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

pub use peers::{PeerError, Peers};
pub use running::{Ended, Running, ShutdownError};

use crate::{
    Clocks, DatabaseAccess, HealthBoard, Recorder, ServiceContext, ServiceMain, Tee, http, journal::Bounds, metric,
    passed::Passed, service::Once, token,
};

/// A service with its entry point.
pub type Hosted = (Service, ServiceMain);

/// Calls that may wait for trade-manager, and dispatches for trade-executor.
const DESK_QUEUE: usize = 64;
const DISPATCH_QUEUE: usize = 256;

/// What is to run in one process.
#[derive(Debug, Clone)]
pub struct Composition {
    /// The services in the order of their start; they end in the reverse order.
    pub services: Vec<Hosted>,
    /// The configuration.
    pub config: Arc<Config>,
    /// The clocks.
    pub clocks: Clocks,
    /// How the database is reached.
    pub database: DatabaseAccess,
    /// Whether trade-manager takes the lease from a desk that lives.
    pub take_over: bool,
}

impl Composition {
    /// Starts every service.
    ///
    /// # Errors
    /// When a port is taken or a file of the state directory cannot be made; then nothing runs.
    pub async fn start(self) -> anyhow::Result<Running> {
        let Self { services, config, clocks, database, take_over } = self;
        ensure!(!services.is_empty(), "no service was named");
        for (index, (service, _)) in services.iter().enumerate() {
            let again = services[..index].iter().any(|(earlier, _)| earlier == service);
            ensure!(!again, "{service} was named twice");
        }
        metric::install();
        let token = token::load_or_make(&config.net.service_token_file)?;
        let listeners = listen(&services, &config).await?;
        let tee = Tee::start(&config.state_dir, Bounds::from(&config.journal))
            .context("the system gives no thread for the journals")?;
        let recorder = config
            .recorder
            .enabled
            .then(|| Recorder::start(&config.state_dir, Bounds::from(&config.recorder.keep)))
            .transpose()
            .context("the system gives no thread for the recordings")?;
        let addresses: BTreeMap<Service, SocketAddr> = listeners
            .iter()
            .filter_map(|(service, listener)| Some((*service, listener.as_ref()?.local_addr().ok()?)))
            .collect();
        let boards: BTreeMap<Service, HealthBoard> =
            services.iter().map(|(service, _)| (*service, HealthBoard::new(*service))).collect();

        let here = |service| boards.contains_key(&service);
        let url = |service| config.net.url(service).with_context(|| format!("{service} has no port"));
        let (mut desk_inbox, mut dispatch_inbox) = (None, None);
        let desk: Arc<dyn DeskApi> = if here(Service::TradeManager) {
            let (desk, inbox) = desk::channel(DESK_QUEUE);
            desk_inbox = Some(inbox);
            Arc::new(desk)
        } else {
            Arc::new(HttpDesk::new(&url(Service::TradeManager)?, token.clone(), DEFAULT_DEADLINE)?)
        };
        let executor: Arc<dyn ExecutorApi> = if here(Service::TradeExecutor) {
            let (executor, inbox) = executor::channel(DISPATCH_QUEUE);
            dispatch_inbox = Some(inbox);
            Arc::new(executor)
        } else {
            Arc::new(HttpExecutor::new(&url(Service::TradeExecutor)?, token.clone(), DEFAULT_DEADLINE)?)
        };
        let bus = joined::bus_of(&config, &boards)?;
        let peers = Peers::new(&config, boards.clone(), &addresses)?;

        let leads = here(Service::TradeManager);
        let mut running = Running::new(Arc::clone(&bus), Arc::clone(&desk), peers.clone(), boards.clone(), addresses);
        for ((service, main), (_, listener)) in services.into_iter().zip(listeners) {
            let once = Once {
                listener: Some(listener),
                desk_inbox: if service == Service::TradeManager { desk_inbox.take() } else { None },
                dispatch_inbox: if service == Service::TradeExecutor { dispatch_inbox.take() } else { None },
            };
            let shutdown = CancellationToken::new();
            let context = ServiceContext {
                service,
                config: Arc::clone(&config),
                clocks: clocks.clone(),
                bus: Arc::clone(&bus),
                desk: Arc::clone(&desk),
                executor: Arc::clone(&executor),
                database: database.clone(),
                health: boards[&service].clone(),
                shutdown: shutdown.clone(),
                token: token.clone(),
                state_dir: config.state_dir.clone(),
                take_over,
                peers: peers.clone(),
                tee: tee.clone(),
                recorder: recorder.clone(),
                once: Arc::new(Mutex::new(once)),
            };
            let span = tracing::info_span!("service", name = %service);
            running.spawn(service, shutdown, main(context).instrument(span));
        }
        if !leads {
            running.keep(async move { clocks.follow_wall().await });
        }
        Ok(running)
    }
}

async fn listen(services: &[Hosted], config: &Config) -> anyhow::Result<Vec<(Service, Option<TcpListener>)>> {
    let mut listeners = Vec::with_capacity(services.len());
    let mut passed = Passed::of_process()?;
    for (service, _) in services {
        let listener = match passed.take(*service, &config.net)? {
            Some(listener) => Some(listener),
            None => http::bind(*service, &config.net).await?,
        };
        listeners.push((*service, listener));
    }
    passed.none_left()?;
    Ok(listeners)
}

/// How long a whole process may take to end, in wall time.
pub const SHUTDOWN_DEADLINE: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests;
