//! A recorded event with its markets.

use rec_domain::{
    EventTicker, ExchangeIndex, MarketTicker, Price, PriceGrid, Quantity, SeriesTicker, Timestamp, UsdPrice,
    fee::FeeSchedule,
    market::{Collateral, Market, MarketStatus, StrikeRule},
};
use serde::Deserialize;

use crate::{
    number::{PriceCents, informative, optional, optional_text, required},
    rows::{
        event::collateral,
        list::{ReadError, members},
        market::{status, strike},
    },
};

/// A recorded event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegacyEvent {
    /// The event.
    pub ticker: EventTicker,
    /// Its series.
    pub series: SeriesTicker,
    /// How it held collateral.
    pub collateral: Collateral,
    /// When it was recorded, where stated.
    pub recorded_at: Option<Timestamp>,
    /// Its markets.
    pub markets: Vec<LegacyMarket>,
}

/// A market of a recorded event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegacyMarket {
    /// The market.
    pub ticker: MarketTicker,
    /// Text for people.
    pub title: String,
    /// Where it was in its life.
    pub status: MarketStatus,
    /// Which settlement values win.
    pub strike: Option<StrikeRule>,
    /// When it opened.
    pub open_time: Timestamp,
    /// When it closed.
    pub close_time: Timestamp,
    /// Contracts traded.
    pub volume: Quantity,
    /// Highest price at which YES was wanted; `None` where there was none.
    pub yes_bid: Option<Price>,
    /// Lowest price at which YES was offered; `None` where there was none.
    pub yes_ask: Option<Price>,
}

impl LegacyEvent {
    /// Its markets as the desk has them. The recording does not say what the series charged; all prices were whole
    /// cents, and there was one shard.
    #[must_use]
    pub fn markets(&self, fees: FeeSchedule) -> Vec<Market> {
        let market = |market: &LegacyMarket| Market {
            ticker: market.ticker.clone(),
            event: self.ticker.clone(),
            series: self.series.clone(),
            title: market.title.clone(),
            status: market.status.clone(),
            strike: market.strike,
            open_time: market.open_time,
            close_time: market.close_time,
            grid: PriceGrid::linear_cent(),
            exchange_index: ExchangeIndex::new(0),
            volume: market.volume,
            fees,
            collateral: self.collateral.clone(),
        };
        self.markets.iter().map(market).collect()
    }
}

#[derive(Deserialize)]
struct WireEvent {
    event_ticker: String,
    series_ticker: String,
    #[serde(default)]
    collateral_return_type: Option<String>,
    /// Inside of the event, where they were asked for that way.
    #[serde(default)]
    markets: Option<Vec<WireMarket>>,
}

#[derive(Deserialize)]
struct WireMarket {
    ticker: String,
    #[serde(default, deserialize_with = "optional_text")]
    yes_sub_title: Option<String>,
    status: String,
    #[serde(deserialize_with = "required")]
    open_time: Timestamp,
    #[serde(deserialize_with = "required")]
    close_time: Timestamp,
    #[serde(default, deserialize_with = "optional_text")]
    strike_type: Option<String>,
    #[serde(default, deserialize_with = "optional")]
    floor_strike: Option<UsdPrice>,
    #[serde(default, deserialize_with = "optional")]
    cap_strike: Option<UsdPrice>,
    #[serde(default, deserialize_with = "optional")]
    volume: Option<Quantity>,
    #[serde(default, deserialize_with = "optional")]
    yes_bid: Option<PriceCents>,
    #[serde(default, deserialize_with = "optional")]
    yes_ask: Option<PriceCents>,
}

#[derive(Deserialize)]
struct Body {
    event: WireEvent,
    #[serde(default)]
    markets: Option<Vec<WireMarket>>,
}

#[derive(Deserialize)]
struct File {
    #[serde(default, deserialize_with = "informative")]
    cloud_timestamp: Option<Timestamp>,
    data: Body,
}

/// Zero and one dollar stood for "nobody".
fn quoted(price: Option<PriceCents>) -> Option<Price> {
    price.map(|cents| cents.0).filter(|price| price.is_positive() && *price < Price::ONE)
}

/// Reads a recorded answer to a request for an event: the answer alone, or under `data` beside the time at which it came.
///
/// # Errors
/// When the text is no such recording.
pub fn read_event(json: &str) -> Result<LegacyEvent, ReadError> {
    let wrong = |reason: &dyn std::fmt::Display| ReadError::new("a recorded event", reason);
    let is_alone = !members(json, "a recorded event")?.contains_key("data");
    let read = if is_alone {
        serde_json::from_str(json).map(|data| File { cloud_timestamp: None, data })
    } else {
        serde_json::from_str(json)
    };
    let File { cloud_timestamp, data: Body { mut event, markets } } = read.map_err(|error| wrong(&error))?;
    let markets = markets.or(event.markets.take()).ok_or_else(|| wrong(&"it has no \"markets\""))?;
    let market = |wire: WireMarket| LegacyMarket {
        ticker: MarketTicker::new(wire.ticker),
        title: wire.yes_sub_title.unwrap_or_default(),
        status: status(&wire.status),
        strike: strike(wire.strike_type.as_deref(), wire.floor_strike, wire.cap_strike),
        open_time: wire.open_time,
        close_time: wire.close_time,
        volume: wire.volume.unwrap_or_default(),
        yes_bid: quoted(wire.yes_bid),
        yes_ask: quoted(wire.yes_ask),
    };
    Ok(LegacyEvent {
        ticker: EventTicker::new(event.event_ticker),
        series: SeriesTicker::new(event.series_ticker),
        collateral: collateral(event.collateral_return_type.as_deref()),
        recorded_at: cloud_timestamp,
        markets: markets.into_iter().map(market).collect(),
    })
}
