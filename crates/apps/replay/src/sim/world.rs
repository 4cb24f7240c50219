//! Desk, store rules, sender and exchange together, with delays and losses on the edges between them.

use std::collections::BTreeSet;

use rec_domain::{
    DecisionId, DeskId, IntentId, Mode, Money, Price, Probability, Quantity, Side, TimeSpan, Timestamp,
    answer::Outcome,
    command::{CloseRequest, DeskCommand, DeskReply, DeskRequest, OpenRequest},
    desk_view::DeskView,
    intent::{Action, Intent},
    order::OrderState,
    report::Report,
    settings::AutomationSettings,
    trade::{Origin, TradeState},
};
use rec_engine::{
    Machine,
    desk::{Books, Desk, DeskConfig, DeskInput, DeskOutput, Identity},
    sender::{Sender, SenderConfig, SenderInput, SenderOutput},
};
use rec_model::CounterRng;
use rec_twin::core::{Output, Twin, TwinConfig};

use super::{memory::Memory, queue::Queue, venue};

/// What goes wrong on the edges, in percent of the times.
#[derive(Debug, Clone, Copy)]
pub struct WorldConfig {
    /// Fixes the exchange's world and everything that goes wrong.
    pub seed: u64,
    /// Hints that never arrive.
    pub lost_hints: u32,
    /// Requests that never reach the exchange, of which the desk cannot know that.
    pub lost_requests: u32,
    /// Answers that never arrive although the order was taken or refused.
    pub lost_answers: u32,
    /// Reports of the exchange's private channels that never arrive; the next complete reading has them.
    pub lost_reports: u32,
    /// Commits that fail.
    pub failed_commits: u32,
    /// Commits of which nobody hears; every second one has happened.
    pub unknown_commits: u32,
    /// Mean seconds until a held trade is closed again; zero for never.
    pub closes_after: u32,
}

impl WorldConfig {
    /// Nothing goes wrong.
    #[must_use]
    pub const fn calm(seed: u64) -> Self {
        Self {
            seed,
            lost_hints: 0,
            lost_requests: 0,
            lost_answers: 0,
            lost_reports: 0,
            failed_commits: 0,
            unknown_commits: 0,
            closes_after: 0,
        }
    }

    /// Everything goes wrong now and then.
    #[must_use]
    pub const fn rough(seed: u64) -> Self {
        Self {
            seed,
            lost_hints: 20,
            lost_requests: 5,
            lost_answers: 10,
            lost_reports: 10,
            failed_commits: 5,
            unknown_commits: 5,
            closes_after: 600,
        }
    }
}

#[derive(Debug, Clone)]
enum Happening {
    Desk(Box<DeskInput>),
    Sender(Box<SenderInput>),
    Arrives { intent: Box<Intent>, signed_at: Timestamp },
    Inbox(Box<Report>),
    Sweep,
    Second,
}

/// Everything of one simulated desk.
pub struct World {
    config: WorldConfig,
    dice: CounterRng,
    now: Timestamp,
    queue: Queue<Happening>,
    twin: Twin,
    memory: Memory,
    desk: Desk,
    sender: Sender,
    view: Option<DeskView>,
    asked: BTreeSet<(String, Side)>,
    sent: BTreeSet<IntentId>,
    sweep_due: bool,
    requests: u64,
    repeated: usize,
    landed: usize,
}

impl World {
    /// A desk that has just started beside an exchange that has played its first forty minutes.
    #[must_use]
    pub fn new(config: WorldConfig) -> Self {
        let twin_config = TwinConfig::demo(config.seed);
        let now = twin_config.opening();
        let mut twin = Twin::new(twin_config);
        twin.advance_quietly(now);
        let identity = Identity { desk: DeskId::from_bits(1), mode: Mode::Twin, epoch: 1 };
        let settings = AutomationSettings { auto_entry: true, auto_stop: true, ..AutomationSettings::default() };
        let desk = Desk::new(DeskConfig::default(), Books::new(identity, settings, now));
        let mut queue = Queue::default();
        queue.put(now, Happening::Second);
        queue.put(now, Happening::Sweep);
        Self {
            config,
            dice: CounterRng::new(config.seed, 77),
            now,
            queue,
            twin,
            memory: Memory::new(1),
            desk,
            sender: Sender::new(SenderConfig::default()),
            view: None,
            asked: BTreeSet::new(),
            sent: BTreeSet::new(),
            sweep_due: false,
            requests: 0,
            repeated: 0,
            landed: 0,
        }
    }

