//! The money path: what desk, sender and account want done, at the database and at the exchange.

use rec_domain::{
    IntentId, TimeSpan, Timestamp,
    answer::{Answer, Outcome as Answered},
    bus_event::BusEvent,
    command::{DeskReply, DeskRequest},
    intent::{Action, Effect, Intent},
    report::Report,
    row::{Commit, Row},
};
use rec_engine::{
    account,
    desk::{DeskInput, DeskOutput},
    entry, exit,
    sender::{SenderInput, SenderOutput},
};

use super::{
    event::{Event, Mail, Outcome, Process},
    fault::FaultKind,
    invariant::Invariant,
    memory::CommitError,
    venue,
    watch::ACCEPTED_AGE,
    world::{Asker, World},
};

/// The executor waits so long for an answer of the exchange.
const REQUEST_TIMEOUT: TimeSpan = TimeSpan::from_seconds(5);

impl World {
    pub(super) fn act_desk(&mut self, outputs: Vec<DeskOutput>) {
        let life = self.life(Process::Desk);
        for output in outputs {
            match output {
                DeskOutput::Commit(commit) => {
                    let money = commit.rows.iter().any(|row| matches!(row, Row::Intent(_) | Row::Fill(_)));
                    if self.crashes(Process::Desk, if money { 6 } else { 1 }) {
                        return;
                    }
                    self.send_commit(life, commit);
                }
                DeskOutput::Resolve { number } => {
                    let event = Event::Resolve { life, epoch: self.epoch, number };
                    self.queue.put(self.now + TimeSpan::from_millis(5), event);
                }
                DeskOutput::Reply { decision, reply } => {
                    if let Some(asker) = self.waiting.remove(&decision) {
                        self.trace(|| format!("desk: {asker:?} gets {reply:?}"));
                        self.answer(asker, decision, reply);
                    }
                }
                DeskOutput::Dispatch { intent } => {
                    if self.crashes(Process::Desk, 4) {
                        return;
                    }
                    self.hint(Mail::Sender(SenderInput::Dispatch { intent }));
                }
                DeskOutput::Publish(view) => {
                    self.heartbeat_at = self.now;
                    self.guarded = false;
                    self.view = Some(view.clone());
                    self.publish(&BusEvent::Desk(view));
                }
                DeskOutput::RequestSweep => self.hint(Mail::Account(account::Input::Hint)),
                DeskOutput::Alarm { message } => self.trace(|| format!("desk: alarm: {message}")),
                DeskOutput::Stop { reason } => self.watch.broke(Invariant::NothingToRefuse, reason),
            }
        }
    }

    fn answer(&mut self, asker: Asker, decision: rec_domain::DecisionId, reply: DeskReply) {
        match asker {
            Asker::Entry => self.hint(Mail::Entry(entry::Input::Reply { decision, reply })),
            Asker::Exit => self.hint(Mail::Exit(exit::Input::Reply { decision, reply })),
            Asker::Operator => {}
        }
    }

    /// A request to the desk over the loopback.
    pub(super) fn ask(&mut self, asker: Asker, request: DeskRequest) {
        self.decisions += 1;
        self.trace(|| format!("{asker:?} asks {:?}", request.command));
        self.waiting.insert(request.decision, asker);
        self.hint(Mail::Desk(DeskInput::Request(request)));
    }

    /// A command, reply or hint between services: once, never or twice.
    pub(super) fn hint(&mut self, mail: Mail) {
        if self.fate.strikes(FaultKind::LostHint) {
            return;
        }
        if self.fate.strikes(FaultKind::DoubledHint) {
            let delay = TimeSpan::from_micros(self.fate.whole(500, 200_000));
            self.post_later(delay, mail.clone());
        }
        let delay = TimeSpan::from_micros(self.fate.whole(300, 2_000));
        self.post_later(delay, mail);
    }

    fn send_commit(&mut self, life: u32, commit: Commit) {
        let outcome = if self.fate.strikes(FaultKind::CommitFailed) {
            Outcome::Failed
        } else if self.fate.strikes(FaultKind::CommitUnknown) {
            Outcome::Unheard { happens: self.fate.even() }
        } else {
            Outcome::Heard
        };
        let delay = self.disk();
        self.queue.put(self.now + delay, Event::Commit { life, commit: Box::new(commit), outcome });
    }

    /// How long the disk takes.
    fn disk(&mut self) -> TimeSpan {
        if self.fate.strikes(FaultKind::SlowDisk) {
            TimeSpan::from_millis(self.fate.whole(300, 4_000))
        } else {
            TimeSpan::from_micros(self.fate.whole(800, 4_000))
        }
    }

