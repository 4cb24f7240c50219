//! Connects, again and again, and keeps what happened meanwhile.

use std::{
    collections::{BTreeMap, VecDeque},
    convert::Infallible,
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use rec_domain::bus_event::{BusEvent, Topic};
use tracing::{info, warn};

use super::{Link, NatsOptions, gap::Gaps, session::Session};
use crate::{Bus as _, Delivery, LocalBus, Subscription, latest};

/// Happenings kept for the time when the server is away.
pub const MOST_HELD: usize = 1_024;

/// The wait after a failed attempt, doubled each time up to the longest; the real one is half of it to all of it.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// A connection that held for so long was a good one: the next attempt comes at once again.
const GOOD_FOR: Duration = Duration::from_secs(5);

/// What outlives a connection.
pub(super) struct Bridge {
    pub(super) options: NatsOptions,
    pub(super) local: Arc<LocalBus>,
    pub(super) link: Link,
    pub(super) outgoing: Outgoing,
    pub(super) gaps: Gaps,
}

/// What is to be sent.
pub(super) struct Outgoing {
    pub(super) events: Subscription,
    pub(super) held: VecDeque<Arc<BusEvent>>,
    pub(super) run: u64,
    pub(super) numbers: BTreeMap<Topic, u64>,
    link: Link,
}

impl Bridge {
    pub(super) fn new(options: NatsOptions, local: Arc<LocalBus>, link: Link) -> Self {
        let outgoing = Outgoing {
            events: local.subscribe(&options.published_topics()),
            held: VecDeque::new(),
            run: rand::random(),
            numbers: BTreeMap::new(),
            link: link.clone(),
        };
        Self { options, local, link, outgoing, gaps: Gaps::default() }
    }

    /// Works until it is aborted.
    pub(super) async fn run(mut self) {
        let mut pause = FIRST_PAUSE;
        loop {
            let opened = tokio::select! {
                opened = Session::open(&self.options) => opened,
                never = self.outgoing.hold() => match never {},
            };
            let why = match opened {
                Ok(session) => {
                    info!(url = %self.options.url, "joined the bus");
                    self.link.up();
                    let began = Instant::now();
                    let why = session.serve(&mut self).await;
                    if began.elapsed() >= GOOD_FOR {
                        pause = FIRST_PAUSE;
                    }
                    warn!(url = %self.options.url, %why, "cut off from the bus");
                    why
                }
                Err(error) => error,
            };
            self.link.down(why);
            let wait = pause.mul_f64(rand::random_range(0.5..=1.0));
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                never = self.outgoing.hold() => match never {},
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

impl Outgoing {
    /// Keeps what is published, for as long as nobody can be told.
    async fn hold(&mut self) -> Infallible {
        loop {
            let delivery = self.events.recv().await;
            self.keep(delivery);
        }
    }

    /// Keeps what waits already.
    pub(super) fn hold_waiting(&mut self) {
        while let Some(delivery) = self.events.try_recv() {
            self.keep(delivery);
        }
    }

    /// States are not kept: the newest ones are sent whole when there is a connection again.
    fn keep(&mut self, delivery: Delivery) {
        let dropped = &self.link.counts().dropped;
        dropped.fetch_add(delivery.missed, Ordering::Relaxed);
        if latest::is_state(delivery.event.topic()) {
            return;
        }
        if self.held.len() >= MOST_HELD {
            self.held.pop_front();
            dropped.fetch_add(1, Ordering::Relaxed);
        }
        self.held.push_back(delivery.event);
    }
}
