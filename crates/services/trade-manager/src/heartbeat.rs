//! The guard's heartbeat: it goes out only while the lease holds and the desk's loop turns. A desk that cannot reach its
//! database leads no more once its lease has run out, whatever its loop does; the guard then trips the entry groups.

use rec_api::guard::{GuardLink, GuardMessage, Heartbeat};
use tokio::{sync::watch, time::Instant};

/// Tells the guard that the desk leads.
#[derive(Debug)]
pub(crate) struct Pulse {
    pub(crate) guard: GuardLink,
    /// Until when the lease holds for certain.
    pub(crate) held_until: watch::Receiver<Instant>,
}

impl Pulse {
    /// The loop turned.
    pub(crate) fn beat(&self, heartbeat: Heartbeat) {
        self.beat_at(Instant::now(), heartbeat);
    }

    fn beat_at(&self, now: Instant, heartbeat: Heartbeat) {
        if now >= *self.held_until.borrow() {
            return tracing::debug!("no heartbeat: the lease may have run out");
        }
        if let Err(error) = self.guard.send(&GuardMessage::Heartbeat(heartbeat)) {
            tracing::debug!(%error, "no guard hears the heartbeat");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{os::unix::net::UnixDatagram, time::Duration};

    use rec_domain::Timestamp;

    use super::*;

    #[test]
    fn the_guard_hears_nothing_once_the_lease_may_have_run_out() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("guard.sock");
        let guard = UnixDatagram::bind(&path).expect("a socket");
        guard.set_nonblocking(true).expect("a socket");
        let begun = Instant::now();
        let after = |milliseconds| begun + Duration::from_millis(milliseconds);
        let (held, held_until) = watch::channel(begun);
        let pulse = Pulse { guard: GuardLink::new(path).expect("a link"), held_until };
        let heard = |milliseconds| {
            let heartbeat = Heartbeat { epoch: 1, groups: vec![], desk: None, at: Timestamp::from_seconds(1) };
            pulse.beat_at(after(milliseconds), heartbeat);
            guard.recv(&mut [0; 4_096]).is_ok()
        };
        assert!(!heard(0), "no renewal has succeeded yet");
        held.send_replace(after(10_000));
        assert!(heard(0) && heard(9_999));
        assert!(!heard(10_000), "the database has been away for ten seconds");
        held.send_replace(after(30_000));
        assert!(heard(20_000), "it is back");
    }
}
