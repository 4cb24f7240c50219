//! What pages and reports show: reading only, newest first.

mod control;
mod events;
mod ledger;
mod summary;
mod trades;

pub use control::{HaltRecord, RefusalCount, RefusalRun};
pub use summary::Summary;
pub use trades::{OrderEvent, TradeDetail, TradeEvent};

use crate::database::Database;

/// Reading for pages and reports.
#[derive(Debug, Clone)]
pub struct Pages {
    database: Database,
}

impl Database {
    /// Reading for pages and reports.
    #[must_use]
    pub fn pages(&self) -> Pages {
        Pages { database: self.clone() }
    }
}
