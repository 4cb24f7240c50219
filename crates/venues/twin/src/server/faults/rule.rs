//! Which frames and requests are hit.

use std::time::{Duration, Instant};

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng as _, SeedableRng as _},
};

use super::{AnswerEffect, AnswerFault, FrameEffect, FrameFault, Requests};
use crate::core::Channel;

/// How often something may still be hit.
#[derive(Debug, Clone)]
struct Count {
    left: Option<u32>,
    until: Option<Instant>,
}

impl Count {
    fn new(next: Option<u32>, for_ms: Option<u64>, now: Instant) -> Self {
        Self { left: next, until: for_ms.map(|ms| now + Duration::from_millis(ms)) }
    }

    fn is_over(&self, now: Instant) -> bool {
        self.left == Some(0) || self.until.is_some_and(|until| now >= until)
    }

    fn use_up(&mut self) {
        self.left = self.left.map(|left| left.saturating_sub(1));
    }
}

/// A frame fault in force.
#[derive(Debug, Clone)]
pub(super) struct FrameRule {
    pub(super) channel: Option<Channel>,
    pub(super) effect: FrameEffect,
    per_mille: Option<u32>,
    dice: ChaCha8Rng,
    count: Count,
}

impl FrameRule {
    pub(super) fn new(fault: &FrameFault, now: Instant) -> Self {
        Self {
            channel: fault.channel,
            effect: fault.effect,
            per_mille: fault.per_mille,
            dice: ChaCha8Rng::seed_from_u64(fault.seed),
            count: Count::new(fault.next, fault.for_ms, now),
        }
    }

    pub(super) fn is_over(&self, now: Instant) -> bool {
        self.count.is_over(now)
    }

    /// What happens to a frame of `channel`; asking uses up a hit.
    pub(super) fn hit(&mut self, channel: Channel, now: Instant) -> Option<FrameEffect> {
        if self.channel.is_some_and(|wanted| wanted != channel) || self.is_over(now) {
            return None;
        }
        let hit = self.per_mille.is_none_or(|chance| self.dice.next_u32() % 1_000 < chance);
        hit.then(|| {
            self.count.use_up();
            self.effect
        })
    }
}

/// An answer fault in force.
#[derive(Debug, Clone)]
pub(super) struct AnswerRule {
    requests: Requests,
    effect: AnswerEffect,
    count: Count,
}

impl AnswerRule {
    pub(super) fn new(fault: &AnswerFault, now: Instant) -> Self {
        let count = Count::new(fault.next, fault.for_ms, now);
        Self { requests: fault.requests.clone(), effect: fault.effect, count }
    }

    pub(super) fn is_over(&self, now: Instant) -> bool {
        self.count.is_over(now)
    }

    /// What happens to a request; asking uses up a hit.
    pub(super) fn hit(&mut self, method: &str, path: &str, now: Instant) -> Option<AnswerEffect> {
        if self.is_over(now) || !self.requests.covers(method, path) {
            return None;
        }
        self.count.use_up();
        Some(self.effect)
    }
}
