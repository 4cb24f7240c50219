//! What a receiver has missed, by the counts that publishers put on their messages.

use std::collections::BTreeMap;

use rec_domain::bus_event::Topic;

/// The last message of each topic, which has one publisher.
#[derive(Debug, Default)]
pub(super) struct Gaps {
    last: BTreeMap<Topic, (u64, u64)>,
}

/// What a message's count says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arrival {
    /// It is the next one, or the first of a run.
    Next,
    /// So many were lost before it.
    After(u64),
    /// It was there already.
    Again,
}

impl Gaps {
    /// Takes note of a message.
    pub(super) fn arrive(&mut self, topic: Topic, run: u64, number: u64) -> Arrival {
        match self.last.insert(topic, (run, number)) {
            Some((known, last)) if known == run && number <= last => {
                self.last.insert(topic, (run, last));
                Arrival::Again
            }
            Some((known, last)) if known == run && number > last + 1 => Arrival::After(number - last - 1),
            _ => Arrival::Next,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_are_counted_and_a_new_run_begins_anew() {
        let mut gaps = Gaps::default();
        let mut arrive = |run, number| gaps.arrive(Topic::Desk, run, number);
        assert_eq!(arrive(7, 40), Arrival::Next, "whoever comes late has lost nothing");
        assert_eq!(arrive(7, 41), Arrival::Next);
        assert_eq!(arrive(7, 45), Arrival::After(3));
        assert_eq!(arrive(7, 44), Arrival::Again);
        assert_eq!(arrive(7, 46), Arrival::Next, "what came again moves nothing");
        assert_eq!(arrive(8, 1), Arrival::Next, "the publisher was started again");
    }
}
