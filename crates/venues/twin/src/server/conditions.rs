//! Under which conditions a twin is served: what the exchange allows and how slow it is, and what goes wrong.

use std::{fmt, sync::Arc};

use rec_domain::TimeSpan;

use super::ClockOrigin;
use crate::core::limits::Tier;

/// Conditions of the service. The usual ones are those of the real exchange, with nothing going wrong.
#[derive(Debug, Clone)]
pub struct Conditions {
    /// What the account may ask and change in a second.
    pub tier: Tier,
    /// How far reads of the account are behind its changes, in market time.
    pub read_lag: TimeSpan,
    /// Opens the control endpoint to whoever has this.
    pub control: Option<ControlToken>,
    /// Faults without end, from this seed.
    pub storm: Option<u64>,
    /// The market time of the exchange that is mirrored; `None` begins one of its own with the world.
    pub clock: Option<ClockOrigin>,
}

impl Default for Conditions {
    fn default() -> Self {
        // An order that was cancelled was recorded as resting 360 ms later.
        Self { tier: Tier::Basic, read_lag: TimeSpan::from_millis(360), control: None, storm: None, clock: None }
    }
}

/// What opens the control endpoint. It cannot be printed.
#[derive(Clone)]
pub struct ControlToken(Arc<str>);

impl ControlToken {
    /// From the text that requests carry.
    #[must_use]
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for ControlToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ControlToken(hidden)")
    }
}
