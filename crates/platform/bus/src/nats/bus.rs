//! The bus of a process that is joined to others.

use std::sync::Arc;

use rec_domain::bus_event::{BusEvent, Topic};
use tokio::task::JoinHandle;

use super::{Link, NatsOptions, bridge::Bridge};
use crate::{Bus, LocalBus, Subscription};

/// A local bus with a bridge to a NATS server. It works without the server, too, for whatever stays in the process.
/// Dropping it ends the bridge.
#[derive(Debug)]
pub struct NatsBus {
    local: Arc<LocalBus>,
    link: Link,
    bridge: JoinHandle<()>,
}

impl NatsBus {
    /// Joins the others. It does not wait for the server, which may come later and go away at any time.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    #[must_use]
    pub fn join(options: NatsOptions) -> Self {
        let (local, link) = (Arc::new(LocalBus::new()), Link::new());
        let bridge = tokio::spawn(Bridge::new(options, Arc::clone(&local), link.clone()).run());
        Self { local, link, bridge }
    }

    /// How the connection is doing.
    #[must_use]
    pub const fn link(&self) -> &Link {
        &self.link
    }
}

impl Bus for NatsBus {
    fn publish(&self, event: BusEvent) {
        self.local.publish(event);
    }

    fn subscribe(&self, topics: &[Topic]) -> Subscription {
        self.local.subscribe(topics)
    }

    fn latest(&self, topic: Topic) -> Option<Arc<BusEvent>> {
        self.local.latest(topic)
    }
}

impl Drop for NatsBus {
    fn drop(&mut self) {
        self.bridge.abort();
    }
}
