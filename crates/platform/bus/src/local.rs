//! The bus within one process.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use rec_domain::bus_event::{BusEvent, Topic};

use crate::{Bus, Subscription, latest::Latest, queue::Queue};

/// Events that a subscriber may be behind before it loses the oldest: some seconds of all topics together at the
/// rates of a busy hour.
pub const DEFAULT_CAPACITY: usize = 1_024;

/// The bus within one process.
#[derive(Debug)]
pub struct LocalBus {
    capacity: usize,
    // One lock for both: whoever subscribes gets the state and everything after it, without gap or repetition.
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    latest: Latest,
    subscribers: Vec<Weak<Queue>>,
}

impl LocalBus {
    /// A bus whose subscribers may be [`DEFAULT_CAPACITY`] events behind.
    #[must_use]
    pub fn new() -> Self {
        Self::with_capacity(DEFAULT_CAPACITY)
    }

    /// A bus whose subscribers may be `capacity` events behind.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self { capacity, inner: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing can panic while the lock is held, so a poisoned bus is still a whole one.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for LocalBus {
    fn default() -> Self {
        Self::new()
    }
}

impl Bus for LocalBus {
    fn publish(&self, event: BusEvent) {
        let event = Arc::new(event);
        let mut inner = self.lock();
        inner.latest.take(&event);
        inner.subscribers.retain(|subscriber| match subscriber.upgrade() {
            Some(queue) => {
                if queue.wants(event.topic()) {
                    queue.push(Arc::clone(&event));
                }
                true
            }
            None => false,
        });
    }

    fn subscribe(&self, topics: &[Topic]) -> Subscription {
        let queue = Arc::new(Queue::new(topics, self.capacity));
        let mut inner = self.lock();
        topics.iter().filter_map(|topic| inner.latest.get(*topic)).for_each(|event| queue.push(event));
        inner.subscribers.push(Arc::downgrade(&queue));
        Subscription::new(queue)
    }

    fn latest(&self, topic: Topic) -> Option<Arc<BusEvent>> {
        self.lock().latest.get(topic)
    }
}

#[cfg(test)]
mod tests {
    use rec_domain::{
        Timestamp,
        bus_event::{EntryState, EntryStatus},
        health::HealthReport,
        outbox::{DeskEvent, OutboxEvent},
    };

    use super::*;

    fn health(at: i64) -> BusEvent {
        BusEvent::Health(HealthReport { at: Timestamp::from_micros(at), services: Vec::new() })
    }

    fn entry(at: i64) -> BusEvent {
        BusEvent::Entry(EntryStatus {
            at: Timestamp::from_micros(at),
            state: EntryState::Active,
            paused_until: None,
            considered: 0,
            requested: 0,
            refused: Vec::new(),
        })
    }

    fn happening(number: i64) -> BusEvent {
        BusEvent::Outbox(OutboxEvent {
            number,
            at: Timestamp::from_micros(number),
            event: DeskEvent::Automation { auto_entry: true, auto_stop: true },
        })
    }

    fn instants(subscription: &mut Subscription) -> Vec<i64> {
        std::iter::from_fn(|| subscription.try_recv())
            .map(|delivery| match &*delivery.event {
                BusEvent::Health(report) => report.at.micros(),
                BusEvent::Entry(status) => status.at.micros(),
                BusEvent::Outbox(event) => event.number,
                other => unreachable!("not published here: {other:?}"),
            })
            .collect()
    }

    #[test]
    fn a_subscriber_gets_its_topics_in_the_order_of_publishing() {
        let bus = LocalBus::new();
        let mut both = bus.subscribe(&[Topic::Health, Topic::Entry]);
        let mut one = bus.subscribe(&[Topic::Entry]);
        bus.publish(health(1));
        bus.publish(entry(2));
        bus.publish(health(3));
        assert_eq!(instants(&mut both), [1, 2, 3]);
        assert_eq!(instants(&mut one), [2]);
    }

    #[test]
    fn a_late_subscriber_gets_the_newest_state_but_no_old_happening() {
        let bus = LocalBus::new();
        bus.publish(health(1));
        bus.publish(health(2));
        bus.publish(happening(3));
        let mut late = bus.subscribe(&[Topic::Outbox, Topic::Health]);
        bus.publish(happening(4));
        assert_eq!(instants(&mut late), [2, 4]);
        assert!(bus.latest(Topic::Outbox).is_none());
    }

    #[test]
    fn a_slow_subscriber_loses_the_oldest_and_is_told_how_many() {
        let bus = LocalBus::with_capacity(2);
        let mut slow = bus.subscribe(&[Topic::Outbox]);
        let lag = slow.lag();
        (1..=5).for_each(|number| bus.publish(happening(number)));
        assert_eq!((lag.missed(), lag.waiting()), (3, 2));
        let first = slow.try_recv().expect("two are kept");
        assert_eq!(first.missed, 3);
        let second = slow.try_recv().expect("two are kept");
        assert_eq!(second.missed, 0, "a loss is told once");
        assert_eq!(lag.missed(), 3);
    }

    #[test]
    fn whoever_drops_a_subscription_is_forgotten() {
        let bus = LocalBus::new();
        drop(bus.subscribe(&[Topic::Health]));
        bus.publish(health(1));
        assert!(bus.lock().subscribers.is_empty());
    }

    #[tokio::test]
    async fn a_waiting_subscriber_is_woken() {
        let bus = Arc::new(LocalBus::new());
        let mut subscription = bus.subscribe(&[Topic::Health]);
        let reader = tokio::spawn(async move { subscription.recv().await });
        tokio::task::yield_now().await;
        bus.publish(health(7));
        let delivery = reader.await.expect("the reader ends");
        assert_eq!(delivery.event.topic(), Topic::Health);
    }
}
