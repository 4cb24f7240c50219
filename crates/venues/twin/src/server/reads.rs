//! How far reads of the account are behind: the exchange answers a change before its lists show it.
//!
//! About 360 ms were recorded. A reader sees the account as it was at some earlier instant, whole, and the exchange
//! says truthfully up to when it is complete. Copies are made on the turns of the world and only after changes, so
//! that their number is bounded however busy the account is.

use std::collections::VecDeque;

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng as _, SeedableRng as _},
};
use rec_domain::{TimeSpan, Timestamp};

use crate::core::account::Account;

/// Copies that may wait to be shown; a further one takes the place of the youngest.
const WAITING_MOST: usize = 32;

/// A later state of the account.
#[derive(Debug, Clone)]
struct Later {
    /// What is shown before it is complete up to here.
    complete_before: Timestamp,
    shown_from: Timestamp,
    account: Account,
}

/// The account as readers see it.
#[derive(Debug)]
pub(super) struct LaggingReads {
    lag: TimeSpan,
    dice: ChaCha8Rng,
    shown: Account,
    later: VecDeque<Later>,
    /// The last instant at which the account is known to have been unchanged, while a change has no copy yet.
    changed_after: Option<Timestamp>,
    as_of: Timestamp,
}

impl LaggingReads {
    /// Reads that are up to date now and lag from here on.
    pub(super) fn new(lag: TimeSpan, seed: u64, account: Account, now: Timestamp) -> Self {
        let dice = ChaCha8Rng::seed_from_u64(seed);
        Self { lag, dice, shown: account, later: VecDeque::new(), changed_after: None, as_of: now - lag }
    }

    /// From now on changes are shown after another lag; what waits is not shown later than it would be with it.
    pub(super) fn set_lag(&mut self, lag: TimeSpan, now: Timestamp) {
        self.lag = lag;
        let latest = now + lag + TimeSpan::from_micros(lag.micros() / 2);
        for later in &mut self.later {
            later.shown_from = later.shown_from.min(latest);
        }
    }

    /// The account changed, and had not at `before`.
    pub(super) fn changed(&mut self, before: Timestamp) {
        self.changed_after.get_or_insert(before);
    }

    /// Copies the account if it changed.
    pub(super) fn turn(&mut self, now: Timestamp, account: &Account) {
        let Some(complete_before) = self.changed_after.take() else { return };
        // Half the lag to one and a half times as much.
        let part = i64::from(self.dice.next_u32() % 1_000) + 500;
        let shown_from = now + TimeSpan::from_micros(self.lag.micros().saturating_mul(part) / 1_000);
        if self.later.len() == WAITING_MOST
            && let Some(youngest) = self.later.back_mut()
        {
            (youngest.shown_from, youngest.account) = (shown_from, account.clone());
        } else {
            // A shorter lag than before does not overtake what waits.
            let shown_from = self.later.back().map_or(shown_from, |last| shown_from.max(last.shown_from));
            self.later.push_back(Later { complete_before, shown_from, account: account.clone() });
        }
    }

    fn show(&mut self, now: Timestamp) {
        while self.later.front().is_some_and(|later| later.shown_from <= now) {
            if let Some(later) = self.later.pop_front() {
                self.shown = later.account;
            }
        }
        let unseen = self.later.front().map(|later| later.complete_before).or(self.changed_after);
        let complete = unseen.map_or(now - self.lag, |before| before.min(now - self.lag));
        self.as_of = self.as_of.max(complete);
    }

    /// Up to when what is shown is complete.
    pub(super) fn as_of(&mut self, now: Timestamp) -> Timestamp {
        self.show(now);
        self.as_of
    }

    /// What is shown now; whoever takes it puts it back.
    pub(super) fn shown(&mut self, now: Timestamp) -> &mut Account {
        self.show(now);
        &mut self.shown
    }
}
