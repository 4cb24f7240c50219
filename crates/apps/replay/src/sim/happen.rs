//! What is due happens.

use super::{
    event::{Event, Process},
    world::World,
};

impl World {
    pub(super) fn happen(&mut self, event: Event) {
        // What a process does at an instant it does later when it stands still; what is under way elsewhere goes on.
        if let Some((process, life)) = owner(&event) {
            if self.life(process) != life {
                return;
            }
            if let Some(until) = self.lives[process as usize].stopped_until.filter(|until| *until > self.now) {
                self.queue.put(until, event);
                return;
            }
        }
        match event {
            Event::Mail { life, mail } => self.pending.push_back((life, *mail)),
            Event::Commit { life, commit, outcome } => self.commit(life, &commit, outcome),
            Event::Resolve { epoch, number, .. } => self.resolve(epoch, number),
            Event::Claim { life, intent, signed_at, outcome } => self.claim(life, intent, signed_at, outcome),
            Event::Record { life, answer, outcome } => self.record(life, &answer, outcome),
            Event::Scan { .. } => self.scan(),
            Event::ScanOrphans { .. } => self.scan_orphans(),
            Event::Arrive { life, intent, signed_at, heard } => self.arrive(life, &intent, signed_at, heard),
            Event::Page { number, list, since, .. } => self.page(number, list, since),
            Event::Markets { .. } => self.read_markets(),
            Event::Candles { from, to, .. } => self.read_candles(from, to),
            Event::Command { connection, command, .. } => self.line_command(connection, command),
            Event::Connect { .. } => self.connect_line(),
            Event::ConnectAccount { .. } => self.connect_account(),
            Event::Look { .. } => self.look_at_tables(),
            Event::Start { process, .. } => self.started(process),
            Event::Lead { .. } => self.lead(),
            Event::GoOn { process } => self.go_on(process),
            Event::Second => self.second(),
            Event::Operator => self.operator(),
            Event::Amend { event } => self.amend(&event),
            Event::Revise => self.revise_by_hand(),
        }
    }
}

/// The life of a process that an event belongs to; `None` for what happens by itself, heard or not.
const fn owner(event: &Event) -> Option<(Process, u32)> {
    Some(match event {
        Event::Resolve { life, .. }
        | Event::Markets { life }
        | Event::Candles { life, .. }
        | Event::Command { life, .. }
        | Event::Connect { life }
        | Event::Look { life }
        | Event::Lead { life } => (Process::Desk, *life),
        Event::Scan { life } | Event::ScanOrphans { life } => (Process::Executor, *life),
        Event::Page { life, .. } | Event::ConnectAccount { life } => (Process::Account, *life),
        Event::Start { process, life } => (*process, *life),
        Event::Mail { .. }
        | Event::Commit { .. }
        | Event::Claim { .. }
        | Event::Record { .. }
        | Event::Arrive { .. }
        | Event::GoOn { .. }
        | Event::Second
        | Event::Operator
        | Event::Amend { .. }
        | Event::Revise => return None,
    })
}
