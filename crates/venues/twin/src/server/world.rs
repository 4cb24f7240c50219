//! The running world: one lock around the core, its journal, and everyone who listens.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use rec_domain::{Clock, Timestamp};
use tokio::sync::mpsc;

use super::{MarketClock, TwinError, TwinSwitches, journal::Journal};
use crate::core::{Applied, Channel, Frame, Mutation, Output, Rejection, Session, Twin};

/// Frames that a slow reader may be behind before the exchange drops it.
const BACKLOG: usize = 32_768;
/// How far ahead of the wall's time the world may be played before the next mark.
const MARK_AHEAD: Duration = Duration::from_millis(500);

/// Frames for one connection.
pub(super) type Frames = mpsc::Receiver<String>;

struct Listener {
    session: Session,
    frames: mpsc::Sender<String>,
}

struct Inner {
    twin: Twin,
    journal: Option<Journal>,
    mark: Timestamp,
    listeners: BTreeMap<u64, Listener>,
    spot_listeners: BTreeMap<u64, mpsc::Sender<String>>,
    next_listener: u64,
    failure: Option<TwinError>,
}

/// The world behind its lock.
pub(super) struct World {
    inner: Mutex<Inner>,
    clock: MarketClock,
    switches: Arc<TwinSwitches>,
}

/// Why a mutation was not carried out.
pub(super) enum Refused {
    /// The exchange refuses.
    ByExchange(Rejection),
    /// The journal cannot be written: nothing may be answered any more.
    ByJournal,
}

impl World {
    pub(super) fn new(twin: Twin, journal: Option<Journal>, clock: MarketClock, switches: Arc<TwinSwitches>) -> Self {
        let mark = twin.now();
        let inner = Inner {
            twin,
            journal,
            mark,
            listeners: BTreeMap::new(),
            spot_listeners: BTreeMap::new(),
            next_listener: 0,
            failure: None,
        };
        Self { inner: Mutex::new(inner), clock, switches }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Plays up to the present and tells everyone.
    pub(super) fn play(&self) {
        let mut inner = self.lock();
        self.play_locked(&mut inner);
    }

    fn play_locked(&self, inner: &mut Inner) -> Timestamp {
        let now = self.clock.now().max(inner.twin.now());
        if now > inner.mark {
            let mark = now + self.clock.market_span(MARK_AHEAD);
            if let Some(journal) = &mut inner.journal
                && let Err(error) = journal.mark(mark)
            {
                // Without a mark the world stands still: nobody may see what could not be rebuilt.
                inner.failure = Some(error);
                return inner.twin.now();
            }
            inner.mark = mark;
        }
        let outputs = inner.twin.advance(now);
        self.tell(inner, &outputs);
        now
    }

    fn tell(&self, inner: &mut Inner, outputs: &[Output]) {
        let Inner { twin, listeners, spot_listeners, .. } = inner;
        for output in outputs {
            if let Output::Spot(tick) = output {
                if !spot_listeners.is_empty() && self.switches.passes(Some(Channel::Spot)) {
                    let text = twin.spot().ticker_frame(tick);
                    spot_listeners.retain(|_, frames| frames.try_send(text.clone()).is_ok());
                }
                continue;
            }
            listeners.retain(|_, listener| {
                let frames = listener.session.on_output(output, twin);
                self.send(&listener.frames, frames)
            });
        }
    }

    /// Sends frames to one connection; `false` when it is gone or too far behind.
    fn send(&self, to: &mpsc::Sender<String>, frames: Vec<Frame>) -> bool {
        for frame in frames {
            if !self.switches.passes(frame.channel) {
                continue;
            }
            // One place is kept for the frame that says why the connection ends.
            if to.capacity() <= 1 {
                let _ = to.try_send(Session::overflow().text);
                return false;
            }
            if to.try_send(frame.text).is_err() {
                return false;
            }
        }
        true
    }

    /// Reads the world at the present.
    pub(super) fn read<T>(&self, read: impl FnOnce(&Twin) -> T) -> T {
        let mut inner = self.lock();
        self.play_locked(&mut inner);
        read(&inner.twin)
    }

    /// Applies a mutation now: it is in the journal, synced, before anyone hears of it.
    pub(super) fn apply(&self, mutation: &Mutation) -> Result<Applied, Refused> {
        let mut inner = self.lock();
        let at = self.play_locked(&mut inner);
        if inner.failure.is_some() {
            return Err(Refused::ByJournal);
        }
        let applied = inner.twin.apply(at, mutation).map_err(Refused::ByExchange)?;
        if let Some(journal) = &mut inner.journal
            && let Err(error) = journal.accepted(at, mutation)
        {
            inner.failure = Some(error);
            return Err(Refused::ByJournal);
        }
        let outputs = inner.twin.take_outputs();
        self.tell(&mut inner, &outputs);
        Ok(applied)
    }

    /// A new connection of the exchange.
    pub(super) fn connect(&self) -> (u64, Frames) {
        let (frames, received) = mpsc::channel(BACKLOG);
        let mut inner = self.lock();
        inner.next_listener += 1;
        let number = inner.next_listener;
        inner.listeners.insert(number, Listener { session: Session::default(), frames });
        (number, received)
    }

    /// A command of a connection. Its answer takes its place among the frames.
    pub(super) fn command(&self, number: u64, text: &str) {
        let mut inner = self.lock();
        self.play_locked(&mut inner);
        let Inner { twin, listeners, .. } = &mut *inner;
        let Some(listener) = listeners.get_mut(&number) else { return };
        let frames = listener.session.command(text, twin);
        if !self.send(&listener.frames, frames) {
            listeners.remove(&number);
        }
    }

    /// A new listener of the spot feed, which first hears the last trade.
    pub(super) fn connect_spot(&self) -> (u64, Frames) {
        let (frames, received) = mpsc::channel(BACKLOG);
        let mut inner = self.lock();
        self.play_locked(&mut inner);
        if let Some(tick) = inner.twin.spot().last()
            && self.switches.passes(Some(Channel::Spot))
        {
            let _ = frames.try_send(inner.twin.spot().ticker_frame(tick));
        }
        inner.next_listener += 1;
        let number = inner.next_listener;
        inner.spot_listeners.insert(number, frames);
        (number, received)
    }

    /// A connection ended.
    pub(super) fn disconnect(&self, number: u64) {
        let mut inner = self.lock();
        inner.listeners.remove(&number);
        inner.spot_listeners.remove(&number);
    }

    /// Why the world stands still, told once.
    pub(super) fn take_failure(&self) -> Option<String> {
        self.lock().failure.as_ref().map(ToString::to_string)
    }

    pub(super) const fn clock(&self) -> &MarketClock {
        &self.clock
    }

    pub(super) const fn switches(&self) -> &Arc<TwinSwitches> {
        &self.switches
    }
}
