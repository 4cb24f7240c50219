//! The HTTP client.
//!
//! Reads are tried again a few times, since they change nothing; writes are sent once, and what became of them
//! is never guessed ([`WriteFailure`]).

pub mod client;
pub mod error;
pub mod exchange_clock;
pub mod market_data;
pub mod order_groups;
pub mod orders;
pub mod paging;
pub mod portfolio;
mod transport;
pub mod write;

#[cfg(test)]
pub(crate) mod canned;

pub use client::{Client, ClientConfig};
pub use error::{ErrorBody, RestError};
pub use exchange_clock::ExchangeClock;
pub use market_data::{EventsQuery, MarketFilter, MarketsQuery};
pub use orders::{CancelAck, CreateAck, NewOrder, SelfTradePrevention};
pub use paging::{PageGuard, Pages, PagingError};
pub use portfolio::{FillsQuery, OrderFilter, OrdersQuery, PositionsQuery, SettlementsQuery};
pub use write::{Rejection, WriteFailure};
