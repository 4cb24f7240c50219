//! The `sender` machine: claims committed intents, has each sent once, and records what became of it.
//!
//! A hint says that an intent is committed; a scan finds what a hint missed. Nothing is sent before its claim is
//! committed, a claim is made once, and whatever may have left is recorded, for as long as that takes.

use std::collections::{BTreeMap, VecDeque};

use rec_domain::{
    IntentId, TimeSpan, Timestamp,
    answer::{Answer, ClaimRefusal, NotSent, Outcome},
    intent::{Effect, Intent},
};
use serde::{Deserialize, Serialize};

use crate::{KeptOutputs, Machine};

/// What the sender is told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "input", rename_all = "snake_case")]
pub enum SenderInput {
    /// Somebody says that an intent is committed.
    Dispatch {
        /// The intent.
        intent: IntentId,
    },
    /// Committed intents that have neither claim nor answer.
    Unanswered {
        /// The intents, oldest first.
        intents: Vec<IntentId>,
    },
    /// Claims without answer from before this process: they may have been sent.
    Orphans {
        /// Intents with their signature times.
        claims: Vec<(IntentId, Timestamp)>,
    },
    /// The claim is committed.
    Claimed {
        /// What to send.
        intent: Intent,
        /// The signature time.
        signed_at: Timestamp,
    },
    /// The claim was refused.
    Refused {
        /// The intent.
        intent: IntentId,
        /// By which rule.
        refusal: ClaimRefusal,
    },
    /// Nobody knows whether the claim was committed.
    ClaimFailed {
        /// The intent.
        intent: IntentId,
        /// The signature time of the attempt.
        signed_at: Timestamp,
        /// Why.
        reason: String,
    },
    /// What became of something sent.
    Sent {
        /// The intent.
        intent: IntentId,
        /// What became of it.
        outcome: Outcome,
    },
    /// An answer is durable.
    Recorded {
        /// The intent.
        intent: IntentId,
    },
    /// An answer could not be stored.
    RecordFailed {
        /// The intent.
        intent: IntentId,
        /// Why.
        reason: String,
    },
    /// It is later.
    Wake,
}

/// What the sender wants done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "output", rename_all = "snake_case")]
pub enum SenderOutput {
    /// Take the signature time, claim the intent, and say what became of that.
    Claim {
        /// The intent.
        intent: IntentId,
    },
    /// Send it, signed at `signed_at`, once, and say what became of it.
    Send {
        /// What to send.
        intent: Intent,
        /// The signature time.
        signed_at: Timestamp,
    },
    /// Store an answer, and say whether that worked.
    Record {
        /// The answer.
        answer: Answer,
    },
    /// Look for committed intents that have neither claim nor answer.
    Scan,
    /// Look for claims without answer, once at the start.
    ScanOrphans,
    /// Something that a person must see.
    Alarm {
        /// What, for people.
        message: String,
    },
}

/// How the sender is set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SenderConfig {
    /// How often it scans for what hints missed.
    pub scan_interval: TimeSpan,
    /// How long it waits before a failed claim or record is tried again.
    pub retry_after: TimeSpan,
    /// Claims and sends under way at a time.
    pub concurrency: usize,
}

impl Default for SenderConfig {
    fn default() -> Self {
        Self { scan_interval: TimeSpan::from_seconds(1), retry_after: TimeSpan::from_millis(500), concurrency: 8 }
    }
}

/// Intents that may wait for their turn.
const WAITING_BOUND: usize = 1_024;

/// Where an intent is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Stage {
    Claiming,
    /// An attempt to claim may have been committed although nothing was sent.
    ClaimUncertain {
        signed_at: Timestamp,
        /// `None` while another attempt is under way: two at a time would take one another's claim for somebody else's.
        retry_at: Option<Timestamp>,
    },
    Sending {
        effect: Effect,
    },
    Recording {
        answer: Answer,
        retry_at: Option<Timestamp>,
    },
}

