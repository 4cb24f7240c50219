//! All machines of a desk.

use std::{
    io,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use rec_engine::{
    Machine, account::AccountMachine, book::BookMachine, desk::Desk, entry::EntryMachine, exit::ExitMachine,
    failure::Failure, feed::FeedMachine, lifecycle::LifecycleMachine, momentum::MomentumMachine, odds::OddsMachine,
    sender::Sender,
};
use rec_recording::files;
use thiserror::Error;

use super::{DayReport, MachineReport, links::Messages, verify::verify};

type Verify = fn(&Path) -> io::Result<(MachineReport, Messages)>;

/// Every machine.
const MACHINES: &[(&str, Verify)] = &[
    (AccountMachine::NAME, verify::<AccountMachine>),
    (BookMachine::NAME, verify::<BookMachine>),
    (Desk::NAME, verify::<Desk>),
    (EntryMachine::NAME, verify::<EntryMachine>),
    (ExitMachine::NAME, verify::<ExitMachine>),
    (Failure::NAME, verify::<Failure>),
    (FeedMachine::NAME, verify::<FeedMachine>),
    (LifecycleMachine::NAME, verify::<LifecycleMachine>),
    (MomentumMachine::NAME, verify::<MomentumMachine>),
    (OddsMachine::NAME, verify::<OddsMachine>),
    (Sender::NAME, verify::<Sender>),
];

/// Why a day cannot be replayed at all.
#[derive(Debug, Error)]
pub enum DayError {
    /// There is no journal.
    #[error(
        "there is no journal of any machine in {}; a desk writes them to the folder `journal` of its state directory, \
         which --from names",
        .0.display()
    )]
    Nothing(PathBuf),
    /// A folder with a name that no machine has.
    #[error("{} is the journal of no machine of this release", .0.display())]
    Unknown(PathBuf),
    /// The system refuses.
    #[error("{} cannot be read: {source}", .folder.display())]
    Unreadable {
        /// The folder.
        folder: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Replays the journals below `folder`, up to `threads` machines at a time. The result does not depend on how many.
///
/// # Errors
/// When there are none, or they cannot be read.
pub fn verify_day(folder: &Path, threads: NonZeroUsize) -> Result<DayReport, DayError> {
    let unreadable = |folder: &Path, source| DayError::Unreadable { folder: folder.to_owned(), source };
    let mut jobs = Vec::new();
    for name in files::streams(folder).map_err(|source| unreadable(folder, source))? {
        let of_machine = folder.join(&name);
        match MACHINES.iter().find(|(machine, _)| *machine == name) {
            Some((_, verify)) => jobs.push((of_machine, *verify)),
            None => return Err(DayError::Unknown(of_machine)),
        }
    }
    if jobs.is_empty() {
        return Err(DayError::Nothing(folder.to_owned()));
    }
    let (next, results) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..threads.get().min(jobs.len()) {
            scope.spawn(|| {
                while let Some((folder, verify)) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let result = verify(folder).map_err(|source| unreadable(folder, source));
                    results.lock().unwrap_or_else(PoisonError::into_inner).push(result);
                }
            });
        }
    });
    let (mut machines, mut messages) = (Vec::new(), Messages::default());
    for result in results.into_inner().unwrap_or_else(PoisonError::into_inner) {
        let (report, of_machine) = result?;
        machines.push(report);
        messages.join(of_machine);
    }
    machines.sort_by(|one, other| one.machine.cmp(&other.machine));
    let links = messages.compare(&machines);
    Ok(DayReport { machines, links })
}
