//! Events by time, and by the order in which they were put in where times are equal.

use std::{cmp::Ordering, collections::BinaryHeap};

use rec_domain::Timestamp;

/// A (time, sequence) queue.
#[derive(Debug)]
pub(super) struct Queue<E> {
    events: BinaryHeap<Entry<E>>,
    sequence: u64,
}

#[derive(Debug)]
struct Entry<E> {
    at: Timestamp,
    sequence: u64,
    event: E,
}

impl<E> Default for Queue<E> {
    fn default() -> Self {
        Self { events: BinaryHeap::new(), sequence: 0 }
    }
}

impl<E> Queue<E> {
    /// Puts an event in.
    pub(super) fn put(&mut self, at: Timestamp, event: E) {
        self.sequence += 1;
        self.events.push(Entry { at, sequence: self.sequence, event });
    }

    /// Takes the next event that is due at `now`.
    pub(super) fn take_due(&mut self, now: Timestamp) -> Option<E> {
        self.events.peek().filter(|entry| entry.at <= now)?;
        self.events.pop().map(|entry| entry.event)
    }

    /// When the next event is due.
    pub(super) fn next_at(&self) -> Option<Timestamp> {
        self.events.peek().map(|entry| entry.at)
    }
}

impl<E> Entry<E> {
    const fn key(&self) -> (Timestamp, u64) {
        (self.at, self.sequence)
    }
}

/// The greatest entry is the one that is due first.
impl<E> Ord for Entry<E> {
    fn cmp(&self, other: &Self) -> Ordering {
        other.key().cmp(&self.key())
    }
}

impl<E> PartialOrd for Entry<E> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<E> PartialEq for Entry<E> {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl<E> Eq for Entry<E> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_times_keep_their_order() {
        let at = Timestamp::from_seconds;
        let mut queue = Queue::default();
        queue.put(at(2), 'c');
        queue.put(at(1), 'a');
        queue.put(at(1), 'b');
        assert_eq!(queue.next_at(), Some(at(1)));
        assert_eq!(queue.take_due(at(1)), Some('a'));
        assert_eq!(queue.take_due(at(1)), Some('b'));
        assert_eq!(queue.take_due(at(1)), None);
        assert_eq!(queue.take_due(at(2)), Some('c'));
    }
}
