//! Requests to the desk and the status for pages.

use std::sync::Arc;

use rec_domain::{
    DecisionId, Service, Timestamp,
    bus_event::{BusEvent, EntryStatus},
    command::{DeskCommand, DeskRequest, NotedRefusal, OpenRequest},
};
use rec_engine::entry::{EntryMachine, Input, Output};
use rec_runtime::{Effects, ServiceContext};
use tokio::sync::mpsc;
use tracing::{debug, info, warn};

use crate::refusals::Refusals;

/// Name of the health check on rows that were looked at.
pub(crate) const DECISIONS: &str = "decisions";

/// Carries out the machine's outputs.
pub(crate) struct EntryEffects {
    pub(crate) ctx: ServiceContext,
    pub(crate) inputs: mpsc::Sender<Input>,
    /// Rows looked at when the last status was published.
    pub(crate) considered: u64,
    pub(crate) refusals: Refusals,
}

impl Effects<EntryMachine> for EntryEffects {
    async fn act(&mut self, now: Timestamp, outputs: Vec<Output>) -> anyhow::Result<Vec<Input>> {
        for output in outputs {
            match output {
                Output::Request(request) => self.request(*request),
                Output::Status(status) => self.publish(status),
                Output::RefusalChanged(noted) => {
                    let NotedRefusal { ticker, side, refusal, .. } = noted.as_ref();
                    debug!(%ticker, %side, code = refusal.code.name(), message = refusal.message, "not entered");
                    self.refusals.note(*noted);
                }
            }
        }
        self.hand_over_refusals(now);
        Ok(Vec::new())
    }
}

impl EntryEffects {
    /// Asks once. Without an answer nothing is told: the machine finds out by the desk's view.
    fn request(&self, request: DeskRequest) {
        let (desk, inputs) = (Arc::clone(&self.ctx.desk), self.inputs.clone());
        if let DeskCommand::Open(open) = &request.command {
            let OpenRequest { ticker, decided_at, evidence, .. } = open;
            info!(decision = %request.decision, %ticker, %decided_at, evidence, "asking to open");
        }
        tokio::spawn(async move {
            let decision = request.decision;
            match desk.request(request).await {
                Ok(reply) => {
                    info!(%decision, ?reply, "asked to open");
                    let _the_machine_has_ended = inputs.send(Input::Reply { decision, reply }).await;
                }
                Err(error) => warn!(%decision, %error, "asked to open, without an answer"),
            }
        });
    }

    /// Asks the desk to store the reasons that changed. One that is lost with the request is not repeated: the decision
    /// is not made by it.
    fn hand_over_refusals(&mut self, now: Timestamp) {
        let refusals = self.refusals.take_due();
        if refusals.is_empty() {
            return;
        }
        let request = DeskRequest {
            decision: DecisionId::of(&format!("refusals:{}", now.micros())),
            requester: Service::AutoEntrySupervisor.name().to_owned(),
            command: DeskCommand::NoteRefusals { refusals },
        };
        let desk = Arc::clone(&self.ctx.desk);
        tokio::spawn(async move {
            if let Err(error) = desk.request(request).await {
                debug!(%error, "the desk did not store why nothing was entered");
            }
        });
    }

    /// A status also comes while nothing else does, so only rows that were looked at since the last one count.
    fn publish(&mut self, status: EntryStatus) {
        if status.considered > self.considered {
            self.considered = status.considered;
            self.ctx.health.beat(DECISIONS);
        }
        self.ctx.publish(BusEvent::Entry(status));
    }
}
