//! All machines, the database and the exchange under one queue.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use rec_domain::{
    DecisionId, DeskId, MarketTicker, Service, Side, TimeSpan, Timestamp, UsdPrice, bus_event::Topic,
    command::NotedRefusal, desk_view::DeskView, market::Market, settings::AutomationSettings,
};
use rec_engine::{desk::DeskConfig, topology::ROUTES};
use rec_model::FingerprintSet;
use rec_twin::core::{Output, Twin, TwinConfig};

use super::{
    coverage::Follower,
    digest::Digest,
    event::{Event, Mail, Process},
    fault::{Fate, Faults},
    invariant::Invariant,
    line::Line,
    memory::Memory,
    queue::Queue,
    reads::Reads,
    seat::Tee,
    seats::Seats,
    setup::{character, mode},
    watch::Watch,
};

/// How often a machine may be woken at one instant.
const WAKES_MOST: u32 = 64;

/// A simulation.
#[derive(Debug, Clone)]
pub struct SimConfig {
    /// Fixes everything that happens.
    pub seed: u64,
    /// How long it plays before things calm down.
    pub span: TimeSpan,
    /// What goes wrong.
    pub faults: Faults,
    /// The probability model.
    pub model: Arc<FingerprintSet>,
    /// How long the exchange has been open when the desk starts.
    pub opened_for: TimeSpan,
    /// Whether what happens is kept as text.
    pub trace: bool,
}

/// Who waits for an answer of the desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asker {
    Entry,
    Exit,
    Operator,
}

/// The life of a process.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Life {
    /// Counts lives; what belongs to an earlier one is not heard.
    pub(super) number: u32,
    /// Until then it stands still.
    pub(super) stopped_until: Option<Timestamp>,
}

/// What a simulated desk is made of.
pub(super) struct World {
    pub(super) config: SimConfig,
    pub(super) desk_config: DeskConfig,
    pub(super) settings: AutomationSettings,
    pub(super) now: Timestamp,
    pub(super) queue: Queue<Event>,
    pub(super) pending: VecDeque<(u32, Mail)>,
    pub(super) fate: Fate,
    pub(super) twin: Twin,
    pub(super) reads: Reads,
    pub(super) memory: Memory,
    pub(super) watch: Watch,
    pub(super) follower: Follower,
    pub(super) line: Line,
    pub(super) account_line_up: bool,
    pub(super) lives: [Life; 3],
    pub(super) seats: Seats,
    /// Journals of machines that ended, in the order of [`World::ended`].
    pub(super) tees: [Tee; 10],
    pub(super) digest: Digest,
    /// Which kinds of event feed which services, by the topology.
    pub(super) routes: BTreeMap<Topic, &'static [Service]>,
    /// Who leads by which epoch; another desk when it is not ours.
    pub(super) epoch: u32,
    pub(super) other_desk_until: Timestamp,
    pub(super) told_reports: i64,
    pub(super) told_answers: i64,
    /// Complete readings that are not consumed: number, `as_of`, and whether what money moved was read too.
    pub(super) sweeps: VecDeque<(i64, Timestamp, bool)>,
    /// When money last came, went or moved, and up to when that is read and consumed.
    pub(super) money_moved_at: Timestamp,
    pub(super) flows_read_to: Timestamp,
    pub(super) requests_at_exchange: u64,
    pub(super) waiting: BTreeMap<DecisionId, Asker>,
    pub(super) refusals: BTreeMap<(MarketTicker, Side), NotedRefusal>,
    pub(super) refusals_told_at: Timestamp,
    pub(super) view: Option<Box<DeskView>>,
    /// Markets as they were last stored.
    pub(super) stored: BTreeMap<MarketTicker, Market>,
    pub(super) heartbeat_at: Timestamp,
    pub(super) guarded: bool,
    pub(super) last_index: UsdPrice,
    pub(super) index_prints: u64,
    pub(super) decisions: u64,
    pub(super) strikes_most: usize,
    pub(super) restarts: u64,
    pub(super) sent: u64,
    pub(super) history: Vec<String>,
}

