//! The vocabulary of the desk: quantities with their units, what the exchange trades, and the shapes
//! that are stored or sent between services.
//!
//! This crate does no I/O, reads no clock and knows no async. Money, prices and counts are integers;
//! no float touches them.

pub mod book;
pub mod decimal;
pub mod eastern;
pub mod fee;
pub mod fresh;
pub mod grid;
pub mod ids;
pub mod index;
pub mod market;
pub mod mode;
pub mod momentum;
pub mod money;
pub mod price;
pub mod probability;
pub mod quantity;
pub mod service;
pub mod side;
pub mod ticker;
pub mod time;
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
