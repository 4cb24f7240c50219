//! Services that run.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    net::SocketAddr,
    sync::Arc,
    time::Duration,
};

use anyhow::Context as _;
use rec_api::DeskApi;
use rec_bus::Bus;
use rec_domain::{Service, health::ServiceHealth};
use thiserror::Error;
use tokio::{
    task::{Id, JoinError, JoinSet},
    time::{Instant, timeout_at},
};
use tokio_util::sync::CancellationToken;

use super::Peers;
use crate::HealthBoard;

/// Services that run in this process. Dropping it stops them at once, without order.
pub struct Running {
    /// The bus of the process.
    pub bus: Arc<dyn Bus>,
    /// trade-manager as the services of the process call it.
    pub desk: Arc<dyn DeskApi>,
    /// How services are asked for their health by HTTP.
    pub peers: Peers,
    boards: BTreeMap<Service, HealthBoard>,
    addresses: BTreeMap<Service, SocketAddr>,
    tasks: JoinSet<anyhow::Result<()>>,
    // What the process does beside its services, as long as it lives.
    upkeep: JoinSet<()>,
    // In the order of start.
    services: Vec<(Service, Id, CancellationToken)>,
    // Those that `ended` has told of.
    gone: HashSet<Id>,
}

/// How a service ended before the process was asked to end.
#[derive(Debug)]
pub enum Ended {
    /// It was told to end, and ended in order (it cancels its own token first, as the guard does).
    Finished(Service),
    /// It failed, or ended although nobody asked it to; the error names it.
    Failed(anyhow::Error),
}

/// Services that did not end in order.
#[derive(Debug, Error)]
#[error("did not end in order: {}", .0.iter().map(|(service, why)| format!("{service} ({why})")).collect::<Vec<_>>().join(", "))]
pub struct ShutdownError(pub Vec<(Service, String)>);

impl Running {
    pub(super) fn new(
        bus: Arc<dyn Bus>,
        desk: Arc<dyn DeskApi>,
        peers: Peers,
        boards: BTreeMap<Service, HealthBoard>,
        addresses: BTreeMap<Service, SocketAddr>,
    ) -> Self {
        let (tasks, upkeep) = (JoinSet::new(), JoinSet::new());
        Self { bus, desk, peers, boards, addresses, tasks, upkeep, services: Vec::new(), gone: HashSet::new() }
    }

    pub(super) fn keep(&mut self, upkeep: impl Future<Output = ()> + Send + 'static) {
        self.upkeep.spawn(upkeep);
    }

    pub(super) fn spawn(
        &mut self,
        service: Service,
        shutdown: CancellationToken,
        main: impl Future<Output = anyhow::Result<()>> + Send + 'static,
    ) {
        let task = self.tasks.spawn(main);
        self.services.push((service, task.id(), shutdown));
    }

    /// The services that run here, in the order of their start.
    pub fn services(&self) -> impl Iterator<Item = Service> {
        self.services.iter().map(|(service, ..)| *service)
    }

    /// The health of a service; `None` when it does not run here.
    #[must_use]
    pub fn health(&self, service: Service) -> Option<ServiceHealth> {
        self.boards.get(&service).map(HealthBoard::snapshot)
    }

    /// Adds a word to the health of a service that whoever composed the process knows and the service does not; see
    /// [`HealthBoard::advise`]. Nothing happens when it does not run here.
    pub fn advise(
        &self,
        service: Service,
        name: &str,
        advice: impl Fn() -> Result<String, String> + Send + Sync + 'static,
    ) {
        if let Some(board) = self.boards.get(&service) {
            board.advise(name, advice);
        }
    }

    /// The health of every service that runs here.
    #[must_use]
    pub fn healths(&self) -> Vec<ServiceHealth> {
        self.boards.values().map(HealthBoard::snapshot).collect()
    }

    /// Where a service of this process listens.
    #[must_use]
    pub fn address(&self, service: Service) -> Option<SocketAddr> {
        self.addresses.get(&service).copied()
    }

    /// Waits until a service ends, and says which and why. Cancelling the wait loses nothing.
    pub async fn ended(&mut self) -> Ended {
        let Some(ended) = self.tasks.join_next_with_id().await else { return std::future::pending().await };
        let (id, result) = outcome(ended);
        self.gone.insert(id);
        let Some((service, _, token)) = self.services.iter().find(|(_, known, _)| *known == id) else {
            return Ended::Failed(anyhow::anyhow!("a task that is no service ended"));
        };
        match result {
            Ok(()) if token.is_cancelled() => Ended::Finished(*service),
            Ok(()) => Ended::Failed(anyhow::anyhow!("{service} ended although nobody asked it to")),
            Err(error) => Ended::Failed(error.context(format!("{service} failed"))),
        }
    }

    /// Ends every service, in the reverse order of their start, within `deadline` of wall time.
    ///
    /// # Errors
    /// Names the services that failed while they ended or had to be stopped.
    pub async fn shutdown(mut self, deadline: Duration) -> Result<(), ShutdownError> {
        let deadline = Instant::now() + deadline;
        let mut complaints = Vec::new();
        let mut ended = HashMap::new();
        // One after the other, so that whoever is asked still finds those it asks.
        for (service, id, token) in self.services.iter().rev() {
            token.cancel();
            while !self.gone.contains(id) {
                match timeout_at(deadline, self.tasks.join_next_with_id()).await {
                    Ok(Some(joined)) => {
                        let (id, result) = outcome(joined);
                        self.gone.insert(id);
                        ended.insert(id, result);
                    }
                    Ok(None) => break,
                    Err(_elapsed) => {
                        complaints.push((*service, "had to be stopped".to_owned()));
                        break;
                    }
                }
            }
        }
        for (service, id, _) in &self.services {
            if let Some(Err(error)) = ended.remove(id) {
                complaints.push((*service, format!("{error:#}")));
            }
        }
        self.tasks.abort_all();
        if complaints.is_empty() { Ok(()) } else { Err(ShutdownError(complaints)) }
    }
}

impl std::fmt::Debug for Running {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Running").field("addresses", &self.addresses).finish_non_exhaustive()
    }
}

fn outcome(ended: Result<(Id, anyhow::Result<()>), JoinError>) -> (Id, anyhow::Result<()>) {
    match ended {
        Ok((id, result)) => (id, result),
        Err(error) => (error.id(), Err(error).context("it broke off")),
    }
}
