//! What every form of the bus can do.

use std::sync::Arc;

use rec_domain::bus_event::{BusEvent, Topic};

use crate::queue::Queue;

/// A bus. Publishing never waits and never fails: a slow subscriber loses its oldest events and is told how many.
pub trait Bus: Send + Sync {
    /// Gives `event` to everyone who subscribed to its topic, in the order of publishing.
    fn publish(&self, event: BusEvent);

    /// Subscribes to `topics`. The first deliveries are the newest known state of each of them, in the order of
    /// `topics`; happenings (`Lifecycle`, `Outbox`) have no state and begin with the next one. Between that state
    /// and what is published afterwards nothing is lost and nothing comes twice.
    fn subscribe(&self, topics: &[Topic]) -> Subscription;

    /// The newest known state of a topic.
    fn latest(&self, topic: Topic) -> Option<Arc<BusEvent>>;
}

/// An event as one subscriber gets it.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The event.
    pub event: Arc<BusEvent>,
    /// How many older events this subscriber lost immediately before this one, since it was slow.
    pub missed: u64,
}

/// One subscriber's end. Dropping it unsubscribes.
#[derive(Debug)]
pub struct Subscription {
    queue: Arc<Queue>,
}

impl Subscription {
    /// The subscriber's end of a queue that some bus fills.
    #[must_use]
    pub const fn new(queue: Arc<Queue>) -> Self {
        Self { queue }
    }

    /// The next event; waits for ever when there is none, so use it in a `select!` beside the shutdown token.
    /// Cancelling the wait loses nothing.
    pub async fn recv(&mut self) -> Delivery {
        loop {
            if let Some(delivery) = self.queue.pop() {
                return delivery;
            }
            self.queue.filled().await;
        }
    }

    /// The next event if it is there already.
    pub fn try_recv(&mut self) -> Option<Delivery> {
        self.queue.pop()
    }

    /// What the subscriber loses and how far behind it is, for its service's health; outlives the subscription.
    #[must_use]
    pub fn lag(&self) -> Lag {
        Lag { queue: Arc::clone(&self.queue) }
    }
}

/// How far a subscriber is behind.
#[derive(Debug, Clone)]
pub struct Lag {
    queue: Arc<Queue>,
}

impl Lag {
    /// Events lost since the subscription began.
    #[must_use]
    pub fn missed(&self) -> u64 {
        self.queue.missed()
    }

    /// Events that wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.queue.len()
    }
}