impl Stage {
    /// Whether a word on a claim can still be about it; one that comes later is of an attempt that is over.
    const fn is_claiming(&self) -> bool {
        matches!(self, Self::Claiming | Self::ClaimUncertain { .. })
    }
}

/// The `sender` machine.
#[derive(Debug, Serialize, Deserialize)]
pub struct Sender {
    config: SenderConfig,
    stages: BTreeMap<IntentId, Stage>,
    waiting: VecDeque<IntentId>,
    orphans_asked: bool,
    orphans_known: bool,
    next_scan: Timestamp,
}

impl Sender {
    /// A sender that knows nothing yet.
    #[must_use]
    pub const fn new(config: SenderConfig) -> Self {
        Self {
            config,
            stages: BTreeMap::new(),
            waiting: VecDeque::new(),
            orphans_asked: false,
            orphans_known: false,
            next_scan: Timestamp::from_micros(0),
        }
    }

    /// Intents between claim and recorded answer.
    #[must_use]
    pub fn under_way(&self) -> usize {
        self.stages.len()
    }

    fn enqueue(&mut self, intent: IntentId) {
        // What does not fit is found again by the next scan.
        let known = self.stages.contains_key(&intent) || self.waiting.contains(&intent);
        if !known && self.waiting.len() < WAITING_BOUND {
            self.waiting.push_back(intent);
        }
    }

    fn record(&mut self, now: Timestamp, intent: IntentId, outcome: Outcome, outputs: &mut Vec<SenderOutput>) {
        let answer = Answer { intent, at: now, outcome };
        self.stages.insert(intent, Stage::Recording { answer: answer.clone(), retry_at: None });
        outputs.push(SenderOutput::Record { answer });
    }

    fn refused(&mut self, now: Timestamp, intent: IntentId, refusal: ClaimRefusal, outputs: &mut Vec<SenderOutput>) {
        let Some(stage) = self.stages.get(&intent).filter(|stage| stage.is_claiming()) else { return };
        match (refusal, stage) {
            (ClaimRefusal::AlreadyClaimed, Stage::ClaimUncertain { signed_at, .. }) => {
                // The attempt that failed had been committed. Nothing was sent by this process; that is not known of
                // every process, so it is unknown and not absent.
                let outcome = Outcome::Unknown {
                    reason: "claimed, but the claim's own answer was lost".to_owned(),
                    signed_at: *signed_at,
                };
                self.record(now, intent, outcome, outputs);
            }
            (ClaimRefusal::AlreadyClaimed | ClaimRefusal::Missing, _) => {
                // Somebody has it, or had it: a late scan or a repeated hint.
                self.stages.remove(&intent);
            }
            (refusal, _) => {
                let outcome = Outcome::NotSent { reason: NotSent::Claim { refusal } };
                self.record(now, intent, outcome, outputs);
            }
        }
    }

    fn retry(&mut self, now: Timestamp, outputs: &mut Vec<SenderOutput>) {
        for (intent, stage) in &mut self.stages {
            match stage {
                Stage::ClaimUncertain { retry_at, .. } if retry_at.is_some_and(|at| at <= now) => {
                    *retry_at = None;
                    outputs.push(SenderOutput::Claim { intent: *intent });
                }
                Stage::Recording { answer, retry_at } if retry_at.is_some_and(|at| at <= now) => {
                    *retry_at = None;
                    outputs.push(SenderOutput::Record { answer: answer.clone() });
                }
                _ => {}
            }
        }
    }

    fn claim_next(&mut self, outputs: &mut Vec<SenderOutput>) {
        // Nothing is claimed before it is known what an earlier process left behind.
        while self.orphans_known && self.stages.len() < self.config.concurrency {
            let Some(intent) = self.waiting.pop_front() else { break };
            self.stages.insert(intent, Stage::Claiming);
            outputs.push(SenderOutput::Claim { intent });
        }
    }
}

impl Machine for Sender {
    type Input = SenderInput;
    type Output = SenderOutput;
    const NAME: &'static str = "sender";
    const OUTPUTS: KeptOutputs = KeptOutputs::Full;