    /// Plays `span` of market time.
    pub fn run(&mut self, span: TimeSpan) {
        let end = self.now + span;
        loop {
            let wakeups = [self.queue.next_at(), self.desk.next_wakeup(), self.sender.next_wakeup()];
            let next = wakeups.into_iter().flatten().min().unwrap_or(end).max(self.now);
            if next > end {
                self.now = end;
                return;
            }
            self.now = next;
            self.play_exchange();
            while let Some(happening) = self.queue.take_due(self.now) {
                self.happen(happening);
            }
            if self.desk.next_wakeup().is_some_and(|at| at <= self.now) {
                self.tell_desk(DeskInput::Wake);
            }
            if self.sender.next_wakeup().is_some_and(|at| at <= self.now) {
                self.tell_sender(SenderInput::Wake);
            }
        }
    }

    fn play_exchange(&mut self) {
        for output in self.twin.advance(self.now) {
            self.tell_account(&output);
        }
    }

    /// What the exchange's private channels say of the account.
    fn tell_account(&mut self, output: &Output) {
        if let Some(report) = venue::report(output)
            && !self.chance(self.config.lost_reports)
        {
            self.later(30, Happening::Inbox(Box::new(report)));
        }
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Desk(input) => self.tell_desk(*input),
            Happening::Sender(input) => self.tell_sender(*input),
            Happening::Arrives { intent, signed_at } => self.arrive(&intent, signed_at),
            Happening::Inbox(report) => self.take_report(*report),
            Happening::Sweep => {
                for report in venue::sweep(&self.twin) {
                    self.take_report(report);
                }
                self.queue.put(self.now + TimeSpan::from_seconds(20), Happening::Sweep);
            }
            Happening::Second => self.second(),
        }
    }

    fn take_report(&mut self, report: Report) {
        if let Some(number) = self.memory.append_report(report.clone()) {
            self.tell_desk(DeskInput::Report { number, report });
        }
    }

    /// An intent reaches the exchange.
    fn arrive(&mut self, intent: &Intent, signed_at: Timestamp) {
        assert!(self.memory.is_claimed(&intent.id), "{} was sent without a claim", intent.id);
        assert!(self.sent.insert(intent.id), "{} was sent twice", intent.id);
        if let Action::Repeat { of, spec } = &intent.action {
            assert!(spec.reduce_only && self.sent.contains(of), "{of} was repeated, which opens or was never sent");
            self.repeated += 1;
        }
        if self.chance(self.config.lost_requests) {
            let outcome = Outcome::Unknown { reason: "connection lost".to_owned(), signed_at };
            self.later(5_000, Happening::Sender(Box::new(SenderInput::Sent { intent: intent.id, outcome })));
            return;
        }
        let outcome = venue::send(&mut self.twin, self.now, signed_at, intent);
        self.landed += usize::from(matches!(outcome, Outcome::AlreadyExists { .. }));
        for output in self.twin.take_outputs() {
            self.tell_account(&output);
        }
        let lost = self.chance(self.config.lost_answers);
        let outcome = if lost { Outcome::Unknown { reason: "timeout".to_owned(), signed_at } } else { outcome };
        let delay = if lost { 5_000 } else { 20 };
        self.later(delay, Happening::Sender(Box::new(SenderInput::Sent { intent: intent.id, outcome })));
    }

    fn second(&mut self) {
        self.queue.put(self.now + TimeSpan::from_seconds(1), Happening::Second);
        if self.now.seconds() % 10 == 0 {
            let markets = venue::markets(&self.twin);
            self.tell_desk(DeskInput::Markets { markets });
        }
        if std::mem::take(&mut self.sweep_due) {
            for report in venue::sweep(&self.twin) {
                self.take_report(report);
            }
        }
        self.decide_entries();
        self.decide_exits();
    }

    /// Buys what is offered below what it is worth, as the supervisor would.
    fn decide_entries(&mut self) {
        let mut wanted = Vec::new();
        for (event, market) in self.twin.listed() {
            let seconds = event.time_to_close(self.now).seconds();
            if !event.is_open(self.now) || !(120..=900).contains(&seconds) {
                continue;
            }
            let ticker = market.name.ticker.to_string();
            let Some(yes) = self.twin.fair_value(&ticker).and_then(Probability::new) else { continue };
            for side in [Side::Yes, Side::No] {
                let chance = if side == Side::Yes { yes } else { yes.complement() }.percent();
                let best = market.book.best(side.opening_book_side().opposite());
                let Some(ask) = best.map(|(price, _)| side.convert_price(price)) else { continue };
                let cheap = chance >= 95.5 && ask <= Price::from_cents(98) && chance - ask.points() >= 1.0;
                if cheap && !self.asked.contains(&(ticker.clone(), side)) {
                    wanted.push((market.name.ticker.to_string(), side, ask, chance));
                }
            }
        }
        for (ticker, side, ask, chance) in wanted {
            self.asked.insert((ticker.clone(), side));
            self.ask(DeskCommand::Open(OpenRequest {
                ticker: rec_domain::MarketTicker::new(ticker),
                side,
                quantity: Quantity::from_contracts(5),
                limit: ask,
                origin: Origin::Auto,
                probability_percent: Some(chance),
                reason: "cheap".to_owned(),
                decided_at: self.now,
                evidence: "{}".to_owned(),
            }));
        }
    }

    fn decide_exits(&mut self) {
        let Some(view) = self.view.take() else { return };
        for trade in view.trades.iter().filter(|trade| trade.state == TradeState::Open) {
            let mean = f64::from(self.config.closes_after);
            if self.dice.uniform() * mean < 1.0 && mean > 0.0 {
                self.ask(DeskCommand::Close(CloseRequest {
                    trade: trade.id,
                    limit: Price::from_cents(1),
                    origin: Origin::Auto,
                    reason: "chance".to_owned(),
                    decided_at: self.now,
                }));
            }
        }
        self.view = Some(view);
    }

    fn ask(&mut self, command: DeskCommand) {
        self.requests += 1;
        let decision = DecisionId::of(&format!("request {}", self.requests));
        self.tell_desk(DeskInput::Request(DeskRequest { decision, requester: "world".to_owned(), command }));
    }

    fn tell_desk(&mut self, input: DeskInput) {
        for output in self.desk.step(self.now, input) {
            match output {
                DeskOutput::Commit(commit) => {
                    let number = commit.number;
                    let (fails, unknown) =
                        (self.chance(self.config.failed_commits), self.chance(self.config.unknown_commits));
                    let happens = !fails && (!unknown || self.chance(50));
                    let result = if happens { self.memory.commit(&commit) } else { Err("lost".to_owned()) };
                    assert!(!happens || result.is_ok(), "{result:?}");
                    let input = match (fails, unknown) {
                        (true, _) => {
                            DeskInput::CommitFailed { number, for_ever: false, reason: "simulated".to_owned() }
                        }
                        (false, true) => {
                            let resolved = if happens {
                                DeskInput::Committed { number }
                            } else {
                                DeskInput::CommitFailed { number, for_ever: false, reason: "not found".to_owned() }
                            };
                            self.later(2_000, Happening::Desk(Box::new(resolved)));
                            DeskInput::CommitUnknown { number, reason: "simulated".to_owned() }
                        }
                        (false, false) => DeskInput::Committed { number },
                    };
                    self.later(2, Happening::Desk(Box::new(input)));
                }
                DeskOutput::Dispatch { intent } => {
                    if !self.chance(self.config.lost_hints) {
                        self.later(1, Happening::Sender(Box::new(SenderInput::Dispatch { intent })));
                    }
                }
                DeskOutput::Publish(view) => self.view = Some(*view),
                DeskOutput::RequestSweep => self.sweep_due |= !self.chance(self.config.lost_hints),
                DeskOutput::Stop { reason } => panic!("the desk stopped: {reason}"),
                DeskOutput::Reply { reply: DeskReply::Accepted { .. } | DeskReply::Refused(_), .. }
                | DeskOutput::Resolve { .. }
                | DeskOutput::Alarm { .. } => {}
            }
        }
    }

    fn tell_sender(&mut self, input: SenderInput) {
        for output in self.sender.step(self.now, input) {
            let input = match output {
                SenderOutput::Claim { intent } => match self.memory.claim(intent, self.now) {
                    Ok(claimed) => SenderInput::Claimed { intent: claimed, signed_at: self.now },
                    Err(refusal) => SenderInput::Refused { intent, refusal },
                },
                SenderOutput::Send { intent, signed_at } => {
                    self.later(40, Happening::Arrives { intent: Box::new(intent), signed_at });
                    continue;
                }
                SenderOutput::Record { answer } => {
                    let intent = answer.intent;
                    let number = self.memory.append_answer(answer.clone());
                    self.later(2, Happening::Desk(Box::new(DeskInput::Answer { number, answer })));
                    SenderInput::Recorded { intent }
                }
                SenderOutput::Scan => SenderInput::Unanswered { intents: self.memory.unanswered() },
                SenderOutput::ScanOrphans => SenderInput::Orphans { claims: self.memory.orphans() },
                SenderOutput::Alarm { .. } => continue,
            };
            self.later(1, Happening::Sender(Box::new(input)));
        }
    }

    /// Answers keep their order: they are appended over one connection. Other delays vary.
    fn later(&mut self, milliseconds: i64, happening: Happening) {
        let keeps_order = matches!(&happening, Happening::Desk(input) if matches!(**input, DeskInput::Answer { .. }));
        #[expect(clippy::cast_possible_truncation, reason = "at most the delay itself")]
        let jitter = if keeps_order { 0 } else { (self.dice.uniform() * milliseconds as f64) as i64 };
        self.queue.put(self.now + TimeSpan::from_millis(milliseconds + jitter), happening);
    }

    fn chance(&mut self, percent: u32) -> bool {
        self.dice.uniform() * 100.0 < f64::from(percent)
    }

    /// What both sides have to say at a quiet point.
    #[must_use]
    pub fn balance(&self) -> Balance {
        let books = self.desk.books();
        Balance {
            ours: books.cash(rec_twin::core::config::CRYPTO_SHARD),
            theirs: self.twin.account().cash(),
            fills_booked: self.memory.fills().count(),
            fills_made: self.twin.account().fills.len(),
            settled: self.memory.trades().filter(|trade| trade.state == TradeState::Settled).count(),
            closed: self.memory.trades().filter(|trade| trade.state == TradeState::Closed).count(),
            unknown: self.memory.orders_in(OrderState::Unknown),
            repeated: self.repeated,
            landed: self.landed,
            absent: self.memory.orders_in(OrderState::Absent),
            open_trades: books.trades.len(),
            clean: books.reconciliation.as_ref().is_some_and(rec_domain::reconciliation::Reconciliation::is_clean),
            halts: books.halts.values().map(|halt| halt.reason.clone()).collect(),
        }
    }
}

