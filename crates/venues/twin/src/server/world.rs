//! The running world: one lock around the core, its journal, and everyone who listens.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use rec_domain::{Clock, TimeSpan, Timestamp};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tracing::warn;

use super::{
    Conditions, Fault, Faults, MarketClock, TwinError,
    faults::{FaultLog, Injected, Outlet},
    journal::Journal,
    reads::LaggingReads,
};
use crate::core::{
    Applied, Frame, Mirrored, Mutation, Output, Rejection, Session, Twin, Venue,
    cost::Cost,
    limits::Limits,
    query::{self, Params},
};

/// How far ahead of the wall's time the world may be played before the next mark.
const MARK_AHEAD: Duration = Duration::from_millis(500);

/// Market time that is played at a time: what happened in it is told before more happens, so that a world that fell
/// behind its clock takes no more memory than one that did not.
const SLICE: TimeSpan = TimeSpan::from_seconds(10);

/// Playing for longer than this in one go is said: the machine is too slow for the speed.
const SLOW: Duration = Duration::from_secs(2);

/// Frames for one connection.
pub(super) type Frames = mpsc::Receiver<String>;

struct Listener {
    session: Session,
    outlet: Outlet,
}

struct Inner {
    twin: Twin,
    journal: Option<Journal>,
    mark: Timestamp,
    listeners: BTreeMap<u64, Listener>,
    spot_listeners: BTreeMap<u64, (Venue, Outlet)>,
    next_listener: u64,
    limits: Limits,
    /// `None` while reads of the account do not lag.
    reads: Option<LaggingReads>,
    log: FaultLog,
    failure: Option<TwinError>,
}

/// The world behind its lock.
pub(super) struct World {
    inner: Mutex<Inner>,
    clock: MarketClock,
    faults: Arc<Faults>,
}

/// Why a mutation was not carried out.
pub(super) enum Refused {
    /// The exchange refuses.
    ByExchange(Rejection),
    /// The journal cannot be written: nothing may be answered any more.
    ByJournal,
}

