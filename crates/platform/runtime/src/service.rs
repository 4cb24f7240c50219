//! What a service is given.

use std::{
    fmt,
    path::PathBuf,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
};

use rec_api::{DeskApi, DeskInbox, DispatchInbox, ExecutorApi, ServiceToken};
use rec_bus::{Bus, Subscription};
use rec_config::Config;
use rec_domain::{
    Service,
    bus_event::{BusEvent, Topic},
    tap::Tap,
};
use rec_engine::Machine;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{Clocks, DatabaseAccess, FileJournal, HealthBoard, Recorder, Tee, compose::Peers};

/// A boxed future that may move between threads.
pub type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send + 'static>>;

/// The entry point of a service. It works until [`ServiceContext::shutdown`] is cancelled and then ends within
/// seconds; an error, or an end before that, ends the process.
pub type ServiceMain = fn(ServiceContext) -> BoxFuture<anyhow::Result<()>>;

/// What a service is given. Cheap to clone.
#[derive(Clone)]
pub struct ServiceContext {
    /// The service.
    pub service: Service,
    /// The configuration.
    pub config: Arc<Config>,
    /// Market time and wall time.
    pub clocks: Clocks,
    /// Events.
    pub bus: Arc<dyn Bus>,
    /// trade-manager, in this process or another.
    pub desk: Arc<dyn DeskApi>,
    /// trade-executor, in this process or another.
    pub executor: Arc<dyn ExecutorApi>,
    /// How the database is reached; see [`ServiceContext::open_database`].
    pub database: DatabaseAccess,
    /// The service's own health.
    pub health: HealthBoard,
    /// Cancelled when the service is to end.
    pub shutdown: CancellationToken,
    /// The token that services show to each other.
    pub token: ServiceToken,
    /// Where the desk keeps its state.
    pub state_dir: PathBuf,
    /// Whether trade-manager takes the lease from a desk that lives, the first time.
    pub take_over: bool,
    /// How the other services are asked for their health.
    pub peers: Peers,
    pub(crate) tee: Tee,
    pub(crate) recorder: Option<Recorder>,
    pub(crate) once: Arc<Mutex<Once>>,
}

/// What is there once and taken by its service.
#[derive(Debug, Default)]
pub(crate) struct Once {
    pub(crate) listener: Option<Option<TcpListener>>,
    pub(crate) desk_inbox: Option<DeskInbox>,
    pub(crate) dispatch_inbox: Option<DispatchInbox>,
}

impl ServiceContext {
    /// Subscribes to everything that the topology feeds this service with.
    #[must_use]
    pub fn subscribe(&self) -> Subscription {
        self.subscribe_to(&rec_engine::topology::subscriptions(self.service))
    }

    /// Subscribes to `topics`. Events that the service loses because it is slow are counted in the metric
    /// `rec_bus_missed` at each look at its health.
    #[must_use]
    pub fn subscribe_to(&self, topics: &[Topic]) -> Subscription {
        let subscription = self.bus.subscribe(topics);
        let (lag, service) = (subscription.lag(), self.service);
        let name = format!(
            "bus {}",
            topics.iter().map(|topic| format!("{topic:?}").to_lowercase()).collect::<Vec<_>>().join("+")
        );
        let told = std::sync::atomic::AtomicU64::new(0);
        self.health.probe(&name, move || {
            let missed = lag.missed();
            metrics::gauge!("rec_bus_waiting", "service" => service.name())
                .set(f64::from(u32::try_from(lag.waiting()).unwrap_or(u32::MAX)));
            metrics::counter!("rec_bus_missed", "service" => service.name()).absolute(missed);
            let before = told.swap(missed, std::sync::atomic::Ordering::Relaxed);
            if missed > before { Err(format!("{} events lost since the last look", missed - before)) } else { Ok(()) }
        });
        subscription
    }

    /// Publishes an event. Only the topology's publisher of a topic may.
    pub fn publish(&self, event: BusEvent) {
        let publisher = rec_engine::topology::publisher(event.topic());
        debug_assert_eq!(publisher, Some(self.service), "one writer for each fact: {:?}", event.topic());
        self.bus.publish(event);
    }

    /// The journal of a machine that this service drives; whether it can be written becomes part of the service's
    /// health.
    #[must_use]
    pub fn journal<M: Machine>(&self) -> FileJournal<M> {
        let journal = self.tee.journal::<M>();
        let status = journal.status();
        self.health.probe(&format!("journal of {}", M::NAME), move || {
            metrics::counter!("rec_journal_lines_lost", "machine" => M::NAME).absolute(status.lost());
            status.probe()
        });
        journal
    }

    /// Records what a socket or a client of this service receives, unless recording is switched off; a name is given
    /// once in a desk. That it stopped degrades the service's health and no more: the desk goes on.
    #[must_use]
    pub fn tap(&self, name: &'static str) -> Option<Arc<dyn Tap>> {
        let stream = self.recorder.as_ref()?.stream(name);
        let status = stream.status();
        self.health.advise(&format!("recording of {name}"), move || {
            let lost = status.lost();
            metrics::counter!("rec_recording_lines_lost", "stream" => name).absolute(lost);
            status.probe().map_err(|fault| format!("{fault}; {lost} lost")).map(|()| format!("{lost} lost"))
        });
        Some(Arc::new(stream))
    }

    /// The calls to trade-manager, for trade-manager; once.
    #[must_use]
    pub fn take_desk_inbox(&self) -> Option<DeskInbox> {
        self.once().desk_inbox.take()
    }

    /// The dispatches to trade-executor, for trade-executor; once.
    #[must_use]
    pub fn take_dispatch_inbox(&self) -> Option<DispatchInbox> {
        self.once().dispatch_inbox.take()
    }

    /// The listener, bound before the service was started; the inner `None` is a service without a port.
    pub(crate) fn take_listener(&self) -> anyhow::Result<Option<TcpListener>> {
        self.once().listener.take().ok_or_else(|| anyhow::anyhow!("{} asked to serve HTTP a second time", self.service))
    }

    fn once(&self) -> std::sync::MutexGuard<'_, Once> {
        self.once.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for ServiceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceContext").field("service", &self.service).finish_non_exhaustive()
    }
}
