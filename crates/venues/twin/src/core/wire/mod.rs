//! The exchange's bodies and frames as the twin writes and reads them: its own types, written from the
//! protocol's description.

pub mod answers;
pub mod frames;
mod market;
mod portfolio;
pub mod requests;
mod text;

pub use market::{event_body, market_body, orderbook_body, series_body};
pub use portfolio::{
    cash_movement_body, fill_body, group_body, order_body, position_bodies, settlement_body, shard_transfer_body,
    subaccount_transfer_body,
};
pub(crate) use text::{count, dollars, price};
