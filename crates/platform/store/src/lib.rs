//! The desk's memory: Postgres with its migrations and every query, and the private cluster for laptops and tests.
//!
//! SQL stands only in this crate. [`Database`] is a pool of connections as one service, with nothing but that
//! service's grants; what can be read and written hangs on it by topic: [`Database::desk`], [`Database::inbox`],
//! [`Database::answers`], [`Database::claims`], [`Database::outbox`] and so on.

mod answers;
pub mod backup;
mod claims;
pub mod cluster;
mod connection;
mod database;
mod desk;
mod error;
mod hint;
mod identity;
mod inbox;
mod lease;
mod ledger;
mod link;
mod market;
mod ops;
mod outbox;
mod pages;
mod prune;
mod schema;
mod shape;
#[cfg(any(test, feature = "testing"))]
mod test_desk;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[cfg(test)]
mod tests;
mod time;
mod wipe;

pub use answers::Answers;
pub use claims::Claims;
pub use connection::{Connection, Password, Role, SslMode, UnknownSslMode};
pub use database::Database;
#[cfg(any(test, feature = "testing"))]
pub use desk::Fault;
pub use desk::{CommitOutcome, Desk, DeskSnapshot, StoredGroup, StoredIntent, StoredOrder, StoredRepeat};
pub use error::{Incompatible, Result, StoreError};
pub use hint::{Hint, Hints};
pub use identity::Identity;
pub use inbox::Inbox;
pub use lease::Lease;
pub use ledger::{ChainHead, Ledger, LedgerCheck, LedgerFault, Profit, ProfitBy};
pub use market::MarketData;
pub use ops::{Alert, AuditEntry, LoginToken, Ops, Session, Severity, StoredHealth, User, Users};
pub use outbox::{Outbox, OutboxBatch};
pub use pages::{HaltRecord, OrderEvent, Pages, RefusalCount, RefusalRun, Summary, TradeDetail, TradeEvent};
pub use prune::{Pruned, Retention};
pub use schema::migrations;
#[cfg(any(test, feature = "testing"))]
pub use test_desk::TEST_ACCOUNT;