impl World {
    /// A desk that has not started yet beside an exchange that has been open for a while.
    pub(super) fn new(config: SimConfig) -> Self {
        let warm_up = config.opened_for;
        let twin_config = TwinConfig { warm_up, ..TwinConfig::demo(config.seed) };
        let now = twin_config.opening();
        let mut twin = Twin::new(twin_config);
        twin.advance_quietly(now);
        let fate = Fate::new(config.seed, &config.faults);
        let (settings, caps) = character(config.seed);
        let mut world = Self {
            desk_config: DeskConfig { caps, ..DeskConfig::default() },
            settings,
            now,
            queue: Queue::default(),
            pending: VecDeque::new(),
            fate,
            reads: Reads::new(&twin),
            twin,
            memory: Memory::new(DeskId::from_bits(1), mode(config.seed)),
            watch: Watch::new(caps, mode(config.seed), now),
            follower: Follower::default(),
            line: Line::default(),
            account_line_up: false,
            lives: [Life::default(); 3],
            seats: Seats::empty(),
            tees: [Tee::default(); 10],
            digest: Digest::default(),
            routes: ROUTES.iter().map(|route| (route.topic, route.to)).collect(),
            epoch: 0,
            other_desk_until: Timestamp::default(),
            told_reports: 0,
            told_answers: 0,
            sweeps: VecDeque::new(),
            money_moved_at: now,
            flows_read_to: Timestamp::default(),
            requests_at_exchange: 0,
            waiting: BTreeMap::new(),
            refusals: BTreeMap::new(),
            refusals_told_at: now,
            view: None,
            stored: BTreeMap::new(),
            heartbeat_at: now,
            guarded: false,
            last_index: UsdPrice::ZERO,
            index_prints: 0,
            decisions: 0,
            strikes_most: 0,
            restarts: 0,
            sent: 0,
            history: Vec::new(),
            config,
        };
        for process in Process::ALL {
            world.start(process, TimeSpan::from_millis(10));
        }
        world.queue.put(now, Event::Second);
        world.queue.put(now + TimeSpan::from_seconds(90), Event::Operator);
        world
    }

    /// Plays up to `until`, or to the first broken invariant.
    pub(super) fn run(&mut self, until: Timestamp) {
        while self.watch.breach().is_none() {
            let next = self.next_instant();
            if next > until {
                self.now = until;
                return;
            }
            self.now = self.now.max(next);
            self.watch.now(self.now);
            if self.twin.next_at().is_some_and(|at| at <= self.now) {
                let outputs = self.twin.advance(self.now);
                self.hear(outputs);
            }
            while let Some(event) = self.queue.take_due(self.now) {
                self.happen(event);
                self.deliver();
                if self.watch.breach().is_some() {
                    return;
                }
            }
            self.wake();
        }
    }

    fn next_instant(&self) -> Timestamp {
        let mut next = [self.queue.next_at(), self.twin.next_at()].into_iter().flatten().min().unwrap_or(self.now);
        for (process, wake_at) in self.seats.wakes() {
            if let Some(at) = wake_at.filter(|at| *at < next)
                && self.lives[process as usize].stopped_until.is_none()
            {
                next = at;
            }
        }
        next
    }

    /// What happened at the exchange and at the spot venue, to those who listen.
    pub(super) fn hear(&mut self, outputs: Vec<Output>) {
        self.reads.look(&self.twin);
        for output in outputs {
            self.hear_one(output);
            self.deliver();
        }
    }

    /// Gives every input that is there to its machine, until none is left.
    pub(super) fn deliver(&mut self) {
        while let Some((life, mail)) = self.pending.pop_front() {
            let process = mail.process();
            if self.lives[process as usize].number != life {
                continue;
            }
            match self.lives[process as usize].stopped_until {
                Some(until) => self.queue.put(until, Event::Mail { life, mail: Box::new(mail) }),
                None => self.step(mail),
            }
        }
    }

