//! Reasons that changed, on their way to the desk: a few at a time, so that they do not get into the way of money.

use std::{collections::BTreeMap, time::Duration};

use rec_domain::{MarketTicker, Side, command::NotedRefusal};
use tokio::time::Instant;

/// How often the desk is told, in wall time.
const EVERY: Duration = Duration::from_secs(1);
/// Refusals in one request.
const MOST: usize = 64;
/// Refusals that may wait.
const WAITING: usize = 256;

/// The last reason for each market and side that the desk was not told yet.
#[derive(Debug, Default)]
pub(crate) struct Refusals {
    waiting: BTreeMap<(MarketTicker, Side), NotedRefusal>,
    told_at: Option<Instant>,
}

impl Refusals {
    /// Keeps a reason in place of the one before it. What does not fit is counted by the machine all the same.
    pub(crate) fn note(&mut self, noted: NotedRefusal) {
        let key = (noted.ticker.clone(), noted.side);
        if self.waiting.len() < WAITING || self.waiting.contains_key(&key) {
            self.waiting.insert(key, noted);
        }
    }

    /// What the desk is to be told now.
    pub(crate) fn take_due(&mut self) -> Vec<NotedRefusal> {
        if self.waiting.is_empty() || self.told_at.is_some_and(|at| at.elapsed() < EVERY) {
            return Vec::new();
        }
        self.told_at = Some(Instant::now());
        let mut due = Vec::new();
        while due.len() < MOST
            && let Some((_key, noted)) = self.waiting.pop_first()
        {
            due.push(noted);
        }
        due
    }
}
