//! The machines of each process, which begin and end with it.

use std::sync::Arc;

use rec_domain::Timestamp;
use rec_engine::{
    Machine,
    account::AccountMachine,
    book::BookMachine,
    desk::Desk,
    entry::{self, EntryMachine},
    exit::{self, ExitMachine},
    feed::{self, FeedMachine},
    lifecycle::LifecycleMachine,
    momentum::{self, MomentumMachine},
    odds::OddsMachine,
    sender::{Sender, SenderConfig},
};

use super::{
    event::Process,
    seat::Seat,
    setup::{account_config, book_config, lifecycle_config, odds_config},
    world::World,
};

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

impl Seats {
    pub(super) const fn empty() -> Self {
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

    pub(super) fn wakes(&self) -> [(Process, Option<Timestamp>); 10] {
        fn of<M: Machine>(seat: &Option<Seat<M>>) -> Option<Timestamp> {
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

impl World {
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
}