    /// Whether what a process that has ended was sending still arrives.
    fn still_arrives(&mut self, process: Process, life: u32) -> bool {
        self.life(process) == life || self.fate.even()
    }

    pub(super) fn commit(&mut self, life: u32, commit: &Commit, outcome: Outcome) {
        let number = commit.number;
        let arrives = self.still_arrives(Process::Desk, life);
        let happens = arrives && !matches!(outcome, Outcome::Failed | Outcome::Unheard { happens: false });
        let result = if happens { self.memory.commit(commit, self.now) } else { Ok(()) };
        if let Err(CommitError::Constraint(broken)) = &result {
            self.watch.broke(Invariant::NothingToRefuse, format!("commit {number}: {broken}"));
        } else if happens && result.is_ok() {
            self.digest.take_value(&commit.rows);
            self.watch.committed(commit);
            self.follower.committed(commit);
            self.trace(|| format!("database: commit {number}: {}", rows(commit)));
            self.look_for_quiet();
        }
        let input = match (outcome, result) {
            (Outcome::Heard, Ok(())) => DeskInput::Committed { number },
            (Outcome::Unheard { .. }, _) => {
                DeskInput::CommitUnknown { number, reason: "the connection was lost".to_owned() }
            }
            (_, error) => DeskInput::CommitFailed { number, for_ever: false, reason: format!("{error:?}") },
        };
        if self.life(Process::Desk) == life {
            self.post_later(TimeSpan::from_micros(300), Mail::Desk(input));
        }
    }

    pub(super) fn resolve(&mut self, epoch: u32, number: i64) {
        let input = if self.memory.was_committed(epoch, number) {
            DeskInput::Committed { number }
        } else {
            let reason = "it is not in the database".to_owned();
            DeskInput::CommitFailed { number, for_ever: false, reason }
        };
        self.post(Mail::Desk(input));
    }

    /// Feeds the desk what is new in inbox and answers.
    pub(super) fn look_at_tables(&mut self) {
        if self.seats.desk.is_none() || self.lives[Process::Desk as usize].stopped_until.is_some() {
            return;
        }
        if self.memory.inbox.last() > self.told_reports {
            self.memory.inbox.forget_consumed(self.memory.cursors.report);
            let news: Vec<_> =
                self.memory.inbox.after(self.told_reports).map(|(number, report)| (number, report.clone())).collect();
            for (number, report) in news {
                self.told_reports = number;
                self.post(Mail::Desk(DeskInput::Report { number, report }));
            }
        }
        for (number, answer) in self.memory.answers_after(self.told_answers) {
            self.told_answers = number;
            self.post(Mail::Desk(DeskInput::Answer { number, answer }));
        }
    }

    /// A hint that inbox or answers have news.
    fn hint_tables(&mut self) {
        if !self.fate.strikes(FaultKind::LostHint) {
            let life = self.life(Process::Desk);
            self.queue.put(self.now + TimeSpan::from_millis(1), Event::Look { life });
        }
    }

    /// Compares the books where nothing is under way and all that happened at the exchange was read.
    fn look_for_quiet(&mut self) {
        let mut read = None;
        while let Some((_, as_of, flows)) =
            self.sweeps.pop_front_if(|(number, ..)| *number <= self.memory.cursors.report)
        {
            read = Some(as_of);
            if flows {
                self.flows_read_to = as_of;
            }
        }
        let complete = read.is_some_and(|as_of| as_of > self.reads.changed_at);
        if complete
            && self.flows_read_to > self.money_moved_at
            && self.requests_at_exchange == 0
            && self.memory.is_at_rest()
        {
            self.watch.quiet(&self.memory, self.twin.account());
        }
    }

    pub(super) fn act_sender(&mut self, outputs: Vec<SenderOutput>) {
        let life = self.life(Process::Executor);
        for output in outputs {
            if matches!(output, SenderOutput::Claim { .. } | SenderOutput::Record { .. } | SenderOutput::Send { .. })
                && self.crashes(Process::Executor, 4)
            {
                return;
            }
            match output {
                SenderOutput::Claim { intent } => {
                    // The signature time is taken before the claim's check.
                    let (signed_at, outcome) = (self.now, self.database_outcome(FaultKind::ClaimFailed));
                    let delay = self.disk();
                    self.queue.put(self.now + delay, Event::Claim { life, intent, signed_at, outcome });
                }
                SenderOutput::Send { intent, signed_at } => self.send(life, intent, signed_at),
                SenderOutput::Record { answer } => {
                    let outcome = self.database_outcome(FaultKind::RecordFailed);
                    let delay = self.disk();
                    self.queue.put(self.now + delay, Event::Record { life, answer: Box::new(answer), outcome });
                }
                SenderOutput::Scan => self.queue.put(self.now + TimeSpan::from_millis(2), Event::Scan { life }),
                SenderOutput::ScanOrphans => {
                    self.queue.put(self.now + TimeSpan::from_millis(2), Event::ScanOrphans { life });
                }
                SenderOutput::Alarm { message } => self.trace(|| format!("sender: alarm: {message}")),
            }
        }
    }

