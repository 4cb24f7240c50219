//! What is in force, shared by everything that sends or answers.

use std::{
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use rec_domain::TimeSpan;
use tokio::sync::watch;

use super::{
    AnswerEffect, AnswerFault, Fault, FrameEffect, FrameFault, Requests,
    rule::{AnswerRule, FrameRule},
};
use crate::core::Channel;

/// Rules that may be in force at once; the oldest makes way.
const RULES_MOST: usize = 64;

/// The faults of transport. None is in force at the start. Cheap to ask while there is none.
#[derive(Debug)]
pub struct Faults {
    rules: Mutex<Rules>,
    any: AtomicBool,
    skew_micros: AtomicI64,
    held: watch::Sender<bool>,
    down: watch::Sender<bool>,
    resets: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Rules {
    frames: Vec<FrameRule>,
    answers: Vec<AnswerRule>,
    up_at: Option<Instant>,
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            rules: Mutex::default(),
            any: AtomicBool::new(false),
            skew_micros: AtomicI64::new(0),
            held: watch::Sender::new(false),
            down: watch::Sender::new(false),
            resets: watch::Sender::new(0),
        }
    }
}

impl Faults {
    /// Puts a fault of transport into force. Faults of the world and the reading lag are the world's: see
    /// [`TwinServer::inject`](crate::server::TwinServer::inject).
    pub fn inject(&self, fault: &Fault) {
        let now = Instant::now();
        match fault {
            Fault::Frames(fault) => self.change(|rules| push(&mut rules.frames, FrameRule::new(fault, now))),
            Fault::Answers(fault) => self.change(|rules| push(&mut rules.answers, AnswerRule::new(fault, now))),
            Fault::Reset => self.resets.send_modify(|count| *count += 1),
            Fault::Down { for_ms } => {
                self.change(|rules| rules.up_at = for_ms.map(|ms| now + Duration::from_millis(ms)));
                self.down.send_replace(true);
            }
            Fault::Up => {
                self.down.send_replace(false);
            }
            Fault::Skew { ms } => self.skew_micros.store(ms.saturating_mul(1_000), Ordering::SeqCst),
            Fault::Clear => {
                self.change(|rules| *rules = Rules::default());
                self.skew_micros.store(0, Ordering::SeqCst);
                self.held.send_replace(false);
                self.down.send_replace(false);
            }
            Fault::ReadLag { .. } | Fault::World(_) => {}
        }
    }

    /// Sends nothing on a channel, or sends again. Numbers are counted on, so that a gap remains.
    pub fn silence(&self, channel: Channel, silent: bool) {
        if silent {
            self.inject(&Fault::Frames(FrameFault::every(channel, FrameEffect::Lost)));
        } else {
            self.change(|rules| rules.frames.retain(|rule| rule.channel != Some(channel)));
        }
    }

    /// Drops the next frame of a channel, once: on the first connection that would get one.
    pub fn drop_next_frame(&self, channel: Channel) {
        let fault = FrameFault { next: Some(1), ..FrameFault::every(channel, FrameEffect::Lost) };
        self.inject(&Fault::Frames(fault));
    }

    /// Accepts the next order and cuts the connection instead of answering.
    pub fn drop_next_answer(&self) {
        let (requests, effect) = (Requests::orders(), AnswerEffect::Lost);
        self.inject(&Fault::Answers(AnswerFault { requests, effect, next: Some(1), for_ms: None }));
    }

    /// Accepts orders but holds their answers until `release_answers`.
    pub fn hold_answers(&self) {
        self.held.send_replace(true);
    }

    /// Sends the held answers.
    pub fn release_answers(&self) {
        self.held.send_replace(false);
    }

    /// Takes both venues down: connections are cut and new ones are closed at once. Market time goes on.
    pub fn take_down(&self) {
        self.inject(&Fault::Down { for_ms: None });
    }

    /// Brings both venues up again.
    pub fn bring_up(&self) {
        self.inject(&Fault::Up);
    }

    pub(in crate::server) fn is_down(&self) -> bool {
        *self.down.borrow()
    }

    /// How many faults of frames and answers may still hit something.
    pub(in crate::server) fn in_force(&self) -> usize {
        self.expire(Instant::now());
        let rules = self.lock();
        rules.frames.len() + rules.answers.len()
    }

    /// How far the exchange's clock is ahead of the market's.
    pub(in crate::server) fn skew(&self) -> TimeSpan {
        TimeSpan::from_micros(self.skew_micros.load(Ordering::SeqCst))
    }

    /// Ends what has had its time.
    pub(in crate::server) fn expire(&self, now: Instant) {
        if !self.any.load(Ordering::SeqCst) {
            return;
        }
        let mut up = false;
        self.change(|rules| {
            rules.frames.retain(|rule| !rule.is_over(now));
            rules.answers.retain(|rule| !rule.is_over(now));
            up = rules.up_at.take_if(|at| now >= *at).is_some();
        });
        if up {
            self.down.send_replace(false);
        }
    }

    /// Waits until the venues are down.
    pub(in crate::server) async fn until_down(&self) {
        let mut down = self.down.subscribe();
        // The sender lives as long as this, so waiting cannot fail.
        let _ = down.wait_for(|down| *down).await;
    }

    /// Waits until answers are no longer held.
    pub(in crate::server) async fn until_released(&self) {
        let mut held = self.held.subscribe();
        let _ = held.wait_for(|held| !*held).await;
    }

    /// Tells of every reset from now on.
    pub(in crate::server) fn resets(&self) -> watch::Receiver<u64> {
        self.resets.subscribe()
    }

    /// What happens to a request of a method and a path below `/trade-api/v2`.
    pub(in crate::server) fn on_request(&self, method: &str, path: &str) -> Option<AnswerEffect> {
        if !self.any.load(Ordering::SeqCst) {
            return None;
        }
        let now = Instant::now();
        self.lock().answers.iter_mut().find_map(|rule| rule.hit(method, path, now))
    }

    /// What happens to a frame; the first rule that hits counts. Answers to commands are never hit.
    pub(super) fn on_frame(&self, channel: Option<Channel>, now: Instant) -> Option<FrameEffect> {
        let channel = channel?;
        if !self.any.load(Ordering::SeqCst) {
            return None;
        }
        self.lock().frames.iter_mut().find_map(|rule| rule.hit(channel, now))
    }

    fn lock(&self) -> MutexGuard<'_, Rules> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut Rules)) {
        let mut rules = self.lock();
        change(&mut rules);
        let any = !rules.frames.is_empty() || !rules.answers.is_empty() || rules.up_at.is_some();
        self.any.store(any, Ordering::SeqCst);
    }
}

fn push<T>(rules: &mut Vec<T>, rule: T) {
    if rules.len() == RULES_MOST {
        rules.remove(0);
    }
    rules.push(rule);
}
