//! Events by time, and by the order in which they were put in where times are equal.

use std::collections::BTreeMap;

use rec_domain::Timestamp;

/// A (time, sequence) queue.
#[derive(Debug, Clone)]
pub struct Queue<E> {
    events: BTreeMap<(Timestamp, u64), E>,
    sequence: u64,
}

impl<E> Default for Queue<E> {
    fn default() -> Self {
        Self { events: BTreeMap::new(), sequence: 0 }
    }
}

impl<E> Queue<E> {
    /// Puts an event in.
    pub fn put(&mut self, at: Timestamp, event: E) {
        self.sequence += 1;
        self.events.insert((at, self.sequence), event);
    }

    /// Takes the next event that is due at `now`.
    pub fn take_due(&mut self, now: Timestamp) -> Option<E> {
        let entry = self.events.first_entry()?;
        (entry.key().0 <= now).then(|| entry.remove())
    }

    /// When the next event is due.
    #[must_use]
    pub fn next_at(&self) -> Option<Timestamp> {
        self.events.first_key_value().map(|((at, _), _)| *at)
    }
}

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
