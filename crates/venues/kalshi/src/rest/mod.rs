//! The HTTP client.
//!
//! Reads are tried again a few times, since they change nothing; writes are sent once, and what became of them
//! is never guessed ([`WriteFailure`]). Whatever the account pays for with its rate waits its turn in the client's own
//! token buckets.

pub mod ahead;
pub mod client;
pub mod error;
pub mod exchange_clock;
pub mod historical;
pub mod market_data;
pub mod market_history;
pub mod order_batches;
pub mod order_changes;
pub mod order_groups;
pub mod orders;
mod pace;
pub mod paging;
pub mod portfolio;
pub mod subaccounts;
mod transport;
pub mod write;

#[cfg(test)]
pub(crate) mod canned;

pub use ahead::{Signature, SignedAhead};
pub use client::{Client, ClientConfig};
pub use error::{ErrorBody, RestError};
pub use exchange_clock::ExchangeClock;
pub use historical::HistoricalQuery;
pub use market_data::{EventsQuery, MarketFilter, MarketsQuery};
pub use market_history::{CandleMinutes, CandlesQuery, TradesQuery};
pub use order_changes::{AmendAck, Amendment, DecreaseAck, Reduction};
pub use orders::{CancelAck, CreateAck, NewOrder, SelfTradePrevention};
pub use paging::{PageGuard, Pages, PagingError};
pub use portfolio::{FillsQuery, OrderFilter, OrdersQuery, PositionsQuery, SettlementsQuery};
pub use subaccounts::{BetweenShards, BetweenSubaccounts};
pub use write::{Rejection, WriteFailure};
