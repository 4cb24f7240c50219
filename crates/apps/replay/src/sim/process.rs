//! Processes: their starts, ends and standstills, and the lease.

use rec_domain::{TimeSpan, Timestamp, intent::GroupRole};
use rec_engine::{
    account, book,
    desk::{Desk, recovered_books},
};
use rec_twin::core::{Mutation, mutation::GroupRef};

use super::{
    event::{Event, Mail, Process},
    fault::FaultKind,
    world::World,
};

/// The guard trips the entry group after so long without a heartbeat.
const GUARD_PATIENCE: TimeSpan = TimeSpan::from_seconds(15);
/// How long another desk holds the lease that it took.
const OTHER_DESK: TimeSpan = TimeSpan::from_seconds(3);
/// How long a process stands still.
const STANDSTILL: TimeSpan = TimeSpan::from_seconds(60);

impl World {
    /// A process starts after a while.
    pub(super) fn start(&mut self, process: Process, after: TimeSpan) {
        let life = self.life(process);
        self.queue.put(self.now + after, Event::Start { process, life });
    }

    /// Whether the process ends here; `weight` times as likely as usual.
    pub(super) fn crashes(&mut self, process: Process, weight: u32) -> bool {
        let strikes = (0..weight).any(|_| self.fate.strikes(FaultKind::Crash));
        if strikes {
            self.crash(process);
        }
        strikes
    }

    /// The process ends, and systemd starts it again.
    pub(super) fn crash(&mut self, process: Process) {
        self.trace(|| format!("{process:?} ends"));
        self.restarts += 1;
        self.clear(process);
        let life = &mut self.lives[process as usize];
        life.number += 1;
        life.stopped_until = None;
        match process {
            Process::Desk => {
                self.line.disconnect();
                self.waiting.clear();
                self.refusals.clear();
            }
            Process::Account => self.account_line_up = false,
            Process::Executor => {}
        }
        let after = TimeSpan::from_millis(self.fate.whole(100, 1_500));
        self.start(process, after);
    }

    pub(super) fn started(&mut self, process: Process) {
        self.trace(|| format!("{process:?} starts"));
        self.seat(process);
        let life = self.life(process);
        match process {
            Process::Desk => {
                self.queue.put(self.now + TimeSpan::from_millis(20), Event::Lead { life });
                self.queue.put(self.now + TimeSpan::from_millis(50), Event::Connect { life });
            }
            Process::Account => {
                self.queue.put(self.now + TimeSpan::from_millis(50), Event::ConnectAccount { life });
            }
            Process::Executor => {}
        }
        if self.fate.strikes(FaultKind::CrashWhileStarting) {
            self.crash(process);
        }
    }

    pub(super) fn connect_account(&mut self) {
        self.account_line_up = true;
        self.post(Mail::Account(account::Input::Connected));
    }

    /// The account's line is gone for a while.
    pub(super) fn cut_account_line(&mut self, away: TimeSpan) {
        self.account_line_up = false;
        self.post(Mail::Account(account::Input::Disconnected));
        let life = self.life(Process::Account);
        self.queue.put(self.now + away, Event::ConnectAccount { life });
    }

    /// Takes the lease, as soon as nobody else holds it, and starts from the database.
    pub(super) fn lead(&mut self) {
        let life = self.life(Process::Desk);
        if self.now < self.other_desk_until {
            self.queue.put(self.now + TimeSpan::from_millis(500), Event::Lead { life });
            return;
        }
        self.epoch = self.memory.take_lease(self.now);
        if self.fate.strikes(FaultKind::CrashWhileStarting) {
            self.crash(Process::Desk);
            return;
        }
        let snapshot = self.memory.load(self.now, &self.stored);
        let mut books = recovered_books(snapshot, self.epoch, &self.settings, self.now);
        // Nobody gave the lease up.
        books.after_crash = true;
        let epoch = self.epoch;
        self.trace(|| format!("desk: leads with epoch {epoch}"));
        (self.told_reports, self.told_answers) = (books.cursors.report, books.cursors.answer);
        self.seat_desk(Desk::new(self.desk_config.clone(), books));
    }

    /// Renews the lease, as the desk does once a second; leads anew when it is lost.
    pub(super) fn renew_lease(&mut self) {
        let stands_still = self.lives[Process::Desk as usize].stopped_until.is_some();
        if self.seats.desk.is_none() || stands_still || self.memory.renew_lease(self.epoch, self.now) {
            return;
        }
        self.trace(|| "desk: the lease is lost".to_owned());
        self.clear_desk();
        self.waiting.clear();
        let life = self.life(Process::Desk);
        self.queue.put(self.now + TimeSpan::from_millis(500), Event::Lead { life });
    }

    /// Another desk takes the lease, does nothing with it and lets it run out.
    pub(super) fn lose_lease(&mut self) {
        self.trace(|| "another desk takes the lease".to_owned());
        self.memory.take_lease(self.now);
        self.other_desk_until = self.now + OTHER_DESK;
    }

    /// The process stands still, from now on.
    pub(super) fn stand_still(&mut self, process: Process) {
        self.stop(process, self.now + STANDSTILL);
    }

    pub(super) fn stop(&mut self, process: Process, until: Timestamp) {
        self.trace(|| format!("{process:?} stands still until {until}"));
        self.lives[process as usize].stopped_until = Some(until);
        self.queue.put(until, Event::GoOn { process });
    }

    pub(super) fn go_on(&mut self, process: Process) {
        let now = self.now;
        let life = &mut self.lives[process as usize];
        if life.stopped_until.is_some_and(|until| until <= now) {
            life.stopped_until = None;
        }
    }

    /// The guard trips the entry group when it hears no heartbeat.
    pub(super) fn guard(&mut self) {
        if self.guarded || self.now < self.heartbeat_at + GUARD_PATIENCE {
            return;
        }
        self.guarded = true;
        let groups: Vec<GroupRef> = self
            .memory
            .groups
            .iter()
            .filter(|((role, _), _)| *role == GroupRole::Entry)
            .map(|((_, exchange_index), (group, _))| GroupRef {
                order_group_id: group.to_string(),
                exchange_index: *exchange_index,
                subaccount: None,
            })
            .collect();
        for group in groups {
            self.trace(|| "guard: trips the entry group".to_owned());
            if self.twin.apply(self.now, &Mutation::TriggerGroup(group)).is_ok() {
                let outputs = self.twin.take_outputs();
                self.hear(outputs);
            }
        }
    }

    /// A frame line that says nothing else.
    pub(super) fn ping(&mut self) {
        if self.line.up {
            self.post(Mail::Book(book::Input::Heartbeat { received_at: self.now }));
        }
    }
}
