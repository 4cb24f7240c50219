//! Claims, sends and records: each in a task of its own that tells the machine how it went.

use std::sync::Arc;

use rec_api::DeskApi;
use rec_domain::{IntentId, Timestamp, answer::Answer, intent::Intent};
use rec_engine::sender::{Sender, SenderInput, SenderOutput};
use rec_kalshi::rest::Client;
use rec_runtime::{Clocks, Effects, HealthBoard, metric};
use rec_store::{Answers, Claims};
use tokio::sync::mpsc;
use tracing::{info, warn};

use crate::{exchange, signatures::Signatures};

/// Name of the health check on looking for committed intents.
pub(crate) const SCAN: &str = "scan for intents";

/// Intents that one scan reads.
const SCAN_LIMIT: u32 = 256;

/// Carries out the sender's outputs.
#[derive(Clone)]
pub(crate) struct SenderEffects {
    pub(crate) claims: Claims,
    pub(crate) answers: Answers,
    pub(crate) client: Arc<Client>,
    pub(crate) signatures: Signatures,
    pub(crate) desk: Arc<dyn DeskApi>,
    pub(crate) clocks: Clocks,
    pub(crate) health: HealthBoard,
    pub(crate) inputs: mpsc::Sender<SenderInput>,
}

impl Effects<Sender> for SenderEffects {
    async fn act(&mut self, _now: Timestamp, outputs: Vec<SenderOutput>) -> anyhow::Result<Vec<SenderInput>> {
        for output in outputs {
            let this = self.clone();
            tokio::spawn(async move {
                if let Some(input) = this.carry_out(output).await {
                    let _the_sender_has_ended = this.inputs.send(input).await;
                }
            });
        }
        Ok(Vec::new())
    }
}

impl SenderEffects {
    async fn carry_out(&self, output: SenderOutput) -> Option<SenderInput> {
        match output {
            SenderOutput::Claim { intent } => Some(self.claim(intent).await),
            SenderOutput::Send { intent, signed_at } => Some(self.send(intent, signed_at).await),
            SenderOutput::Record { answer } => Some(self.record(answer).await),
            SenderOutput::Scan => self.scan().await,
            SenderOutput::ScanOrphans => self.scan_orphans().await,
            SenderOutput::Alarm { message } => {
                warn!(alarm = message, "sender");
                None
            }
        }
    }

    /// The signature time is taken before the claim's check, so that the exchange itself bounds how stale it can be.
    async fn claim(&self, intent: IntentId) -> SenderInput {
        let signed_at = self.signatures.take(intent);
        let started = tokio::time::Instant::now();
        let input = self.claim_signed(intent, signed_at, self.clocks.now()).await;
        metrics::histogram!(metric::CLAIM).record(started.elapsed());
        if !matches!(input, SenderInput::Claimed { .. }) {
            self.signatures.forget(intent);
        }
        input
    }

    async fn claim_signed(&self, intent: IntentId, signed_at: Timestamp, now: Timestamp) -> SenderInput {
        match self.claims.claim(intent, signed_at, now).await {
            Ok(Ok(intent)) => SenderInput::Claimed { intent, signed_at },
            Ok(Err(refusal)) => {
                info!(%intent, refusal = refusal.name(), "claim refused");
                SenderInput::Refused { intent, refusal }
            }
            Err(error) => SenderInput::ClaimFailed { intent, signed_at, reason: error.to_string() },
        }
    }

    async fn send(&self, intent: Intent, signed_at: Timestamp) -> SenderInput {
        let started = tokio::time::Instant::now();
        let signature = self.signatures.of(intent.id, signed_at);
        let outcome = exchange::send(&self.client, &intent, signature, signed_at).await;
        metrics::histogram!("rec_executor_send_seconds").record(started.elapsed());
        info!(intent = %intent.id, ?outcome, "sent");
        SenderInput::Sent { intent: intent.id, outcome }
    }

    async fn record(&self, answer: Answer) -> SenderInput {
        let intent = answer.intent;
        // One whose claim came too late to be sent by still has a signature.
        self.signatures.forget(intent);
        match self.answers.append_answer(&answer).await {
            Ok(known) => {
                if !known {
                    warn!(%intent, "an answer for an intent that is not in the database");
                }
                if let Err(error) = self.desk.answers_hint().await {
                    info!(%error, "the desk was not told and will find the answer by itself");
                }
                SenderInput::Recorded { intent }
            }
            Err(error) => SenderInput::RecordFailed { intent, reason: error.to_string() },
        }
    }

    async fn scan(&self) -> Option<SenderInput> {
        match self.claims.unanswered_intents(SCAN_LIMIT).await {
            Ok(intents) => {
                self.health.beat(SCAN);
                let intents: Vec<IntentId> = intents.into_iter().map(|intent| intent.id).collect();
                (!intents.is_empty()).then_some(SenderInput::Unanswered { intents })
            }
            Err(error) => {
                self.health.fail(SCAN, error.to_string());
                None
            }
        }
    }

    async fn scan_orphans(&self) -> Option<SenderInput> {
        match self.claims.claims_without_answer().await {
            Ok(claims) => {
                self.health.beat(SCAN);
                let claims = claims.into_iter().map(|claim| (claim.intent, claim.signed_at)).collect();
                Some(SenderInput::Orphans { claims })
            }
            Err(error) => {
                self.health.fail(SCAN, error.to_string());
                None
            }
        }
    }
}
