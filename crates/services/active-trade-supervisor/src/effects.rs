//! Requests to the desk and alarms.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use rec_api::DeskApi;
use rec_domain::{Timestamp, TradeId, command::DeskRequest};
use rec_engine::exit::{ExitMachine, Input, Output};
use rec_runtime::Effects;
use tokio::sync::mpsc;
use tracing::{info, warn};

/// Trades whose supervision has an obstacle, for people. At most one for each supervised trade.
#[derive(Debug, Clone, Default)]
pub(crate) struct Alarms(Arc<Mutex<BTreeMap<TradeId, String>>>);

impl Alarms {
    /// One line, if there are any.
    pub(crate) fn detail(&self) -> Option<String> {
        let alarms = self.lock();
        let lines: Vec<String> = alarms.iter().map(|(trade, message)| format!("trade {trade}: {message}")).collect();
        (!lines.is_empty()).then(|| lines.join("; "))
    }

    /// Forgets trades that are not supervised any more: the machine ends no alarm of a trade that has ended.
    pub(crate) fn keep(&self, wanted: impl Fn(TradeId) -> bool) {
        self.lock().retain(|trade, _message| wanted(*trade));
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<TradeId, String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Carries out the machine's outputs.
pub(crate) struct ExitEffects {
    pub(crate) desk: Arc<dyn DeskApi>,
    pub(crate) inputs: mpsc::Sender<Input>,
    pub(crate) alarms: Alarms,
}

impl Effects<ExitMachine> for ExitEffects {
    async fn act(&mut self, _now: Timestamp, outputs: Vec<Output>) -> anyhow::Result<Vec<Input>> {
        for output in outputs {
            match output {
                Output::Request(request) => self.request(*request),
                Output::Alarm { trade, obstacle: Some(obstacle), message } => {
                    warn!(%trade, ?obstacle, alarm = message, "exit");
                    self.alarms.lock().insert(trade, message);
                }
                Output::Alarm { trade, obstacle: None, message } => {
                    info!(%trade, message, "exit");
                    self.alarms.lock().remove(&trade);
                }
            }
        }
        Ok(Vec::new())
    }
}

impl ExitEffects {
    /// Asks once. Without an answer nothing is told: the machine finds out by the desk's view.
    fn request(&self, request: DeskRequest) {
        let (desk, inputs) = (Arc::clone(&self.desk), self.inputs.clone());
        tokio::spawn(async move {
            let decision = request.decision;
            match desk.request(request).await {
                Ok(reply) => {
                    info!(%decision, ?reply, "asked to close");
                    let _the_machine_has_ended = inputs.send(Input::Reply { decision, reply }).await;
                }
                Err(error) => warn!(%decision, %error, "asked to close, without an answer"),
            }
        });
    }
}
