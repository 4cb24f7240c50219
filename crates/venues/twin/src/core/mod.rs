//! The twin's world without I/O: it reads no clock, spawns nothing, and repeats byte for byte from its
//! seed and the mutations that were applied.
//!
//! What the exchange's description leaves open and nobody has tried on it yet is assumed here, and has to be checked
//! in the first session on the exchange's demo:
//!
//! - an order group cuts what would exceed its limit at the limit and trips then; exactly reaching it does not trip;
//!   a tripped group refuses immediate orders too, with 400 `order_group_triggered`;
//! - a reduce-only order without a position is accepted (201) and does nothing;
//! - an order on a shard without cash is `insufficient_balance`; a cancel on the wrong shard is `not_found`;
//! - `MARKET_INACTIVE` comes with status 400, also before the opening, and for cancels of orders that the close
//!   cancelled; a key without the write scope gets 403 `forbidden`;
//! - a refused order leaves its `client_order_id` free, an accepted one takes it for ever and for all shards;
//! - `average_fee_paid` is per contract; fills of makers cost nothing in this series;
//! - the weekly pause is the exchange's status, not the markets': they stay `active`, hours open and close through it,
//!   and orders get 409 `trading_is_paused`, a word that others were recorded to get;
//! - a close that lacks one of its sixty prints stays without a result, and the quarter after it without a strike;
//! - a result is disputed or amended without a frame of its own: `determined` comes once more, the status is in REST;
//! - ether strikes are five dollars apart, as public tickers are; the ranges' events hold collateral as `MECNET`;
//! - an hour that repeats when daylight saving ends is listed once, since both of its runs have the same tickers.

pub mod account;
mod amends;
pub mod archive;
mod batches;
pub mod book;
mod cancels;
pub mod candles;
mod collateral;
pub mod config;
pub mod confined;
pub mod cost;
mod crowd;
mod cutoffs;
mod dice;
pub mod exchange;
pub mod fair;
pub mod fault_input;
mod faults;
pub mod flicker;
mod groups;
mod identity;
pub mod ledger;
mod lifecycle;
pub mod limits;
pub mod market;
mod matching;
pub mod mirror;
pub mod mutation;
mod orders;
pub mod other_venue;
pub mod output;
pub mod path;
mod pause;
pub mod query;
pub mod rejection;
pub mod series;
pub mod session;
pub mod spot;
pub mod transfers;
mod underlying;
mod verdict;
pub mod wallet;
pub mod wire;

pub use config::TwinConfig;
pub use exchange::Twin;
pub use fault_input::Fault;
pub use mirror::Mirrored;
pub use mutation::{
    AmendOrder, Applied, CancelOrder, CreateGroup, CreateOrder, DecreaseOrder, Mutation, SelfTradePrevention,
    TimeInForce, TransferBetweenShards, TransferBetweenSubaccounts,
};
pub use output::{Channel, Output, Venue};
pub use rejection::Rejection;
pub use series::{Asset, Series};
pub use session::{Frame, Session};
pub use verdict::Verdict;
pub use wallet::Wallet;

#[cfg(test)]
mod tests;
