//! The pause after a momentum spike.

use rec_domain::{TimeSpan, Timestamp, momentum::MomentumReading, settings::AutomationSettings};
use serde::{Deserialize, Serialize};

use crate::momentum::momentum_points;

/// Entries are paused: from the spike until it has been calm for the cooldown without interruption.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpikePause {
    /// When the spike began.
    pub began_at: Timestamp,
    /// The last instant at which it was not calm, or not known to be.
    pub restless_at: Timestamp,
    /// The last reading.
    seen_at: Timestamp,
}

impl SpikePause {
    /// When the pause ends if it stays calm.
    #[must_use]
    pub fn until(&self, settings: &AutomationSettings) -> Timestamp {
        self.restless_at + TimeSpan::from_minutes(settings.spike_alert_cooldown_minutes)
    }

    /// The pause after a reading, given the one before it.
    ///
    /// Unknown momentum begins no pause, and does not count as calm within one; neither does a time without readings
    /// that is longer than `reading_limit`.
    #[must_use]
    pub fn after(
        before: Option<Self>,
        reading: &MomentumReading,
        settings: &AutomationSettings,
        reading_limit: TimeSpan,
    ) -> Option<Self> {
        if !settings.spike_alert_enabled {
            return None;
        }
        let now = reading.at;
        let strength = reading.score_percent.map(|score| momentum_points(score).abs());
        let spike = strength.is_some_and(|strength| strength >= settings.spike_alert_momentum_threshold);
        let Some(mut pause) = before else {
            return spike.then_some(Self { began_at: now, restless_at: now, seen_at: now });
        };
        let calm = strength.is_some_and(|strength| strength < settings.spike_alert_cooldown_threshold);
        if !calm || now.since(pause.seen_at) > reading_limit {
            pause.restless_at = now;
        }
        pause.seen_at = now;
        (now < pause.until(settings)).then_some(pause)
    }
}
