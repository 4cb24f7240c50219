//! Positions as the exchange lists them: compared with the desk's, never copied.

use rec_domain::{ExchangeIndex, MarketTicker, Money, Quantity, Timestamp, report::PositionReport};
use serde::Deserialize;

use super::list::Row;
use crate::number::{Signed, informative, optional_text, required};

/// A position as the exchange has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PositionRow {
    /// The market.
    pub ticker: MarketTicker,
    /// The shard.
    pub exchange_index: ExchangeIndex,
    /// Contracts: above zero YES, below zero NO.
    pub position: Quantity,
    /// What it cost, as the exchange counts it.
    pub exposure: Option<Money>,
    /// Profit taken so far, as the exchange counts it.
    pub realized: Option<Money>,
    /// Fees paid so far.
    pub fees: Option<Money>,
    /// When it last changed.
    pub updated_at: Option<Timestamp>,
}

impl From<PositionRow> for PositionReport {
    fn from(row: PositionRow) -> Self {
        Self { ticker: row.ticker, position: row.position }
    }
}

/// A position in a list and in a `market_position` frame.
#[derive(Deserialize)]
pub(crate) struct WirePosition {
    #[serde(default, deserialize_with = "optional_text")]
    ticker: Option<MarketTicker>,
    #[serde(default, deserialize_with = "optional_text")]
    market_ticker: Option<MarketTicker>,
    #[serde(default)]
    exchange_index: Option<i32>,
    #[serde(deserialize_with = "required")]
    position_fp: Signed,
    #[serde(default, deserialize_with = "informative")]
    market_exposure_dollars: Option<Money>,
    #[serde(default, deserialize_with = "informative")]
    position_cost_dollars: Option<Money>,
    #[serde(default, deserialize_with = "informative")]
    realized_pnl_dollars: Option<Money>,
    #[serde(default, deserialize_with = "informative")]
    fees_paid_dollars: Option<Money>,
    #[serde(default, deserialize_with = "informative")]
    last_updated_ts: Option<Timestamp>,
}

impl Row for PositionRow {
    type Wire = WirePosition;
    const LIST: &'static str = "market_positions";
    const WHAT: &'static str = "a position";

    fn from_wire(wire: WirePosition) -> Result<Self, String> {
        Ok(Self {
            ticker: wire.ticker.or(wire.market_ticker).ok_or("it has no ticker")?,
            // The exchange leaves the number out where it is its default, zero.
            exchange_index: ExchangeIndex::new(wire.exchange_index.unwrap_or(0)),
            position: wire.position_fp.0,
            exposure: wire.market_exposure_dollars.or(wire.position_cost_dollars),
            realized: wire.realized_pnl_dollars,
            fees: wire.fees_paid_dollars,
            updated_at: wire.last_updated_ts,
        })
    }

    fn identity(&self) -> String {
        self.ticker.to_string()
    }
}