impl World {
    pub(super) fn new(
        twin: Twin,
        journal: Option<Journal>,
        clock: MarketClock,
        faults: Arc<Faults>,
        conditions: &Conditions,
        folder: Option<&Path>,
    ) -> Self {
        let now = twin.now();
        let mut inner = Inner {
            limits: Limits::of(conditions.tier, now),
            twin,
            journal,
            mark: now,
            listeners: BTreeMap::new(),
            spot_listeners: BTreeMap::new(),
            next_listener: 0,
            reads: None,
            log: FaultLog::open(folder),
            failure: None,
        };
        inner.set_read_lag(conditions.read_lag);
        Self { inner: Mutex::new(inner), clock, faults }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Plays up to the present and tells everyone.
    pub(super) fn play(&self) {
        let mut inner = self.lock();
        self.play_locked(&mut inner);
        let Inner { twin, reads, listeners, spot_listeners, .. } = &mut *inner;
        if let Some(reads) = reads {
            reads.turn(twin.now(), &twin.account);
        }
        let now = Instant::now();
        listeners.retain(|_, listener| listener.outlet.flush(now));
        spot_listeners.retain(|_, (_, outlet)| outlet.flush(now));
        self.faults.expire(now);
    }

    fn play_locked(&self, inner: &mut Inner) -> Timestamp {
        if inner.failure.is_some() {
            return inner.twin.now();
        }
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
        let (began, from) = (Instant::now(), inner.twin.now());
        loop {
            let before = inner.twin.now();
            let outputs = inner.twin.advance(now.min(before + SLICE));
            self.tell(inner, before, &outputs);
            if inner.twin.now() >= now {
                break;
            }
        }
        if began.elapsed() > SLOW {
            let (took, span) = (began.elapsed(), now.since(from));
            warn!(?took, market_seconds = span.seconds(), "the twin does not keep up: choose a lower --speed");
        }
        now
    }

    fn tell(&self, inner: &mut Inner, before: Timestamp, outputs: &[Output]) {
        let Inner { twin, listeners, spot_listeners, reads, .. } = inner;
        if let Some(reads) = reads
            && outputs.iter().any(concerns_the_account)
        {
            reads.changed(before);
        }
        for output in outputs {
            if let Output::Spot(tick) = output {
                if spot_listeners.values().any(|(venue, _)| *venue == tick.venue) {
                    let frame = Frame { channel: Some(tick.venue.channel()), text: twin.spot_frame(tick, false) };
                    spot_listeners.retain(|_, (venue, outlet)| {
                        *venue != tick.venue || outlet.offer(&self.faults, vec![frame.clone()])
                    });
                }
                continue;
            }
            listeners.retain(|_, listener| {
                let frames = listener.session.on_output(output, twin);
                listener.outlet.offer(&self.faults, frames)
            });
        }
    }

    /// Reads the world at the present.
    pub(super) fn read<T>(&self, read: impl FnOnce(&Twin) -> T) -> T {
        let mut inner = self.lock();
        self.play_locked(&mut inner);
        read(&inner.twin)
    }

    /// Answers a GET of a path below `/trade-api/v2`: the account as far as reads are, the rest as it is.
    pub(super) fn answer(&self, path: &str, params: &Params) -> Result<Value, Rejection> {
        let mut inner = self.lock();
        let now = self.play_locked(&mut inner);
        let Inner { twin, reads, limits, .. } = &mut *inner;
        match path.trim_matches('/') {
            "account/limits" => Ok(limits.tier().body()),
            "exchange/user_data_timestamp" => {
                let as_of = reads.as_mut().map_or(now, |reads| reads.as_of(now));
                Ok(json!({ "as_of_time": as_of + self.faults.skew() }))
            }
            path if path.starts_with("portfolio/") => {
                let Some(reads) = reads else { return query::get(twin, path, params) };
                std::mem::swap(&mut twin.account, reads.shown(now));
                let answer = query::get(twin, path, params);
                std::mem::swap(&mut twin.account, reads.shown(now));
                answer
            }
            path => query::get(twin, path, params),
        }
    }

    /// Pays for a request out of the account's buckets.
    pub(super) fn pay(&self, cost: Cost) -> Result<(), Rejection> {
        let now = self.clock.now();
        if self.lock().limits.pay(now, cost) { Ok(()) } else { Err(Rejection::too_many_requests()) }
    }

    /// How long an order is on its way to the book, in the wall's time.
    pub(super) fn order_delay(&self) -> Duration {
        self.clock.wall_span(self.lock().twin.fill_delay())
    }

    /// Applies a mutation now: it is in the journal, synced, before anyone hears of it.
    pub(super) fn apply(&self, mutation: &Mutation) -> Result<Applied, Refused> {
        let mut inner = self.lock();
        self.apply_locked(&mut inner, mutation)
    }

    fn apply_locked(&self, inner: &mut Inner, mutation: &Mutation) -> Result<Applied, Refused> {
        let at = self.play_locked(inner);
        if inner.failure.is_some() {
            return Err(Refused::ByJournal);
        }
        let books = inner.twin.books_met_by(mutation);
        let applied = inner.twin.apply(at, mutation).map_err(Refused::ByExchange)?;
        if let Some(journal) = &mut inner.journal
            && let Err(error) = journal.accepted(at, books.iter().chain([mutation]))
        {
            inner.failure = Some(error);
            return Err(Refused::ByJournal);
        }
        let before = at - TimeSpan::from_micros(1);
        if let Some(reads) = &mut inner.reads {
            reads.changed(before);
        }
        let outputs = inner.twin.take_outputs();
        self.tell(inner, before, &outputs);
        Ok(applied)
    }

    /// Shows what another exchange showed; whether none of it contradicts what was shown before.
    pub(super) fn mirror(&self, changes: &[Mirrored]) -> bool {
        let mut inner = self.lock();
        let at = self.play_locked(&mut inner);
        if inner.failure.is_some() {
            return true;
        }
        let mut fits = true;
        let mut lasting = Vec::new();
        let mut told = Vec::new();
        for change in changes {
            let mutation = Mutation::Mirror(change.clone());
            let applied = inner.twin.apply(at, &mutation);
            fits &= !matches!(applied, Ok(Applied::Mirrored { contradicts: true, .. }));
            if let Ok(Applied::Mirrored { lasting: true, .. }) = applied {
                lasting.push(mutation);
            }
            let outputs = inner.twin.take_outputs();
            if lasting.is_empty() && told.is_empty() {
                self.tell(&mut inner, at - TimeSpan::from_micros(1), &outputs);
            } else {
                // Nobody hears of what follows something that lasts before that is in the journal.
                told.extend(outputs);
            }
            if *change == Mirrored::BooksLost {
                inner.listeners.retain(|_, listener| !listener.session.follows_books());
            }
        }
        if let Some(journal) = &mut inner.journal
            && let Err(error) = journal.accepted(at, &lasting)
        {
            inner.failure = Some(error);
            return fits;
        }
        self.tell(&mut inner, at - TimeSpan::from_micros(1), &told);
        fits
    }

    /// Puts a fault into force and writes it down with its market time.
    pub(super) fn inject(&self, fault: Fault) -> Result<Timestamp, Rejection> {
        let mut inner = self.lock();
        let at = self.play_locked(&mut inner);
        match &fault {
            Fault::World(world) => {
                let mutation = Mutation::Fault(world.clone());
                self.apply_locked(&mut inner, &mutation).map_err(|refused| match refused {
                    Refused::ByExchange(rejection) => rejection,
                    Refused::ByJournal => Rejection::nested(500, "journal_not_written", None),
                })?;
            }
            Fault::ReadLag { ms } => inner.set_read_lag(TimeSpan::from_millis((*ms).max(0))),
            transport => self.faults.inject(transport),
        }
        inner.log.note(at, fault);
        Ok(at)
    }

    /// The faults that were injected, the latest at the end.
    pub(super) fn injected(&self) -> Vec<Injected> {
        self.lock().log.kept()
    }

    /// A new connection of the exchange.
    pub(super) fn connect(&self) -> (u64, Frames) {
        let (outlet, received) = Outlet::channel();
        let mut inner = self.lock();
        inner.next_listener += 1;
        let number = inner.next_listener;
        inner.listeners.insert(number, Listener { session: Session::default(), outlet });
        (number, received)
    }

    /// A command of a connection. Its answer takes its place among the frames.
    pub(super) fn command(&self, number: u64, text: &str) {
        let mut inner = self.lock();
        self.play_locked(&mut inner);
        let Inner { twin, listeners, .. } = &mut *inner;
        let Some(listener) = listeners.get_mut(&number) else { return };
        let frames = listener.session.command(text, twin);
        if !listener.outlet.offer(&self.faults, frames) {
            listeners.remove(&number);
        }
    }

    /// A new listener of a spot venue's feed, which first hears the last trade.
    pub(super) fn connect_spot(&self, venue: Venue) -> (u64, Frames) {
        let (mut outlet, received) = Outlet::channel();
        let mut inner = self.lock();
        self.play_locked(&mut inner);
        if let Some(tick) = inner.twin.last_spot_trade(venue) {
            let frame = Frame { channel: Some(venue.channel()), text: inner.twin.spot_frame(tick, true) };
            outlet.offer(&self.faults, vec![frame]);
        }
        inner.next_listener += 1;
        let number = inner.next_listener;
        inner.spot_listeners.insert(number, (venue, outlet));
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

    pub(super) const fn faults(&self) -> &Arc<Faults> {
        &self.faults
    }
}

impl Inner {
    fn set_read_lag(&mut self, lag: TimeSpan) {
        let (twin, now) = (&self.twin, self.twin.now());
        match &mut self.reads {
            Some(reads) => reads.set_lag(lag, now),
            None if lag > TimeSpan::ZERO => {
                self.reads = Some(LaggingReads::new(lag, twin.config().seed, twin.account.clone(), now));
            }
            None => {}
        }
    }
}

/// Whether something that happened changed what reads of the account show.
const fn concerns_the_account(output: &Output) -> bool {
    matches!(output, Output::Fill(_) | Output::Order(_) | Output::Group(_) | Output::Cash | Output::Lifecycle(_))
}
