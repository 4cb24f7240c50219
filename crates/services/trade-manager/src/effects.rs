//! What the machine wants done.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use anyhow::bail;
use rec_api::guard::{EntryGroup, Heartbeat};
use rec_domain::{
    ExchangeIndex, OrderGroupId, Timestamp,
    bus_event::BusEvent,
    desk_view::DeskView,
    intent::GroupRole,
    row::{Commit, Row},
};
use rec_engine::desk::{Desk, DeskInput, DeskOutput};
use rec_runtime::{Effects, ServiceContext, metric};
use rec_store::{CommitOutcome, StoreError};
use tokio::sync::{mpsc, watch};
use tracing::{info, warn};

use crate::{heartbeat::Pulse, replies::Replies};

/// Name of the health check on the machine's loop.
pub(crate) const LOOP: &str = "desk loop";

/// How long between two attempts to find out what became of a commit.
const RESOLVE_EVERY: Duration = Duration::from_millis(250);

/// Carries out the desk's outputs.
pub(crate) struct DeskEffects {
    pub(crate) ctx: ServiceContext,
    pub(crate) store: rec_store::Desk,
    pub(crate) epoch: u32,
    pub(crate) inputs: mpsc::Sender<DeskInput>,
    pub(crate) replies: Replies,
    pub(crate) view: watch::Sender<Option<Arc<DeskView>>>,
    pub(crate) pulse: Pulse,
    /// The entry group of each shard, for the guard.
    pub(crate) groups: BTreeMap<ExchangeIndex, OrderGroupId>,
}

impl Effects<Desk> for DeskEffects {
    async fn act(&mut self, now: Timestamp, outputs: Vec<DeskOutput>) -> anyhow::Result<Vec<DeskInput>> {
        for output in outputs {
            match output {
                DeskOutput::Commit(commit) => {
                    self.learn_groups(&commit);
                    self.commit(commit);
                }
                DeskOutput::Resolve { number } => self.resolve(number),
                DeskOutput::Reply { decision, reply } => self.replies.answer(decision, &reply),
                DeskOutput::Dispatch { intent } => self.dispatch(intent),
                DeskOutput::Publish(view) => self.publish(now, *view),
                DeskOutput::RequestSweep => self.request_sweep(),
                DeskOutput::Alarm { message } => warn!(alarm = message, "desk"),
                DeskOutput::Stop { reason } => bail!("the desk stopped: {reason}"),
            }
        }
        Ok(Vec::new())
    }
}

impl DeskEffects {
    /// A group exists at the exchange before its row is committed, so the guard may know it at once.
    fn learn_groups(&mut self, commit: &Commit) {
        for row in &commit.rows {
            if let Row::Group { role: GroupRole::Entry, exchange_index, group, .. } = row {
                self.groups.insert(*exchange_index, group.clone());
            }
        }
    }

    fn commit(&self, commit: Commit) {
        let (store, inputs) = (self.store.clone(), self.inputs.clone());
        tokio::spawn(async move {
            let number = commit.number;
            let started = tokio::time::Instant::now();
            let input = match store.commit(&commit).await {
                CommitOutcome::Committed => DeskInput::Committed { number },
                CommitOutcome::Failed(error) => {
                    let for_ever = matches!(error, StoreError::Constraint { .. });
                    DeskInput::CommitFailed { number, for_ever, reason: error.to_string() }
                }
                CommitOutcome::Unknown(error) => DeskInput::CommitUnknown { number, reason: error.to_string() },
            };
            metrics::histogram!(metric::DESK_COMMIT).record(started.elapsed());
            let _the_desk_has_ended = inputs.send(input).await;
        });
    }

    fn resolve(&self, number: i64) {
        let (store, inputs, epoch) = (self.store.clone(), self.inputs.clone(), self.epoch);
        tokio::spawn(async move {
            // Ends with the lease: then the inputs are gone, and the next leader reads what is there.
            while !inputs.is_closed() {
                match store.was_committed(epoch, number).await {
                    Ok(true) => {
                        info!(number, "the commit had happened");
                        let _the_desk_has_ended = inputs.send(DeskInput::Committed { number }).await;
                        return;
                    }
                    Ok(false) => {
                        info!(number, "the commit had not happened");
                        let reason = "it is not in the database".to_owned();
                        let input = DeskInput::CommitFailed { number, for_ever: false, reason };
                        let _the_desk_has_ended = inputs.send(input).await;
                        return;
                    }
                    Err(error) => warn!(%error, number, "the commit's outcome cannot be looked up"),
                }
                tokio::time::sleep(RESOLVE_EVERY).await;
            }
        });
    }

    fn request_sweep(&self) {
        let store = self.store.clone();
        tokio::spawn(async move {
            if let Err(error) = store.request_sweep().await {
                info!(%error, "the account is read at its own time");
            }
        });
    }

    fn dispatch(&self, intent: rec_domain::IntentId) {
        let executor = Arc::clone(&self.ctx.executor);
        tokio::spawn(async move {
            if let Err(error) = executor.dispatch(rec_domain::command::Dispatch { intent }).await {
                info!(%error, %intent, "the executor was not told and will find it by itself");
            }
        });
    }

    fn publish(&self, now: Timestamp, view: DeskView) {
        let groups = self
            .groups
            .iter()
            .map(|(exchange_index, group)| EntryGroup { exchange_index: *exchange_index, group: group.clone() })
            .collect();
        self.pulse.beat(Heartbeat { epoch: self.epoch, groups, desk: Some(view.desk), at: now });
        self.ctx.health.beat(LOOP);
        self.view.send_replace(Some(Arc::new(view.clone())));
        self.ctx.publish(BusEvent::Desk(Box::new(view)));
    }
}
