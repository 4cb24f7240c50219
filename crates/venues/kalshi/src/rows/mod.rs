//! What the exchange lists, read from its JSON: one file for each thing, and [`list`] for the frame around lists.

pub mod balance;
pub mod candle;
pub mod deposit;
pub mod event;
pub mod exchange_status;
pub mod fill;
pub mod flow;
pub mod index_history;
pub mod limits;
pub mod list;
pub mod market;
pub mod order;
pub mod order_book;
pub mod order_group;
pub mod position;
pub mod series;
pub mod settlement;
pub mod subaccount;
pub mod trade;

pub use balance::Balance;
pub use candle::{Bar, Candle};
pub use deposit::{Deposit, Withdrawal};
pub use event::EventRow;
pub use exchange_status::{ExchangeStatus, ShardStatus};
pub use index_history::IndexHistoryRow;
pub use limits::{AccountLimits, EndpointCost, EndpointCosts, HistoricalCutoff, RateBucket};
pub use list::{Cursor, Page, Unreadable};
pub use market::{JoinError, MarketRow};
pub use order_book::{OrderBook, PriceLevels};
pub use order_group::OrderGroup;
pub use position::PositionRow;
pub use series::SeriesRow;
pub use subaccount::{ApiKeyRow, Netting, ShardTransfer, SubaccountBalance, SubaccountTransfer};
pub use trade::{QueuePosition, TradeRow};
