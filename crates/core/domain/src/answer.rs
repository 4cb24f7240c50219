//! What became of an intent, as the executor saw it.

use serde::{Deserialize, Serialize};

use crate::{IntentId, OrderGroupId, OrderId, Quantity, Timestamp};

/// What the executor learned of one intent. Appended, never changed; later answers add to earlier ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The intent.
    pub intent: IntentId,
    /// When it was learned.
    pub at: Timestamp,
    /// What was learned.
    pub outcome: Outcome,
}

/// What became of an intent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Outcome {
    /// The order was taken.
    Acknowledged {
        /// The exchange's identity of it.
        order: OrderId,
        /// Contracts filled at once.
        filled: Quantity,
        /// Contracts that rest; nothing filled and nothing left means cancelled.
        remaining: Quantity,
        /// When it was signed: the exchange takes it only within its accepted age of this.
        signed_at: Timestamp,
    },
    /// The exchange has an order of this identity already: an earlier attempt landed.
    AlreadyExists {
        /// When the repetition was signed.
        signed_at: Timestamp,
    },
    /// The order was cancelled.
    Canceled {
        /// Contracts that no longer rest.
        reduced_by: Quantity,
    },
    /// There is no such order to cancel: it may be filled, cancelled or never have been.
    NotFound,
    /// The group was made.
    GroupCreated {
        /// The exchange's identity of it.
        group: OrderGroupId,
    },
    /// It was done, and there is nothing more to tell.
    Done,
    /// The exchange refused it.
    Rejected {
        /// HTTP status.
        status: u16,
        /// The exchange's code.
        code: String,
        /// The exchange's text.
        message: String,
    },
    /// It certainly never left.
    NotSent {
        /// Why.
        reason: NotSent,
    },
    /// It may or may not have been executed.
    Unknown {
        /// What happened.
        reason: String,
        /// When it was signed.
        signed_at: Timestamp,
    },
}

/// Why an intent certainly never left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "because", rename_all = "snake_case")]
pub enum NotSent {
    /// The claim was refused.
    Claim {
        /// By which rule.
        refusal: ClaimRefusal,
    },
    /// No connection to the exchange could be made.
    Unreachable {
        /// What happened.
        detail: String,
    },
    /// The credential or the request could not be prepared.
    Unprepared {
        /// What happened.
        detail: String,
    },
}

/// Why a claim is refused. The rule stands in `engine` and, as one statement, in `store`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClaimRefusal {
    /// It was claimed before.
    AlreadyClaimed,
    /// There is no such committed intent.
    Missing,
    /// The lease has another epoch, or has run out.
    StaleEpoch,
    /// `send_by` has passed.
    TooLate,
    /// A halt is in force and it would increase exposure.
    Halted,
    /// The desk is not armed and it would increase exposure.
    Disarmed,
}

impl ClaimRefusal {
    /// Snake-case name, as stored.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AlreadyClaimed => "already_claimed",
            Self::Missing => "missing",
            Self::StaleEpoch => "stale_epoch",
            Self::TooLate => "too_late",
            Self::Halted => "halted",
            Self::Disarmed => "disarmed",
        }
    }
}

/// A claimed intent: it may now be sent, once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// The intent.
    pub intent: IntentId,
    /// The signature time, taken before the claim's last check.
    pub signed_at: Timestamp,
}
