//! The books as a whole: whether they are sound, all of their entries, and what was won or lost by what.

mod balances;
mod chain;
mod check;
mod profit;
mod read;

pub use chain::ChainHead;
pub use check::{LedgerCheck, LedgerFault};
pub use profit::{Profit, ProfitBy};

#[cfg(test)]
pub(crate) use check::check_on;

use crate::database::Database;

/// Reading of the whole books.
#[derive(Debug, Clone)]
pub struct Ledger {
    database: Database,
}

impl Database {
    /// Reading of the whole books.
    #[must_use]
    pub fn ledger(&self) -> Ledger {
        Ledger { database: self.clone() }
    }
}
