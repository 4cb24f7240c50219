//! The vocabulary of the desk: quantities with their units, what the exchange trades, and the shapes
//! that are stored or sent between services.
//!
//! This crate does no I/O, reads no clock and knows no async. Money, prices and counts are integers;
//! no float touches them.

pub mod answer;
pub mod arming;
pub mod audit;
pub mod book;
pub mod bus_event;
pub mod caps;
pub mod command;
pub mod cost_basis;
pub mod decimal;
pub mod desk_snapshot;
pub mod desk_view;
pub mod eastern;
pub mod emergency;
pub mod fee;
pub mod fill;
pub mod flow;
pub mod fresh;
pub mod grid;
pub mod halt;
pub mod health;
pub mod ids;
pub mod index;
pub mod intent;
pub mod ledger;
pub mod market;
pub mod mode;
pub mod momentum;
pub mod money;
pub mod order;
pub mod outbox;
pub mod price;
pub mod probability;
pub mod quantity;
pub mod reconciliation;
pub mod refusal;
pub mod report;
pub mod risk_view;
pub mod row;
pub mod service;
pub mod settings;
pub mod settlement;
pub mod side;
pub mod strike_table;
pub mod tap;
pub mod ticker;
pub mod time;
pub mod trade;
pub mod usd_price;

pub use fresh::Fresh;
pub use grid::{PriceGrid, PriceRange};
pub use ids::{ClientOrderId, DecisionId, DeskId, FillId, IntentId, OrderGroupId, OrderId, TradeId};
pub use mode::Mode;
pub use money::Money;
pub use price::Price;
pub use probability::Probability;
pub use quantity::Quantity;
pub use service::Service;
pub use side::{BookSide, Side};
pub use ticker::{EventTicker, ExchangeIndex, MarketTicker, SeriesTicker};
pub use time::{Clock, TimeSpan, Timestamp};
pub use usd_price::UsdPrice;