    fn wake() -> SenderInput {
        SenderInput::Wake
    }

    fn step(&mut self, now: Timestamp, input: SenderInput) -> Vec<SenderOutput> {
        let mut outputs = Vec::new();
        match input {
            SenderInput::Dispatch { intent } => self.enqueue(intent),
            SenderInput::Unanswered { intents } => intents.into_iter().for_each(|intent| self.enqueue(intent)),
            // A second look, asked for while the first was late, also finds claims that this process has made since.
            SenderInput::Orphans { .. } if self.orphans_known => {}
            SenderInput::Orphans { claims } => {
                self.orphans_known = true;
                for (intent, signed_at) in claims {
                    let reason = "claimed by an earlier process, which left no answer".to_owned();
                    self.record(now, intent, Outcome::Unknown { reason, signed_at }, &mut outputs);
                }
            }
            SenderInput::Claimed { intent, signed_at } => match self.stages.get(&intent.id) {
                // The claim was checked at the signature time, which may lie a little back, and took time itself.
                Some(Stage::Claiming | Stage::ClaimUncertain { .. }) if intent.send_by.is_some_and(|by| by < now) => {
                    let reason = NotSent::Claim { refusal: ClaimRefusal::TooLate };
                    self.record(now, intent.id, Outcome::NotSent { reason }, &mut outputs);
                }
                Some(Stage::Claiming | Stage::ClaimUncertain { .. }) => {
                    self.stages.insert(intent.id, Stage::Sending { effect: intent.effect });
                    outputs.push(SenderOutput::Send { intent, signed_at });
                }
                _ => outputs.push(SenderOutput::Alarm {
                    message: format!("a claim of {} came that nobody asked for", intent.id),
                }),
            },
            SenderInput::Refused { intent, refusal } => self.refused(now, intent, refusal, &mut outputs),
            SenderInput::ClaimFailed { intent, signed_at, reason } => {
                if let Some(stage) = self.stages.get_mut(&intent).filter(|stage| stage.is_claiming()) {
                    let first =
                        if let Stage::ClaimUncertain { signed_at, .. } = stage { *signed_at } else { signed_at };
                    let retry_at = Some(now + self.config.retry_after);
                    *stage = Stage::ClaimUncertain { signed_at: first, retry_at };
                }
                outputs.push(SenderOutput::Alarm { message: format!("claim of {intent} failed: {reason}") });
            }
            SenderInput::Sent { intent, outcome } => {
                if matches!(self.stages.get(&intent), Some(Stage::Sending { .. })) {
                    self.record(now, intent, outcome, &mut outputs);
                }
            }
            SenderInput::Recorded { intent } => {
                self.stages.remove(&intent);
            }
            SenderInput::RecordFailed { intent, reason } => {
                if let Some(Stage::Recording { retry_at, .. }) = self.stages.get_mut(&intent) {
                    *retry_at = Some(now + self.config.retry_after);
                    outputs.push(SenderOutput::Alarm {
                        message: format!("the answer of {intent} is not stored: {reason}"),
                    });
                }
            }
            SenderInput::Wake => {}
        }
        if !self.orphans_asked {
            self.orphans_asked = true;
            outputs.push(SenderOutput::ScanOrphans);
        }
        self.retry(now, &mut outputs);
        if now >= self.next_scan {
            self.next_scan = now + self.config.scan_interval;
            outputs.push(if self.orphans_known { SenderOutput::Scan } else { SenderOutput::ScanOrphans });
        }
        self.claim_next(&mut outputs);
        outputs
    }

    fn next_wakeup(&self) -> Option<Timestamp> {
        let retries = self.stages.values().filter_map(|stage| match stage {
            Stage::ClaimUncertain { retry_at, .. } | Stage::Recording { retry_at, .. } => *retry_at,
            Stage::Claiming | Stage::Sending { .. } => None,
        });
        retries.chain([self.next_scan]).min()
    }
}

#[cfg(test)]
mod tests;
