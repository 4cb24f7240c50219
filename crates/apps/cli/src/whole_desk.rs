//! Services, guard and database together, as one process runs them.

use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, bail};
use rec_config::{Config, Sources};
use rec_domain::{Mode, Service, health::ServiceHealth};
use rec_runtime::{
    Clocks, Composition, Running,
    compose::SHUTDOWN_DEADLINE,
    database::{ACCOUNT, DatabaseAccess},
};
use rec_store::{
    Database, Role,
    cluster::{Cluster, ClusterOptions},
};
use tokio::time::{Instant, sleep};

use crate::{
    guard_process,
    kept_cluster::{self, KeptCluster},
    services,
    steps::Steps,
};

/// How long all services may take to become healthy.
const HEALTHY_WITHIN: Duration = Duration::from_secs(30);

/// The database of a desk: configured, or a cluster of its own.
pub enum DeskDatabase {
    /// A private cluster, and the name of its database.
    Private(KeptCluster, String),
    /// The configured one, and where it is, for people.
    Configured(DatabaseAccess, String),
}

impl DeskDatabase {
    /// Starts the private cluster in the state directory, or takes the configured database.
    ///
    /// # Errors
    /// When there are no Postgres programs, or the server does not start.
    pub async fn start(config: &Config) -> anyhow::Result<Self> {
        let database = &config.database;
        if let Some(host) = &database.host {
            let place = format!("database {} at {host}, port {}", database.name, database.port);
            return Ok(Self::Configured(DatabaseAccess::of_config(database)?, place));
        }
        let options =
            ClusterOptions { sync_new_data: config.mode != Mode::Twin, ..ClusterOptions::new(&config.state_dir) };
        let cluster = Cluster::start(options).await?;
        Ok(Self::Private(KeptCluster::new(cluster), config.database.name.clone()))
    }

    /// How the services reach it.
    #[must_use]
    pub fn access(&self) -> DatabaseAccess {
        match self {
            Self::Private(cluster, name) => DatabaseAccess::of_cluster(cluster.address(), name),
            Self::Configured(access, _) => access.clone(),
        }
    }

    /// Brings the schema up to date and marks or checks whose the database is. With `fresh` a private one is made anew.
    ///
    /// # Errors
    /// When it does not answer, is newer than this program, or belongs to another mode.
    pub async fn prepare(&self, mode: Mode, fresh: bool) -> anyhow::Result<Database> {
        if let Self::Private(cluster, name) = self {
            cluster.prepare(name, fresh).await?;
        }
        let opened = self.access().open_as(Role::Owner, 2).await;
        let owner = match self {
            Self::Private(..) => opened?,
            Self::Configured(_, place) => opened.with_context(|| place.clone())?,
        };
        owner.migrate().await?;
        owner.identity(mode, ACCOUNT).await?;
        Ok(owner)
    }

    /// Stops a private cluster.
    ///
    /// # Errors
    /// When it does not end.
    pub async fn stop(self) -> anyhow::Result<()> {
        match self {
            Self::Private(cluster, _) => cluster.stop().await,
            Self::Configured(..) => Ok(()),
        }
    }
}

/// A desk that runs in this process, with its guard beside it.
pub struct WholeDesk {
    /// The twelve services.
    pub running: Running,
    config: Arc<Config>,
}

impl WholeDesk {
    /// Starts guard and services and waits until all are healthy. With `take_over` it takes the lease from a desk that
    /// lives.
    ///
    /// # Errors
    /// When a service cannot start, fails, or does not become healthy in time.
    pub async fn start(
        config: Arc<Config>,
        sources: &Sources,
        clocks: Clocks,
        database: &DeskDatabase,
        take_over: bool,
        steps: &Steps,
    ) -> anyhow::Result<Self> {
        let adopted = guard_process::start_or_adopt(&config.state_dir, sources)?;
        steps.done("guard", if adopted { "adopted" } else { "started" });
        let (services, access) = (services::DESK.to_vec(), database.access());
        let composition = Composition { services, config: Arc::clone(&config), clocks, database: access, take_over };
        let running = composition.start().await?;
        if let DeskDatabase::Private(cluster, _) = database {
            let word = cluster.word();
            running.advise(Service::TradeManager, kept_cluster::CHECK, move || word.advice());
        }
        steps.done("services", &format!("{} started", services::DESK.len()));
        let mut desk = Self { running, config };
        desk.wait_until_healthy().await?;
        steps.done("health", &format!("all {} services are healthy", Service::ALL.len()));
        Ok(desk)
    }

    async fn wait_until_healthy(&mut self) -> anyhow::Result<()> {
        let deadline = Instant::now() + HEALTHY_WITHIN;
        loop {
            if self.complaints().await.is_empty() {
                return Ok(());
            }
            tokio::select! {
                ended = self.running.ended() => return Err(failure(ended)),
                () = sleep(Duration::from_millis(20)) => {}
            }
            if Instant::now() > deadline {
                let complaints = self.complaints().await;
                bail!("not healthy after {} s: {}", HEALTHY_WITHIN.as_secs(), complaints.join("; "));
            }
        }
    }

    /// What is wrong with whom, right now.
    pub async fn complaints(&self) -> Vec<String> {
        let mut complaints: Vec<String> = self
            .running
            .healths()
            .iter()
            .filter(|health| !health.healthy)
            .map(|health| {
                let complaint = health.complaint().unwrap_or_else(|| "unhealthy".to_owned());
                format!("{}: {complaint}", health.service)
            })
            .collect();
        if !guard_process::is_healthy(&self.config.state_dir).await {
            complaints.push("guard: no healthy answer".to_owned());
        }
        complaints
    }

    /// The health of every service, the guard's included.
    pub async fn healths(&self) -> Vec<ServiceHealth> {
        let mut healths = self.running.healths();
        let healthy = guard_process::is_healthy(&self.config.state_dir).await;
        healths.push(ServiceHealth { service: Service::Guard, healthy, checks: Vec::new() });
        healths
    }

    /// Where the page is.
    #[must_use]
    pub fn page(&self) -> String {
        match self.running.address(Service::MainApp) {
            Some(address) => format!("http://{address}"),
            None => String::new(),
        }
    }

    /// Ends services and guard in order.
    ///
    /// # Errors
    /// Names who did not end in order.
    pub async fn stop(self) -> anyhow::Result<()> {
        let state_dir = self.config.state_dir.clone();
        let ended = self.running.shutdown(SHUTDOWN_DEADLINE).await.context("the services");
        let guard = guard_process::quit(&state_dir).await;
        ended.and(guard)
    }
}

/// Why a service's end ends the desk.
pub fn failure(ended: rec_runtime::compose::Ended) -> anyhow::Error {
    match ended {
        rec_runtime::compose::Ended::Failed(error) => error,
        rec_runtime::compose::Ended::Finished(service) => anyhow::anyhow!("{service} ended"),
    }
}