/// Both sides of the books.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Balance {
    /// Cash in the desk's ledger.
    pub ours: Money,
    /// Cash at the exchange.
    pub theirs: Money,
    /// Fills that the desk booked.
    pub fills_booked: usize,
    /// Fills that the exchange made.
    pub fills_made: usize,
    /// Trades held to settlement.
    pub settled: usize,
    /// Trades closed before it.
    pub closed: usize,
    /// Orders whose outcome is not known.
    pub unknown: usize,
    /// Closes that were sent again.
    pub repeated: usize,
    /// Repetitions of which the exchange said that it has the order.
    pub landed: usize,
    /// Orders that never reached the exchange.
    pub absent: usize,
    /// Trades that have not ended.
    pub open_trades: usize,
    /// Whether the last comparison was clean.
    pub clean: bool,
    /// Reasons of halts in force.
    pub halts: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From 14:40 to ten minutes past the close: the event has settled and nothing is under way.
    const HOUR: TimeSpan = TimeSpan::from_minutes(30);

    #[test]
    fn a_trade_from_open_to_settled_without_any_network() {
        let mut world = World::new(WorldConfig::calm(1));
        world.run(HOUR);
        let balance = world.balance();
        assert!(balance.settled > 0, "{balance:?}");
        assert_eq!((balance.open_trades, balance.unknown), (0, 0), "{balance:?}");
        assert_eq!(balance.ours, balance.theirs);
        assert_eq!(balance.fills_booked, balance.fills_made);
        assert!(balance.clean && balance.halts.is_empty(), "{balance:?}");
    }

    #[test]
    fn whatever_gets_lost_on_the_way_the_books_agree_in_the_end() {
        let (mut settled, mut closed, mut absent) = (0, 0, 0);
        for seed in 1..=5 {
            let mut world = World::new(WorldConfig::rough(seed));
            world.run(HOUR);
            let balance = world.balance();
            settled += balance.settled;
            closed += balance.closed;
            absent += balance.absent;
            assert_eq!(balance.ours, balance.theirs, "seed {seed}: {balance:?}");
            assert_eq!(balance.fills_booked, balance.fills_made, "seed {seed}: {balance:?}");
            assert_eq!((balance.open_trades, balance.unknown), (0, 0), "seed {seed}: {balance:?}");
            assert!(balance.clean && balance.halts.is_empty(), "seed {seed}: {balance:?}");
        }
        assert!(settled > 0 && closed > 0 && absent > 0, "{settled} settled, {closed} closed, {absent} absent");
    }

    #[test]
    fn an_unknown_close_is_sent_again_until_it_is_known_and_never_executed_twice() {
        let (mut repeated, mut landed) = (0, 0);
        for seed in 1..=6 {
            let config = WorldConfig {
                lost_hints: 50,
                lost_requests: 20,
                lost_answers: 40,
                lost_reports: 50,
                closes_after: 120,
                ..WorldConfig::calm(seed)
            };
            let mut world = World::new(config);
            world.run(HOUR);
            let balance = world.balance();
            repeated += balance.repeated;
            landed += balance.landed;
            assert_eq!(balance.ours, balance.theirs, "seed {seed}: {balance:?}");
            assert_eq!((balance.open_trades, balance.unknown), (0, 0), "seed {seed}: {balance:?}");
        }
        assert!(repeated > landed && landed > 0, "{repeated} sent again, {landed} had landed");
    }

    #[test]
    fn the_same_seed_plays_the_same_world() {
        let play = || {
            let mut world = World::new(WorldConfig::rough(3));
            world.run(HOUR);
            world.balance()
        };
        assert_eq!(play(), play());
    }
}
