//! Subjects and messages.
//!
//! Events go by `<prefix>.event.<publisher>.<topic>`, so that one subscription to all topics of a publisher keeps
//! their order, and those that are not wanted are recognised without being read. `<prefix>.ask.<publisher>`, with an
//! empty message, asks a publisher for its newest states.

use rec_domain::{
    Service, Timestamp,
    bus_event::{BusEvent, Topic},
};
use serde::{Deserialize, Serialize};

/// An event on its way, as JSON.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Message<E> {
    /// Fixed for the life of the publishing process, and another one after its restart.
    pub(super) run: u64,
    /// Counts the messages of this topic and run, without gap.
    pub(super) number: u64,
    /// The time of day at which it was sent.
    pub(super) sent_at: Timestamp,
    /// The event.
    pub(super) event: E,
}

pub(super) fn event_subject(prefix: &str, from: Service, topic: Topic) -> String {
    format!("{prefix}.event.{from}.{}", topic_name(topic))
}

pub(super) fn all_events_of(prefix: &str, from: Service) -> String {
    format!("{prefix}.event.{from}.*")
}

pub(super) fn ask_subject(prefix: &str, from: Service) -> String {
    format!("{prefix}.ask.{from}")
}

/// The publisher and the topic that a subject names; none for a subject of another kind.
pub(super) fn of_subject(prefix: &str, subject: &str) -> Option<(Service, Topic)> {
    let rest = subject.strip_prefix(prefix)?.strip_prefix(".event.")?;
    let (from, topic) = rest.split_once('.')?;
    let from = Service::ALL.iter().copied().find(|service| service.name() == from)?;
    Some((from, ALL_TOPICS.iter().copied().find(|known| topic_name(*known) == topic)?))
}

/// Reads a message.
pub(super) fn read(payload: &[u8]) -> serde_json::Result<Message<BusEvent>> {
    serde_json::from_slice(payload)
}

const ALL_TOPICS: [Topic; 12] = [
    Topic::Spot,
    Topic::Index,
    Topic::Momentum,
    Topic::Markets,
    Topic::Books,
    Topic::Lifecycle,
    Topic::Strikes,
    Topic::Rows,
    Topic::Desk,
    Topic::Outbox,
    Topic::Health,
    Topic::Entry,
];

const fn topic_name(topic: Topic) -> &'static str {
    match topic {
        Topic::Spot => "spot",
        Topic::Index => "index",
        Topic::Momentum => "momentum",
        Topic::Markets => "markets",
        Topic::Books => "books",
        Topic::Lifecycle => "lifecycle",
        Topic::Strikes => "strikes",
        Topic::Rows => "rows",
        Topic::Desk => "desk",
        Topic::Outbox => "outbox",
        Topic::Health => "health",
        Topic::Entry => "entry",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_names_publisher_and_topic_and_those_of_others_name_nothing() {
        for from in Service::ALL {
            for topic in ALL_TOPICS {
                let subject = event_subject("rec.twin", *from, topic);
                assert_eq!(of_subject("rec.twin", &subject), Some((*from, topic)));
                assert_eq!(of_subject("rec.prod", &subject), None);
            }
        }
        assert_eq!(of_subject("rec.twin", &ask_subject("rec.twin", Service::MainApp)), None);
        assert_eq!(of_subject("rec.twin", "rec.twin.event.main-app.weather"), None);
    }
}
