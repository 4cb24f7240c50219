//! Changes of health and alerts, kept in the database.
//!
//! Nothing waits for it: a database that is away is waited for, and what does not fit into the queue meanwhile is lost,
//! counted and said.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use rec_domain::{
    Service,
    health::{HealthReport, ServiceHealth},
};
use rec_runtime::ServiceContext;
use rec_store::Ops;
use tokio::sync::mpsc;
use tracing::warn;

use crate::{Alert, AlertCode, alert::Change};

/// The advice that holds while records are taken.
const ADVICE: &str = "records of health";
/// Records that may wait for the database.
const QUEUE: usize = 1_024;
/// Between two attempts, in wall time.
const RETRY_EVERY: Duration = Duration::from_secs(1);
/// One at a time.
const CONNECTIONS: u32 = 1;
/// Alerts of the run before that are looked for.
const MOST_LEFT: u32 = 1_000;

/// Something to keep.
#[derive(Debug)]
enum Record {
    /// Services whose health changed.
    Health(HealthReport),
    /// An alert that began or is over.
    Alert(Change),
}

/// Takes records.
#[derive(Debug)]
pub(crate) struct Records {
    queue: mpsc::Sender<Record>,
    known: BTreeMap<Service, (bool, Vec<String>)>,
}

/// What is to be written.
#[derive(Debug)]
pub(crate) struct Waiting(mpsc::Receiver<Record>);

impl Records {
    pub(crate) fn new() -> (Self, Waiting) {
        let (queue, waiting) = mpsc::channel(QUEUE);
        (Self { queue, known: BTreeMap::new() }, Waiting(waiting))
    }

    /// Keeps what changed with a report: a service's word, or which of its checks do not hold.
    pub(crate) fn report(&mut self, report: &HealthReport) {
        let changed: Vec<ServiceHealth> =
            report.services.iter().filter(|health| self.changes(health)).cloned().collect();
        if !changed.is_empty() {
            self.keep(Record::Health(HealthReport { at: report.at, services: changed }));
        }
    }

    /// Keeps that an alert began or is over.
    pub(crate) fn alert(&self, change: Change) {
        self.keep(Record::Alert(change));
    }

    fn changes(&mut self, health: &ServiceHealth) -> bool {
        let failing = health.checks.iter().filter(|check| !check.ok).map(|check| check.name.clone()).collect();
        let now = (health.healthy, failing);
        if self.known.get(&health.service) == Some(&now) {
            return false;
        }
        self.known.insert(health.service, now);
        true
    }

    fn keep(&self, record: Record) {
        if self.queue.try_send(record).is_err() {
            warn!("a change of health is not kept: too many wait for the database");
            metrics::counter!("rec_health_records_lost").increment(1);
        }
    }
}

/// Writes records until shutdown; waits for a database that is away.
pub(crate) async fn write(ctx: &ServiceContext, Waiting(mut waiting): Waiting) -> anyhow::Result<()> {
    let trouble = Arc::new(Mutex::new(None::<String>));
    let shown = Arc::clone(&trouble);
    ctx.health.advise(ADVICE, move || match &*shown.lock().unwrap_or_else(PoisonError::into_inner) {
        Some(trouble) => Err(trouble.clone()),
        None => Ok("written".to_owned()),
    });
    let say = |now: Option<String>| *trouble.lock().unwrap_or_else(PoisonError::into_inner) = now;
    let writing = async {
        let ops = loop {
            match begin(ctx).await {
                Ok(ops) => break ops,
                Err(error) => say(Some(format!("{error:#}"))),
            }
            tokio::time::sleep(RETRY_EVERY).await;
        };
        say(None);
        while let Some(record) = waiting.recv().await {
            while let Err(error) = write_one(&ops, &record).await {
                say(Some(error.to_string()));
                tokio::time::sleep(RETRY_EVERY).await;
            }
            say(None);
        }
    };
    tokio::select! {
        () = ctx.shutdown.cancelled() => {}
        () = writing => {}
    }
    Ok(())
}

/// Opens the database and ends the alerts of the run before: what still holds is raised again.
async fn begin(ctx: &ServiceContext) -> anyhow::Result<Ops> {
    let ops = ctx.open_database(CONNECTIONS).await?.ops();
    for left in ops.alerts(MOST_LEFT).await?.iter().filter(|alert| alert.resolved_at.is_none()) {
        if AlertCode::ALL.iter().any(|code| code.name() == left.code) {
            let at = ctx.clocks.now().max(left.raised_at);
            ops.resolve_alert(&left.code, &left.subject, at).await?;
        }
    }
    Ok(ops)
}

async fn write_one(ops: &Ops, record: &Record) -> rec_store::Result<()> {
    match record {
        Record::Health(report) => ops.store_health(report).await,
        Record::Alert(Change::Raised(Alert { code, subject, message, what_to_do, since, .. })) => {
            let message = format!("{message}. {what_to_do}");
            ops.raise_alert(code.severity(), code.name(), subject, &message, *since).await.map(drop)
        }
        Record::Alert(Change::Cleared(Alert { code, subject, since, until, .. })) => {
            ops.resolve_alert(code.name(), subject, until.unwrap_or(*since)).await.map(drop)
        }
    }
}
