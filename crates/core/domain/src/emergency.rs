//! Orders that were sent while the desk could not act, by `rec flatten --emergency`.

use serde::{Deserialize, Serialize};

use crate::{IntentId, Timestamp, answer::Outcome, intent::OrderSpec};

/// An order that only reduces, sent without the desk, which adopts it afterwards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmergencyOrder {
    /// Its identity, which is its `client_order_id`.
    pub id: IntentId,
    /// The order.
    pub spec: OrderSpec,
    /// When it was decided, before it was sent.
    pub planned_at: Timestamp,
    /// Why, for people.
    pub reason: String,
    /// What became of it; none while nobody knows.
    pub outcome: Option<Outcome>,
}
