//! What is under way between the machines, the database and the exchange.

use rec_domain::{IntentId, Timestamp, answer::Answer, intent::Intent, row::Commit};
use rec_engine::{account, book, desk::DeskInput, entry, exit, feed, lifecycle, momentum, odds, sender::SenderInput};

use super::line::Command;

/// A process of the simulated server: what ends, stands still and starts again together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Process {
    /// Desk, supervisors, coordinator, watchdogs.
    Desk,
    /// The sender.
    Executor,
    /// The account's reader.
    Account,
}

impl Process {
    pub(super) const ALL: [Self; 3] = [Self::Desk, Self::Executor, Self::Account];
}

/// An input on its way to a machine.
#[derive(Debug, Clone)]
pub(super) enum Mail {
    Desk(DeskInput),
    Sender(SenderInput),
    Account(account::Input),
    Feed(feed::Input),
    Momentum(momentum::Input),
    Book(book::Input),
    Lifecycle(lifecycle::Input),
    Odds(odds::Input),
    Entry(entry::Input),
    Exit(exit::Input),
}

impl Mail {
    pub(super) const fn process(&self) -> Process {
        match self {
            Self::Sender(_) => Process::Executor,
            Self::Account(_) => Process::Account,
            _ => Process::Desk,
        }
    }
}

/// What becomes of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It happens unless a rule forbids it, and that is heard.
    Heard,
    /// It does not happen, and that is heard.
    Failed,
    /// Nobody hears whether it happens.
    Unheard { happens: bool },
}

/// Something that is due at an instant. What belongs to a process names the life of it: another one does not hear it.
#[derive(Debug)]
pub(super) enum Event {
    /// An input arrives.
    Mail { life: u32, mail: Box<Mail> },
    /// A transaction reaches the database.
    Commit { life: u32, commit: Box<Commit>, outcome: Outcome },
    /// The desk looks for a commit.
    Resolve { life: u32, epoch: u32, number: i64 },
    /// A claim reaches the database.
    Claim { life: u32, intent: IntentId, signed_at: Timestamp, outcome: Outcome },
    /// An answer reaches the database.
    Record { life: u32, answer: Box<Answer>, outcome: Outcome },
    /// The executor looks for intents that nobody told it of.
    Scan { life: u32 },
    /// The executor looks for claims of an earlier life.
    ScanOrphans { life: u32 },
    /// A request reaches the exchange; its answer is heard, or not.
    Arrive { life: u32, intent: Box<Intent>, signed_at: Timestamp, heard: bool },
    /// A page of the account is read.
    Page { life: u32, number: account::FetchNumber, list: account::List, since: Option<Timestamp> },
    /// The markets are read.
    Markets { life: u32 },
    /// Candles are read.
    Candles { life: u32, from: Timestamp, to: Timestamp },
    /// A command reaches the exchange over the line.
    Command { life: u32, connection: u64, command: Command },
    /// The line for market data is made.
    Connect { life: u32 },
    /// The line for the account is made.
    ConnectAccount { life: u32 },
    /// The desk looks at inbox and answers.
    Look { life: u32 },
    /// A process starts.
    Start { process: Process, life: u32 },
    /// The desk takes the lease and loads.
    Lead { life: u32 },
    /// A process that stood still goes on.
    GoOn { process: Process },
    /// A second has passed.
    Second,
    /// The operator does something.
    Operator,
    /// A result is replaced.
    Amend { event: String },
    /// The hand looks at its resting orders.
    Revise,
}
