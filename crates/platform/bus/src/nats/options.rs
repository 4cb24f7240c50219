//! Where the server is and which events cross.

use std::{collections::BTreeSet, fmt};

use rec_domain::{Service, Timestamp, bus_event::Topic};

/// A kind of event with its publisher.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Feed {
    /// Its only publisher.
    pub from: Service,
    /// The kind of event.
    pub topic: Topic,
}

/// A password that cannot be printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// From its text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub(super) fn expose(&self) -> String {
        self.0.clone()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// How a process joins the others.
#[derive(Debug, Clone)]
pub struct NatsOptions {
    /// The server, as `nats://127.0.0.1:4222`, or with TLS as `tls://bus.example:4222`.
    pub url: String,
    /// User and password, where the server wants them.
    pub login: Option<(String, Password)>,
    /// What the subjects begin with, as `rec.twin`: desks on one server have different ones.
    pub prefix: String,
    /// By which name the server lists this process.
    pub name: String,
    /// What is published here and used elsewhere.
    pub publishes: Vec<Feed>,
    /// What is published elsewhere and used here.
    pub wants: Vec<Feed>,
    /// The time of day, by which the lag of events is measured.
    pub now: fn() -> Timestamp,
}

impl NatsOptions {
    /// The topics that are sent.
    pub(super) fn published_topics(&self) -> Vec<Topic> {
        self.publishes.iter().map(|feed| feed.topic).collect()
    }

    /// The publisher here of a topic that is sent.
    pub(super) fn publisher(&self, topic: Topic) -> Option<Service> {
        self.publishes.iter().find(|feed| feed.topic == topic).map(|feed| feed.from)
    }

    /// Who publishes here for elsewhere.
    pub(super) fn publishers(&self) -> BTreeSet<Service> {
        self.publishes.iter().map(|feed| feed.from).collect()
    }

    /// Who publishes elsewhere for here.
    pub(super) fn sources(&self) -> BTreeSet<Service> {
        self.wants.iter().map(|feed| feed.from).collect()
    }

    /// Whether an event is for this process.
    pub(super) fn is_wanted(&self, from: Service, topic: Topic) -> bool {
        self.wants.contains(&Feed { from, topic })
    }
}
