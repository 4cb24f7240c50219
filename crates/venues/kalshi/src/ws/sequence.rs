//! The watch over sequence numbers, and repairs without a storm. Pure.
//!
//! A subscription numbers its frames from one, across all of its markets; `ok` and snapshot frames consume numbers
//! too. A missing number means that any of the subscription's books may be wrong.

use std::collections::{BTreeMap, HashMap};

use rec_domain::{TimeSpan, Timestamp};

use super::frame::{Frame, FrameKind};

/// What a frame's number says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Observation {
    /// The frame has no number; nothing follows.
    Unnumbered,
    /// Nothing is missing before it.
    InOrder,
    /// Something is missing before it, came twice, or could not be read: everything of the subscription is in doubt.
    Gap {
        /// The subscription.
        sid: u64,
        /// The number that had to come.
        expected: u64,
        /// The number that came.
        got: u64,
    },
}

/// Which number each subscription of one connection has to bring next.
#[derive(Debug, Clone, Default)]
pub struct SequenceTracker {
    next: HashMap<u64, u64>,
}

impl SequenceTracker {
    /// Takes note of a frame.
    pub fn observe(&mut self, frame: &Frame) -> Observation {
        let (Some(sid), Some(got)) = (frame.sid, frame.seq) else { return Observation::Unnumbered };
        let next = self.next.entry(sid).or_insert(1);
        let expected = *next;
        *next = got.saturating_add(1);
        let readable = !matches!(frame.kind, FrameKind::Malformed { .. });
        if matches!(frame.kind, FrameKind::Unsubscribed) {
            self.next.remove(&sid);
        }
        if got == expected && readable { Observation::InOrder } else { Observation::Gap { sid, expected, got } }
    }

    /// Forgets everything: a new connection has new subscriptions.
    pub fn reset(&mut self) {
        self.next.clear();
    }
}

/// What to do about a subscription in doubt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repair {
    /// Ask for snapshots of all of its markets.
    Snapshot {
        /// The subscription.
        sid: u64,
    },
    /// Connect anew: snapshots did not help.
    Reconnect,
}

/// Subscriptions in doubt: one repair in flight for each, a pause between two, and an end to trying.
#[derive(Debug, Clone)]
pub struct RepairQueue {
    /// Least time between two requests for the same subscription, and how long one may take.
    pause: TimeSpan,
    /// Requests for one subscription without success, after which the connection is made anew.
    attempts: u32,
    doubtful: BTreeMap<u64, Doubt>,
}

#[derive(Debug, Clone)]
struct Doubt {
    /// Requests so far.
    asked: u32,
    /// The next request not before.
    not_before: Timestamp,
}

impl RepairQueue {
    /// A queue that asks for the same subscription at most once in `pause`, and `attempts` times in all.
    #[must_use]
    pub const fn new(pause: TimeSpan, attempts: u32) -> Self {
        Self { pause, attempts, doubtful: BTreeMap::new() }
    }

    /// A gap was seen in a subscription. Further gaps while it is in doubt ask for nothing at once: the request in
    /// flight is repeated after the pause, unless it brought every market a new snapshot by then.
    pub fn doubt(&mut self, sid: u64, now: Timestamp) {
        self.doubtful.entry(sid).or_insert(Doubt { asked: 0, not_before: now });
    }

    /// Whether a subscription is in doubt.
    #[must_use]
    pub fn is_doubtful(&self, sid: u64) -> bool {
        self.doubtful.contains_key(&sid)
    }

    /// What to do now; call until there is nothing more. The request counts as in flight until
    /// [`RepairQueue::repaired`], and is repeated after the pause.
    pub fn due(&mut self, now: Timestamp) -> Option<Repair> {
        let (sid, doubt) = self.doubtful.iter_mut().find(|(_sid, doubt)| doubt.not_before <= now)?;
        if doubt.asked >= self.attempts {
            self.doubtful.clear();
            return Some(Repair::Reconnect);
        }
        doubt.asked += 1;
        doubt.not_before = now + self.pause;
        Some(Repair::Snapshot { sid: *sid })
    }

    /// When [`RepairQueue::due`] next has something; `None` when nothing is in doubt.
    #[must_use]
    pub fn next_due(&self) -> Option<Timestamp> {
        self.doubtful.values().map(|doubt| doubt.not_before).min()
    }

    /// Every market of the subscription has a new snapshot.
    pub fn repaired(&mut self, sid: u64) {
        self.doubtful.remove(&sid);
    }

    /// Forgets everything: a new connection has new subscriptions.
    pub fn reset(&mut self) {
        self.doubtful.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::order_book::NoSidePrices;

    fn frame(sid: u64, seq: u64, kind: &str) -> Frame {
        Frame::decode(&format!(r#"{{"type":"{kind}","sid":{sid},"seq":{seq},"msg":{{}}}}"#), NoSidePrices::Yes)
    }

    #[test]
    fn numbers_are_shared_by_the_markets_of_a_subscription_and_by_ok_frames() {
        let mut tracker = SequenceTracker::default();
        assert_eq!(tracker.observe(&frame(1, 1, "ok")), Observation::InOrder);
        assert_eq!(tracker.observe(&frame(2, 1, "ok")), Observation::InOrder);
        assert_eq!(tracker.observe(&frame(1, 2, "other")), Observation::InOrder);
        assert_eq!(tracker.observe(&frame(1, 4, "other")), Observation::Gap { sid: 1, expected: 3, got: 4 });
        assert_eq!(tracker.observe(&frame(1, 5, "other")), Observation::InOrder);
        assert_eq!(tracker.observe(&frame(1, 5, "other")), Observation::Gap { sid: 1, expected: 6, got: 5 });
        assert_eq!(tracker.observe(&frame(2, 2, "other")), Observation::InOrder);
        let unnumbered = Frame::decode(r#"{"type":"ticker","sid":3,"msg":{}}"#, NoSidePrices::Yes);
        assert_eq!(tracker.observe(&unnumbered), Observation::Unnumbered);
    }

    #[test]
    fn the_first_number_is_one_and_an_unreadable_frame_is_a_gap() {
        let mut tracker = SequenceTracker::default();
        assert!(matches!(tracker.observe(&frame(1, 3, "other")), Observation::Gap { expected: 1, .. }));
        assert!(matches!(
            tracker.observe(&frame(1, 4, "orderbook_delta")),
            Observation::Gap { expected: 4, got: 4, .. }
        ));
        tracker.reset();
        assert_eq!(tracker.observe(&frame(1, 1, "other")), Observation::InOrder);
    }

    #[test]
    fn many_gaps_make_one_request_and_endless_failure_a_new_connection() {
        let second = Timestamp::from_seconds;
        let mut queue = RepairQueue::new(TimeSpan::from_seconds(2), 2);
        for _ in 0..100 {
            queue.doubt(1, second(10));
        }
        assert_eq!(queue.due(second(10)), Some(Repair::Snapshot { sid: 1 }));
        assert_eq!(queue.due(second(11)), None, "one request is in flight");
        queue.doubt(2, second(11));
        assert_eq!(
            queue.due(second(11)),
            Some(Repair::Snapshot { sid: 2 }),
            "subscriptions do not wait for each other"
        );
        queue.repaired(2);
        assert_eq!(queue.next_due(), Some(second(12)));
        assert_eq!(queue.due(second(12)), Some(Repair::Snapshot { sid: 1 }));
        assert_eq!(queue.due(second(14)), Some(Repair::Reconnect));
        assert_eq!(queue.due(second(14)), None);
        assert!(!queue.is_doubtful(1));
    }
}
