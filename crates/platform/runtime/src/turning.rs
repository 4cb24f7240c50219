//! Whether the loops of this process turn: what the watchdog is fed by. A loop that waits for input turns; one that hangs
//! in what it does stands still, and the process is better started again.
//!
//! Not the same as health: a service whose exchange is away is unhealthy and turns.

use std::{
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// A loop may stand still for so long of wall time: longer than every bounded wait of a single turn, which are those of
/// the database.
pub(crate) const LONGEST_TURN: Duration = Duration::from_secs(45);

/// How often a loop that has nothing to do says that it turns.
pub(crate) const EVERY: Duration = Duration::from_secs(1);

static LOOPS: Mutex<Vec<(&str, Weak<AtomicU64>)>> = Mutex::new(Vec::new());

/// A loop of this process; when it is dropped nobody waits for it any more.
#[derive(Debug)]
pub struct Turning(Arc<AtomicU64>);

impl Turning {
    /// Watches over a loop from now on. It has to turn at least every few seconds, whatever happens outside.
    #[must_use]
    pub fn new(name: &'static str) -> Self {
        let turned = Arc::new(AtomicU64::new(now()));
        let mut loops = LOOPS.lock().unwrap_or_else(PoisonError::into_inner);
        loops.retain(|(_, turned)| turned.strong_count() > 0);
        loops.push((name, Arc::downgrade(&turned)));
        Self(turned)
    }

    /// The loop turned.
    pub fn turn(&self) {
        self.0.store(now(), Ordering::Relaxed);
    }
}

/// The loops that have not turned for `longest`.
pub(crate) fn standing_still(longest: Duration) -> Vec<&'static str> {
    let now = now();
    let loops = LOOPS.lock().unwrap_or_else(PoisonError::into_inner);
    let stands = |turned: &Weak<AtomicU64>| {
        let turned = turned.upgrade().map(|turned| turned.load(Ordering::Relaxed));
        turned.is_some_and(|turned| u128::from(now.saturating_sub(turned)) > longest.as_millis())
    };
    loops.iter().filter(|(_, turned)| stands(turned)).map(|(name, _)| *name).collect()
}

/// Milliseconds of wall time since the first question.
fn now() -> u64 {
    static BEGAN: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    u64::try_from(BEGAN.get_or_init(Instant::now).elapsed().as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loop_that_hangs_is_named_until_it_turns_or_ends() {
        // Loops of other tests may stand still meanwhile.
        let stands = |longest| standing_still(longest).contains(&"a loop of a test");
        let hung = Turning::new("a loop of a test");
        std::thread::sleep(Duration::from_millis(60));
        assert!(stands(Duration::from_millis(30)));
        assert!(!stands(LONGEST_TURN));
        hung.turn();
        assert!(!stands(Duration::from_millis(50)));
        std::thread::sleep(Duration::from_millis(60));
        drop(hung);
        assert!(!stands(Duration::from_millis(30)));
    }
}