    fn database_outcome(&mut self, fault: FaultKind) -> Outcome {
        if self.fate.strikes(fault) { Outcome::Unheard { happens: self.fate.even() } } else { Outcome::Heard }
    }

    pub(super) fn claim(&mut self, life: u32, id: IntentId, signed_at: Timestamp, outcome: Outcome) {
        let arrives = self.still_arrives(Process::Executor, life);
        let happens = arrives && outcome != (Outcome::Unheard { happens: false });
        let claimed = happens.then(|| self.memory.claim(id, signed_at, self.now));
        if let Some(Ok(intent)) = &claimed {
            self.watch.claimed(intent, signed_at);
            self.trace(|| format!("database: {id} is claimed, signed at {signed_at}"));
        }
        let input = match (outcome, claimed) {
            (Outcome::Heard, Some(Ok(intent))) => SenderInput::Claimed { intent, signed_at },
            (Outcome::Heard, Some(Err(refusal))) => SenderInput::Refused { intent: id, refusal },
            _ => SenderInput::ClaimFailed { intent: id, signed_at, reason: "the connection was lost".to_owned() },
        };
        if self.life(Process::Executor) == life {
            self.post_later(TimeSpan::from_micros(300), Mail::Sender(input));
        }
    }

    fn send(&mut self, life: u32, intent: Intent, signed_at: Timestamp) {
        let mut at = self.now;
        if self.fate.strikes(FaultKind::StoppedBeforeSend) {
            at += TimeSpan::from_seconds(60);
            self.stop(Process::Executor, at);
        }
        let timeout = Mail::Sender(SenderInput::Sent {
            intent: intent.id,
            outcome: Answered::Unknown { reason: "no answer came".to_owned(), signed_at },
        });
        let given_up = (at + REQUEST_TIMEOUT).since(self.now);
        if self.fate.strikes(FaultKind::LostRequest) {
            let fails = at.since(self.now) + TimeSpan::from_millis(self.fate.whole(5, 5_000));
            self.post_later(fails, timeout);
            return;
        }
        let slow = self.fate.strikes(FaultKind::SlowRequest);
        let travels = if slow { self.fate.whole(1_000, 7_000) } else { self.fate.whole(15, 120) };
        let arrives_at = at + TimeSpan::from_millis(travels);
        let heard = !self.fate.strikes(FaultKind::LostAnswer) && arrives_at < at + REQUEST_TIMEOUT;
        if !heard {
            self.post_later(given_up, timeout);
        }
        self.sent += 1;
        self.requests_at_exchange += 1;
        self.queue.put(arrives_at, Event::Arrive { life, intent: Box::new(intent), signed_at, heard });
        self.crashes(Process::Executor, 4);
    }

    /// A request reaches the exchange.
    pub(super) fn arrive(&mut self, life: u32, intent: &Intent, signed_at: Timestamp, heard: bool) {
        self.requests_at_exchange -= 1;
        let fresh = self.now.since(signed_at) <= ACCEPTED_AGE;
        if fresh {
            self.watch.carried_out(intent, signed_at);
        }
        let order = match &intent.action {
            Action::Place(spec) | Action::Repeat { spec, .. } => Some(spec.ticker.as_str()),
            _ => None,
        };
        let before = order.map(|ticker| self.net_position(ticker));
        let outcome = venue::send(&mut self.twin, self.now, signed_at, intent);
        if let (Some(ticker), Some(before)) = (order, before) {
            let after = self.net_position(ticker);
            if intent.effect == Effect::Increases {
                self.watch.entered(intent, ticker, before, after);
            } else {
                self.watch.closed(intent, before, after);
            }
        }
        self.digest.take_value(&outcome);
        self.trace(|| format!("exchange: {} gets {outcome:?}", intent.id));
        let outputs = self.twin.take_outputs();
        self.hear(outputs);
        if heard && self.life(Process::Executor) == life {
            let delay = TimeSpan::from_millis(self.fate.whole(5, 40));
            self.post_later(delay, Mail::Sender(SenderInput::Sent { intent: intent.id, outcome }));
        }
    }

