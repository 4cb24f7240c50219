//! The live state, and whoever follows it.

use std::{
    collections::BTreeSet,
    sync::{Mutex, MutexGuard, PoisonError},
};

use axum::body::Bytes;
use rec_domain::{TimeSpan, Timestamp, bus_event::BusEvent};
use thiserror::Error;
use tokio::sync::mpsc;
use tracing::{error, info};

use super::encode;
use crate::{
    auth::TokenHash,
    live::{Live, Received},
    pages::panels,
    records::Records,
    view::{Moment, PageView, Panel, page::Setting},
};

/// Followers at a time.
pub const MOST_FOLLOWERS: usize = 32;
/// Messages that may wait for one follower: some seconds of a busy market.
pub const QUEUE: usize = 32;
/// How often both clocks are told, of wall time.
const CLOCK_EVERY: TimeSpan = TimeSpan::from_millis(950);

/// The live state, and whoever follows it.
#[derive(Debug, Default)]
pub struct Hub {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    live: Live,
    changed: BTreeSet<Panel>,
    followers: Vec<Follower>,
    clock_told_at: Option<Timestamp>,
    closed: bool,
}

#[derive(Debug)]
struct Follower {
    session: TokenHash,
    queue: mpsc::Sender<Bytes>,
}

/// There is no room for another follower.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum StreamRefused {
    /// Too many.
    #[error("{MOST_FOLLOWERS} pages follow the desk already; close one of them")]
    Full,
    /// The service ends.
    #[error("the service is ending")]
    Ending,
}

impl Hub {
    /// Takes an event of the bus over.
    pub fn apply(&self, event: &BusEvent, now: Moment) {
        let mut inner = self.lock();
        let panels = inner.live.apply(event, now);
        inner.changed.extend(panels);
    }

    /// Takes over what was read out of the database.
    pub fn record(&self, records: Records, now: Moment) {
        let mut inner = self.lock();
        inner.live.records = Some(Received { value: records, received_at: now.wall });
        inner.changed.extend([Panel::Alerts, Panel::Refusals, Panel::Health]);
    }

    /// The page as it is now.
    #[must_use]
    pub fn page(&self, setting: &Setting, now: Moment) -> PageView {
        PageView::of(&self.lock().live, setting, now)
    }

    /// Looks at the live state.
    pub fn read<T>(&self, look: impl FnOnce(&Live) -> T) -> T {
        look(&self.lock().live)
    }

    /// Begins to follow. The first message is the whole picture; what changes later comes after it.
    ///
    /// # Errors
    /// When there are too many followers or the service ends.
    pub fn follow(
        &self,
        session: TokenHash,
        setting: &Setting,
        now: Moment,
    ) -> Result<mpsc::Receiver<Bytes>, StreamRefused> {
        let mut inner = self.lock();
        inner.followers.retain(|follower| !follower.queue.is_closed());
        if inner.closed {
            return Err(StreamRefused::Ending);
        }
        if inner.followers.len() >= MOST_FOLLOWERS {
            return Err(StreamRefused::Full);
        }
        let page = PageView::of(&inner.live, setting, now);
        let mut picture = String::from("retry: 2000\n\n");
        picture.push_str(&encode::clocks(now));
        for panel in Panel::ALL {
            picture.push_str(&message(*panel, &page));
        }
        let (queue, receiver) = mpsc::channel(QUEUE);
        // Certain to have room: it was made just now.
        let _sent = queue.try_send(Bytes::from(picture));
        inner.followers.push(Follower { session, queue });
        Ok(receiver)
    }

    /// Tells everyone what changed since the last time, and the clocks when it is time. Called four times a second.
    pub fn publish(&self, setting: &Setting, now: Moment) {
        let mut inner = self.lock();
        let changed = std::mem::take(&mut inner.changed);
        inner.followers.retain(|follower| !follower.queue.is_closed());
        if inner.followers.is_empty() {
            return;
        }
        let mut text = String::new();
        if inner.clock_told_at.is_none_or(|told| now.wall.since(told) >= CLOCK_EVERY || told > now.wall) {
            inner.clock_told_at = Some(now.wall);
            text.push_str(&encode::clocks(now));
        }
        if !changed.is_empty() {
            let page = PageView::of(&inner.live, setting, now);
            for panel in changed {
                text.push_str(&message(panel, &page));
            }
        }
        if text.is_empty() {
            return;
        }
        let message = Bytes::from(text);
        // One who does not read is dropped: his browser comes back to a full picture.
        inner.followers.retain(|follower| match follower.queue.try_send(message.clone()) {
            Ok(()) => true,
            Err(_full_or_gone) => {
                info!("a page that does not read was dropped");
                false
            }
        });
    }