    /// Puts an input into the box of its process.
    pub(super) fn post(&mut self, mail: Mail) {
        let life = self.life(mail.process());
        self.pending.push_back((life, mail));
    }

    /// The same after a while.
    pub(super) fn post_later(&mut self, delay: TimeSpan, mail: Mail) {
        let life = self.life(mail.process());
        self.queue.put(self.now + delay, Event::Mail { life, mail: Box::new(mail) });
    }

    pub(super) const fn life(&self, process: Process) -> u32 {
        self.lives[process as usize].number
    }

    fn step(&mut self, mail: Mail) {
        let now = self.now;
        self.digest.take_signed(now.micros());
        // Who is not there hears nothing.
        macro_rules! tell {
            ($input:ident, $seat:ident, $act:ident) => {
                if let Some(seat) = self.seats.$seat.as_mut() {
                    let outputs = seat.tell(now, $input);
                    self.$act(outputs);
                }
            };
        }
        match mail {
            Mail::Desk(input) => tell!(input, desk, act_desk),
            Mail::Sender(input) => tell!(input, sender, act_sender),
            Mail::Account(input) => tell!(input, account, act_account),
            Mail::Feed(input) => tell!(input, feed, act_feed),
            Mail::Momentum(input) => tell!(input, momentum, act_momentum),
            Mail::Book(input) => tell!(input, book, act_book),
            Mail::Lifecycle(input) => tell!(input, lifecycle, act_lifecycle),
            Mail::Odds(input) => tell!(input, odds, act_odds),
            Mail::Entry(input) => tell!(input, entry, act_entry),
            Mail::Exit(input) => tell!(input, exit, act_exit),
        }
    }

    /// Wakes every machine that wants it now.
    fn wake(&mut self) {
        let now = self.now;
        for _ in 0..WAKES_MOST {
            let mut woken = false;
            macro_rules! wake {
                ($seat:ident, $process:ident, $act:ident) => {
                    if self.lives[Process::$process as usize].stopped_until.is_none()
                        && let Some(seat) = self.seats.$seat.as_mut()
                        && seat.wake_at.is_some_and(|at| at <= now)
                    {
                        woken = true;
                        let outputs = seat.step(now);
                        self.$act(outputs);
                        self.deliver();
                    }
                };
            }
            wake!(feed, Desk, act_feed);
            wake!(momentum, Desk, act_momentum);
            wake!(lifecycle, Desk, act_lifecycle);
            wake!(book, Desk, act_book);
            wake!(odds, Desk, act_odds);
            wake!(entry, Desk, act_entry);
            wake!(exit, Desk, act_exit);
            if self.seats.desk.as_ref().is_some_and(|seat| seat.wake_at.is_some_and(|at| at <= now)) {
                self.look_at_tables();
            }
            wake!(desk, Desk, act_desk);
            wake!(sender, Executor, act_sender);
            wake!(account, Account, act_account);
            if !woken {
                return;
            }
        }
        self.watch.broke(Invariant::NoPanic, "a machine wants to be woken at one instant on and on".to_owned());
    }

    /// Inputs that all machines consumed, and one number of all that happened.
    pub(super) fn total(&mut self) -> (u64, Digest) {
        for process in Process::ALL {
            self.clear(process);
        }
        let mut digest = self.digest;
        for tee in &self.tees {
            digest.take(tee.inputs);
            digest.take(tee.digest.get());
        }
        (self.tees.iter().map(|tee| tee.inputs).sum(), digest)
    }

    /// Keeps a line of what happens, where that is wanted.
    pub(super) fn trace(&mut self, line: impl FnOnce() -> String) {
        if self.config.trace {
            let text = format!("{} {}", self.now, line());
            self.history.push(text);
        }
    }
}
