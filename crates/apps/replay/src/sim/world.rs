//! All machines, the database and the exchange under one queue.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use rec_domain::{
    DecisionId, DeskId, MarketTicker, Service, Side, TimeSpan, Timestamp, UsdPrice,
    bus_event::{BusEvent, Topic},
    command::NotedRefusal,
    desk_view::DeskView,
    market::Market,
    settings::AutomationSettings,
};
use rec_engine::{
    account::AccountMachine,
    book::BookMachine,
    desk::{Desk, DeskConfig, DeskInput},
    entry::{self, EntryMachine},
    exit::{self, ExitMachine},
    feed::{self, FeedMachine},
    lifecycle::{self, LifecycleMachine},
    momentum::{self, MomentumMachine},
    odds::{self, OddsMachine},
    sender::{Sender, SenderConfig},
    topology::ROUTES,
};
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
    seat::{Seat, Tee, Told},
    setup::{account_config, book_config, character, lifecycle_config, mode, odds_config},
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

/// The machines.
pub(super) struct Seats {
    /// `None` while nobody leads.
    pub(super) desk: Option<Seat<Desk>>,
    pub(super) sender: Option<Seat<Sender>>,
    pub(super) account: Option<Seat<AccountMachine>>,
    pub(super) feed: Option<Seat<FeedMachine>>,
    pub(super) momentum: Option<Seat<MomentumMachine>>,
    pub(super) book: Option<Seat<BookMachine>>,
    pub(super) lifecycle: Option<Seat<LifecycleMachine>>,
    pub(super) odds: Option<Seat<OddsMachine>>,
    pub(super) entry: Option<Seat<EntryMachine>>,
    pub(super) exit: Option<Seat<ExitMachine>>,
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
    tees: [Tee; 10],
    pub(super) digest: Digest,
    /// Which kinds of event feed which services, by the topology.
    routes: BTreeMap<Topic, &'static [Service]>,
    /// Who leads by which epoch; another desk when it is not ours.
    pub(super) epoch: u32,
    pub(super) other_desk_until: Timestamp,
    pub(super) told_reports: i64,
    pub(super) told_answers: i64,
    /// Complete readings that are not consumed: number and `as_of`.
    pub(super) sweeps: VecDeque<(i64, Timestamp)>,
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

    /// Publishes an event to whoever the topology feeds with it.
    pub(super) fn publish(&mut self, event: &BusEvent) {
        let services = self.routes.get(&event.topic()).copied().unwrap_or_default();
        for service in services {
            let Some(mail) = self.subscriber_input(*service, event) else { continue };
            self.market_event(mail);
        }
    }

    /// The event as the input of a service's machine; `None` for services that have none here.
    fn subscriber_input(&self, service: Service, event: &BusEvent) -> Option<Mail> {
        if let (Service::TradeManager, BusEvent::Books(tops)) = (service, event) {
            // The desk is told only the books of markets in which it holds something.
            let trades = self.view.as_ref().map_or(&[][..], |view| &view.trades);
            let held = tops.iter().filter(|top| trades.iter().any(|trade| trade.ticker == top.ticker));
            let tops: Vec<_> = held.cloned().collect();
            return (!tops.is_empty()).then_some(Mail::Desk(DeskInput::Tops { tops }));
        }
        subscriber_input(service, event)
    }