    /// Followers now.
    #[must_use]
    pub fn followers(&self) -> usize {
        self.lock().followers.iter().filter(|follower| !follower.queue.is_closed()).count()
    }

    /// Ends every stream of a session.
    pub fn drop_session(&self, session: TokenHash) {
        self.lock().followers.retain(|follower| follower.session != session);
    }

    /// Ends every stream and begins no other.
    pub fn close(&self) {
        let mut inner = self.lock();
        inner.closed = true;
        inner.followers.clear();
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn message(panel: Panel, page: &PageView) -> String {
    match panels::render(panel, page) {
        Ok(html) => encode::encode(panel.name(), &html),
        Err(failure) => {
            error!(panel = panel.name(), %failure, "panel not rendered");
            String::new()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{auth::SecretToken, sample};

    fn hub() -> Hub {
        Hub { inner: Mutex::new(Inner { live: sample::live(), ..Inner::default() }) }
    }

    fn session() -> TokenHash {
        SecretToken::generate().hash()
    }

    fn next(receiver: &mut mpsc::Receiver<Bytes>) -> Option<String> {
        receiver.try_recv().ok().map(|bytes| String::from_utf8(bytes.to_vec()).expect("text"))
    }

    fn spot() -> BusEvent {
        BusEvent::Spot(sample::live().spot.expect("spot"))
    }

    fn later(seconds: i64) -> Moment {
        let now = sample::moment();
        Moment { wall: now.wall + TimeSpan::from_seconds(seconds), ..now }
    }

    #[test]
    fn the_first_message_is_the_whole_picture_and_the_next_only_what_changed() {
        let hub = hub();
        let mut follower = hub.follow(session(), &sample::setting(), sample::moment()).expect("room");
        let first = next(&mut follower).expect("a picture");
        for panel in Panel::ALL {
            assert!(first.contains(&format!("event: {}\n", panel.name())), "{}", panel.name());
        }
        hub.publish(&sample::setting(), later(0));
        assert!(next(&mut follower).expect("clocks").starts_with("event: clock\n"));
        hub.publish(&sample::setting(), later(0));
        assert_eq!(next(&mut follower), None, "nothing changed");
        hub.apply(&spot(), later(0));
        hub.publish(&sample::setting(), later(0));
        let change = next(&mut follower).expect("a change");
        assert!(change.contains("event: header\n") && !change.contains("event: health\n"));
        hub.publish(&sample::setting(), later(1));
        assert!(next(&mut follower).expect("clocks").starts_with("event: clock\n"));
    }

    #[test]
    fn one_who_does_not_read_is_dropped_and_others_are_not() {
        let hub = hub();
        let mut slow = hub.follow(session(), &sample::setting(), sample::moment()).expect("room");
        let mut brisk = hub.follow(session(), &sample::setting(), sample::moment()).expect("room");
        for _ in 0..2 * QUEUE {
            hub.apply(&spot(), later(0));
            hub.publish(&sample::setting(), later(0));
            while next(&mut brisk).is_some() {}
        }
        assert_eq!(hub.followers(), 1);
        let mut waiting = 0;
        while next(&mut slow).is_some() {
            waiting += 1;
        }
        assert_eq!(waiting, QUEUE);
        assert!(slow.is_closed() && !brisk.is_closed());
    }

    #[test]
    fn followers_are_counted_and_end_with_their_session() {
        let hub = hub();
        let mine = session();
        let mut followers: Vec<_> = (0..MOST_FOLLOWERS)
            .map(|_| hub.follow(mine, &sample::setting(), sample::moment()).expect("room"))
            .collect();
        assert_eq!(hub.follow(session(), &sample::setting(), sample::moment()).err(), Some(StreamRefused::Full));
        followers.pop();
        let other = hub.follow(session(), &sample::setting(), sample::moment()).expect("one went");
        hub.drop_session(mine);
        assert_eq!(hub.followers(), 1);
        hub.close();
        assert!(other.is_closed());
        assert_eq!(hub.follow(mine, &sample::setting(), sample::moment()).err(), Some(StreamRefused::Ending));
    }
}
