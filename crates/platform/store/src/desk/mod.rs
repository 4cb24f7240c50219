//! What trade-manager writes and reads: commits, and the state to start from.

mod commit;
mod control;
#[cfg(any(test, feature = "testing"))]
mod fault;
pub(crate) mod fill;
mod flow;
pub(crate) mod intent;
mod load;
pub(crate) mod order;
mod parked;
pub(crate) mod posting;
pub(crate) mod reconciliation;
mod risk;
pub(crate) mod settlement;
pub(crate) mod trade;
mod write;

pub use commit::CommitOutcome;
#[cfg(any(test, feature = "testing"))]
pub use fault::Fault;
pub use rec_domain::desk_snapshot::{DeskSnapshot, StoredGroup, StoredIntent, StoredOrder, StoredRepeat};

use crate::database::Database;

/// The desk's rows, as trade-manager. Clones share everything.
#[derive(Debug, Clone)]
pub struct Desk {
    pub(crate) database: Database,
    #[cfg(any(test, feature = "testing"))]
    faults: fault::Faults,
}

impl Database {
    /// The desk's rows.
    #[must_use]
    pub fn desk(&self) -> Desk {
        Desk {
            database: self.clone(),
            #[cfg(any(test, feature = "testing"))]
            faults: fault::Faults::default(),
        }
    }
}
