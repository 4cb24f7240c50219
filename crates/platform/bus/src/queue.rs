//! The bounded queue of one subscriber.
//!
//! The drop rule: a queue that is full loses its oldest event, since newer state replaces older, and the next
//! delivery says how many were lost. Whoever publishes is never slowed by whoever reads.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use rec_domain::bus_event::{BusEvent, Topic};
use tokio::sync::Notify;

use crate::Delivery;

/// The queue of one subscriber.
#[derive(Debug)]
pub struct Queue {
    topics: Vec<Topic>,
    capacity: usize,
    waiting: Mutex<Waiting>,
    filled: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    events: VecDeque<Arc<BusEvent>>,
    missed_since_delivery: u64,
    missed: u64,
}

impl Queue {
    /// A queue for events of `topics` that holds up to `capacity` of them.
    #[must_use]
    pub fn new(topics: &[Topic], capacity: usize) -> Self {
        Self { topics: topics.to_vec(), capacity: capacity.max(1), waiting: Mutex::default(), filled: Notify::new() }
    }

    /// Whether the subscriber asked for `topic`.
    #[must_use]
    pub fn wants(&self, topic: Topic) -> bool {
        self.topics.contains(&topic)
    }

    /// Adds an event; the oldest one goes when there is no room.
    pub fn push(&self, event: Arc<BusEvent>) {
        let mut waiting = self.lock();
        if waiting.events.len() >= self.capacity {
            waiting.events.pop_front();
            waiting.missed_since_delivery += 1;
            waiting.missed += 1;
        }
        waiting.events.push_back(event);
        drop(waiting);
        self.filled.notify_one();
    }

    /// The oldest event.
    #[must_use]
    pub fn pop(&self) -> Option<Delivery> {
        let mut waiting = self.lock();
        let event = waiting.events.pop_front()?;
        Some(Delivery { event, missed: std::mem::take(&mut waiting.missed_since_delivery) })
    }

    /// Waits until something was added; may return once too often.
    pub async fn filled(&self) {
        self.filled.notified().await;
    }

    /// Events lost so far.
    #[must_use]
    pub fn missed(&self) -> u64 {
        self.lock().missed
    }

    /// Events that wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lock().events.len()
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // Nothing can panic while the lock is held, so a poisoned queue is still a whole one.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