    fn step(&mut self, mail: Mail) {
        let now = self.now;
        self.digest.take_signed(now.micros());
        match mail {
            Mail::Desk(input) => {
                if let Some(outputs) = tell(&mut self.seats.desk, now, input) {
                    self.act_desk(outputs);
                }
            }
            Mail::Sender(input) => {
                if let Some(outputs) = tell(&mut self.seats.sender, now, input) {
                    self.act_sender(outputs);
                }
            }
            Mail::Account(input) => {
                if let Some(outputs) = tell(&mut self.seats.account, now, input) {
                    self.act_account(outputs);
                }
            }
            Mail::Feed(input) => {
                if let Some(outputs) = tell(&mut self.seats.feed, now, input) {
                    self.act_feed(outputs);
                }
            }
            Mail::Momentum(input) => {
                if let Some(outputs) = tell(&mut self.seats.momentum, now, input) {
                    self.act_momentum(outputs);
                }
            }
            Mail::Book(input) => {
                if let Some(outputs) = tell(&mut self.seats.book, now, input) {
                    self.act_book(outputs);
                }
            }
            Mail::Lifecycle(input) => {
                if let Some(outputs) = tell(&mut self.seats.lifecycle, now, input) {
                    self.act_lifecycle(outputs);
                }
            }
            Mail::Odds(input) => {
                if let Some(outputs) = tell(&mut self.seats.odds, now, input) {
                    self.act_odds(outputs);
                }
            }
            Mail::Entry(input) => {
                if let Some(outputs) = tell(&mut self.seats.entry, now, input) {
                    self.act_entry(outputs);
                }
            }
            Mail::Exit(input) => {
                if let Some(outputs) = tell(&mut self.seats.exit, now, input) {
                    self.act_exit(outputs);
                }
            }
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
                        let outputs = seat.wake(now);
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

    /// The machines of a process end; what their journals came to is kept.
    pub(super) fn clear(&mut self, process: Process) {
        macro_rules! end {
            ($place:literal, $seat:ident) => {
                if let Some(mut seat) = self.seats.$seat.take() {
                    self.tees[$place] = seat.tee();
                }
            };
        }
        match process {
            Process::Desk => {
                end!(0, desk);
                end!(3, feed);
                end!(4, momentum);
                end!(5, book);
                end!(6, lifecycle);
                end!(7, odds);
                end!(8, entry);
                end!(9, exit);
            }
            Process::Executor => end!(1, sender),
            Process::Account => end!(2, account),
        }
    }

    /// The machines of a process begin; the desk's only when it leads.
    pub(super) fn seat(&mut self, process: Process) {
        let tees = self.tees;
        let seats = &mut self.seats;
        match process {
            Process::Desk => {
                seats.feed = Some(Seat::after(FeedMachine::new(feed::Config::default()), tees[3]));
                seats.momentum = Some(Seat::after(MomentumMachine::new(momentum::Config::default()), tees[4]));
                seats.book = Some(Seat::after(BookMachine::new(book_config()), tees[5]));
                seats.lifecycle = Some(Seat::after(LifecycleMachine::new(lifecycle_config()), tees[6]));
                let odds = OddsMachine::new(odds_config(), Arc::clone(&self.config.model));
                seats.odds = Some(Seat::after(odds, tees[7]));
                seats.entry = Some(Seat::after(EntryMachine::new(entry::Config::default()), tees[8]));
                seats.exit = Some(Seat::after(ExitMachine::new(exit::Config::default()), tees[9]));
            }
            Process::Executor => {
                seats.sender = Some(Seat::after(Sender::new(SenderConfig::default()), tees[1]));
            }
            Process::Account => {
                seats.account = Some(Seat::after(AccountMachine::new(account_config()), tees[2]));
            }
        }
    }

    /// The desk begins with these books.
    pub(super) fn seat_desk(&mut self, desk: Desk) {
        self.seats.desk = Some(Seat::after(desk, self.tees[0]));
    }

    /// The desk alone ends.
    pub(super) fn clear_desk(&mut self) {
        if let Some(mut seat) = self.seats.desk.take() {
            self.tees[0] = seat.tee();
        }
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

/// Gives a machine an input, if it is there.
fn tell<M: Told>(seat: &mut Option<Seat<M>>, now: Timestamp, input: M::Input) -> Option<Vec<M::Output>> {
    Some(seat.as_mut()?.tell(now, input))
}

impl Seats {
    const fn empty() -> Self {
        Self {
            desk: None,
            sender: None,
            account: None,
            feed: None,
            momentum: None,
            book: None,
            lifecycle: None,
            odds: None,
            entry: None,
            exit: None,
        }
    }

    fn wakes(&self) -> [(Process, Option<Timestamp>); 10] {
        fn of<M: rec_engine::Machine>(seat: &Option<Seat<M>>) -> Option<Timestamp> {
            seat.as_ref().and_then(|seat| seat.wake_at)
        }
        [
            (Process::Desk, of(&self.desk)),
            (Process::Executor, of(&self.sender)),
            (Process::Account, of(&self.account)),
            (Process::Desk, of(&self.feed)),
            (Process::Desk, of(&self.momentum)),
            (Process::Desk, of(&self.book)),
            (Process::Desk, of(&self.lifecycle)),
            (Process::Desk, of(&self.odds)),
            (Process::Desk, of(&self.entry)),
            (Process::Desk, of(&self.exit)),
        ]
    }
}

/// The event as it is, as the input of a service's machine.
fn subscriber_input(service: Service, event: &BusEvent) -> Option<Mail> {
    Some(match (service, event) {
        (Service::UnifiedProductionCoordinator, BusEvent::Spot(spot)) => Mail::Odds(odds::Input::Spot(spot.clone())),
        (Service::UnifiedProductionCoordinator, BusEvent::Index(print)) => Mail::Odds(odds::Input::Index(*print)),
        (Service::UnifiedProductionCoordinator, BusEvent::Momentum(reading)) => {
            Mail::Odds(odds::Input::Momentum(reading.clone()))
        }
        (Service::UnifiedProductionCoordinator, BusEvent::Markets(markets)) => {
            Mail::Odds(odds::Input::Markets(markets.clone()))
        }
        (Service::UnifiedProductionCoordinator, BusEvent::Books(tops)) => Mail::Odds(odds::Input::Books(tops.clone())),
        (Service::KalshiApiWatchdog, BusEvent::Index(print)) => {
            Mail::Lifecycle(lifecycle::Input::Underlying(print.value))
        }
        (Service::TradeManager, BusEvent::Markets(markets)) => {
            Mail::Desk(DeskInput::Markets { markets: markets.clone() })
        }
        (Service::TradeManager, BusEvent::Lifecycle(change)) => Mail::Desk(DeskInput::Lifecycle(change.clone())),
        (Service::AutoEntrySupervisor, BusEvent::Strikes(table)) => Mail::Entry(entry::Input::Strikes(table.clone())),
        (Service::AutoEntrySupervisor, BusEvent::Rows(rows)) => Mail::Entry(entry::Input::Rows(rows.clone())),
        (Service::AutoEntrySupervisor, BusEvent::Desk(view)) => Mail::Entry(entry::Input::Desk(view.clone())),
        (Service::AutoEntrySupervisor, BusEvent::Momentum(reading)) => {
            Mail::Entry(entry::Input::Momentum(reading.clone()))
        }
        (Service::AutoEntrySupervisor, BusEvent::Markets(markets)) => {
            Mail::Entry(entry::Input::Markets(markets.clone()))
        }
        (Service::ActiveTradeSupervisor, BusEvent::Strikes(table)) => Mail::Exit(exit::Input::Strikes(table.clone())),
        (Service::ActiveTradeSupervisor, BusEvent::Books(tops)) => Mail::Exit(exit::Input::Books(tops.clone())),
        (Service::ActiveTradeSupervisor, BusEvent::Desk(view)) => Mail::Exit(exit::Input::Desk(view.clone())),
        (Service::ActiveTradeSupervisor, BusEvent::Momentum(reading)) => {
            Mail::Exit(exit::Input::Momentum(reading.clone()))
        }
        _ => return None,
    })
}