    pub(super) fn record(&mut self, life: u32, answer: &Answer, outcome: Outcome) {
        let arrives = self.still_arrives(Process::Executor, life);
        if arrives && outcome != (Outcome::Unheard { happens: false }) {
            self.memory.append_answer(answer);
            self.trace(|| format!("database: answer of {}", answer.intent));
            self.hint_tables();
        }
        let intent = answer.intent;
        let input = if outcome == Outcome::Heard {
            SenderInput::Recorded { intent }
        } else {
            SenderInput::RecordFailed { intent, reason: "the connection was lost".to_owned() }
        };
        if self.life(Process::Executor) == life {
            self.post_later(TimeSpan::from_micros(300), Mail::Sender(input));
        }
    }

    pub(super) fn scan(&mut self) {
        let intents = self.memory.unclaimed();
        if !intents.is_empty() {
            self.post(Mail::Sender(SenderInput::Unanswered { intents }));
        }
    }

    pub(super) fn scan_orphans(&mut self) {
        let claims = self.memory.orphans();
        self.post(Mail::Sender(SenderInput::Orphans { claims }));
    }

    pub(super) fn act_account(&mut self, outputs: Vec<account::Output>) {
        for output in outputs {
            match output {
                account::Output::Append { reports } => {
                    if self.fate.strikes(FaultKind::AppendFailed) {
                        self.post(Mail::Account(account::Input::AppendFailed));
                        return;
                    }
                    if self.crashes(Process::Account, 1) {
                        return;
                    }
                    self.append(reports);
                }
                account::Output::Fetch { number, list, since, .. } => {
                    let life = self.life(Process::Account);
                    let delay = TimeSpan::from_micros(self.fate.whole(10_000, 40_000));
                    self.queue.put(self.now + delay, Event::Page { life, number, list, since });
                }
                account::Output::SweepFailed { reason } => self.trace(|| format!("account: {reason}")),
            }
        }
    }

    fn append(&mut self, reports: Vec<Report>) {
        let before = self.memory.inbox.last();
        self.memory.inbox.append(reports);
        let read = self.memory.inbox.after(before).filter_map(|(number, report)| match report {
            Report::Sweep(sweep) => Some((number, sweep.as_of, sweep.flows)),
            _ => None,
        });
        self.sweeps.extend(read);
        if self.memory.inbox.last() > before {
            self.hint_tables();
        }
    }

    pub(super) fn page(&mut self, number: account::FetchNumber, list: account::List, since: Option<Timestamp>) {
        let input = if self.fate.strikes(FaultKind::ReadFailed) {
            account::Input::FetchFailed { number }
        } else {
            let lag = TimeSpan::from_millis(self.fate.whole(180, 540));
            let items = self.reads.page(&self.twin, list, since, lag);
            account::Input::Page { number, items, next: None, unreadable: Vec::new() }
        };
        self.post(Mail::Account(input));
    }

    /// Contracts that the account holds in a market at the exchange.
    fn net_position(&self, ticker: &str) -> rec_domain::Quantity {
        let positions = self.twin.account().positions.values();
        positions.filter(|position| *position.ticker == *ticker).map(|position| position.net).sum()
    }
}

/// The rows of a commit in short, for people.
fn rows(commit: &Commit) -> String {
    let short = |row: &Row| match row {
        Row::Intent(intent) => Some(format!("intent {} {:?} {:?}", intent.id, intent.effect, intent.action)),
        Row::Order(order) => Some(format!(
            "order {} of trade {} {} {:?} {}/{}/{}",
            order.intent,
            order.trade,
            order.state.name(),
            order.role,
            order.booked,
            order.acknowledged,
            order.spec.quantity
        )),
        Row::Trade(trade) => Some(format!(
            "trade {} {} {} {} holds {}",
            trade.id,
            trade.ticker,
            trade.side,
            trade.state.name(),
            trade.held()
        )),
        Row::Fill(fill) => Some(format!("fill {} of {:?}", fill.fill_id, fill.intent)),
        Row::Posting(posting) => Some(format!("posting {:?} {}", posting.kind, posting.note)),
        Row::Halted(halt) => Some(format!("halt {}: {}", halt.source, halt.reason)),
        Row::Armed(arming) => Some(format!("armed until {}, unproven: {}", arming.until, arming.unproven)),
        Row::Disarmed { reason } => Some(format!("disarmed: {reason}")),
        Row::Resumed { source, reason } => Some(format!("resume {source}: {reason}")),
        Row::ParkedFill(fill) => Some(format!("parked fill {}", fill.fill_id)),
        Row::ParkedSettlement(settlement) => Some(format!("parked settlement {}", settlement.ticker)),
        Row::Reconciliation(found) => Some(format!("compared: {} differences", found.differences.len())),
        _ => None,
    };
    commit.rows.iter().filter_map(short).collect::<Vec<_>>().join("; ")
}
