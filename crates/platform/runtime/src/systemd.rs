//! What systemd is told: ready, alive, stopping. Outside of systemd nothing happens.

use std::time::Duration;

use sd_notify::NotifyState;

/// The process serves.
pub fn ready() {
    tell(&[NotifyState::Ready]);
}

/// The process ends in order.
pub fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// The process lives; to be said at least every [`watchdog_interval`].
pub fn alive() {
    tell(&[NotifyState::Watchdog]);
}

/// How often systemd wants to hear that the process lives: half of what the unit states, so that one late turn of the
/// loop does no harm; none without a watchdog.
#[must_use]
pub fn watchdog_interval() -> Option<Duration> {
    sd_notify::watchdog_enabled().map(|limit| (limit / 2).max(Duration::from_millis(50)))
}

fn tell(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::warn!(%error, "systemd cannot be told the state of the process");
    }
}
