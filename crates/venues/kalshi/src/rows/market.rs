//! Markets as the exchange describes them, and their union with event and series.

use rec_domain::{
    EventTicker, ExchangeIndex, MarketTicker, Price, PriceGrid, PriceRange, Quantity, TimeSpan, Timestamp, UsdPrice,
    book::{Level, Top},
    market::{Market, MarketStatus, StrikeRule},
};
use serde::Deserialize;
use thiserror::Error;

use super::{event::EventRow, list::Row, series::SeriesRow};
use crate::number::{SpanSeconds, expiration_value, informative, name, optional, optional_text, required};

/// A market as the exchange describes it, without what stands in its event and its series.
#[derive(Debug, Clone, PartialEq)]
pub struct MarketRow {
    /// Its name.
    pub ticker: MarketTicker,
    /// Its event.
    pub event: EventTicker,
    /// Text for people, as "$92,800 or above".
    pub title: String,
    /// Where it is in its life.
    pub status: MarketStatus,
    /// Which settlement values win; `None` while the exchange has not set the strike, or where it is no number.
    pub strike: Option<StrikeRule>,
    /// First instant at which it takes orders.
    pub open_time: Timestamp,
    /// First instant at which it takes no more, and the instant that it settles on.
    pub close_time: Timestamp,
    /// When the exchange expects the result; not the settlement instant.
    pub expected_expiration_time: Option<Timestamp>,
    /// How long after the result it is paid.
    pub settlement_timer: Option<TimeSpan>,
    /// Orderable prices.
    pub grid: PriceGrid,
    /// Its shard, where stated.
    pub exchange_index: Option<ExchangeIndex>,
    /// Contracts traded so far.
    pub volume: Quantity,
    /// Best bid and ask, as REST last knew them: several seconds old at times.
    pub top: Top,
    /// Price of the last trade; `None` where there was none.
    pub last_price: Option<Price>,
    /// `yes`, `no`, `scalar`; `None` while it is not known.
    pub result: Option<String>,
    /// The value of the underlying that it settled on; `None` while unknown, or where it is no number.
    pub expiration_value: Option<UsdPrice>,
    /// What one YES contract pays, where stated.
    pub settlement_value: Option<Price>,
    /// When it last changed.
    pub updated_at: Option<Timestamp>,
}

/// Rows that do not belong together.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{child} belongs to {parent}, not to {given}")]
pub struct JoinError {
    /// The market or event.
    pub child: String,
    /// What it says it belongs to.
    pub parent: String,
    /// What it was joined with.
    pub given: String,
}

impl MarketRow {
    /// The market with its event's collateral and its fee: the event's, or else its series'.
    ///
    /// # Errors
    /// When the rows do not belong together.
    pub fn join(&self, event: &EventRow, series: &SeriesRow) -> Result<Market, JoinError> {
        let belongs = |child: &str, parent: &str, given: &str| {
            if parent == given {
                Ok(())
            } else {
                Err(JoinError { child: child.to_owned(), parent: parent.to_owned(), given: given.to_owned() })
            }
        };
        belongs(self.ticker.as_str(), self.event.as_str(), event.ticker.as_str())?;
        belongs(event.ticker.as_str(), event.series.as_str(), series.ticker.as_str())?;
        Ok(Market {
            ticker: self.ticker.clone(),
            event: self.event.clone(),
            series: event.series.clone(),
            title: self.title.clone(),
            status: self.status.clone(),
            strike: self.strike,
            open_time: self.open_time,
            close_time: self.close_time,
            grid: self.grid.clone(),
            // The exchange leaves the number out where it is its default, zero.
            exchange_index: self
                .exchange_index
                .or(event.exchange_index)
                .or(series.exchange_index)
                .unwrap_or(ExchangeIndex::new(0)),
            volume: self.volume,
            fees: event.fees(series.fees),
            collateral: event.collateral.clone(),
        })
    }
}

#[derive(Deserialize)]
pub(crate) struct WireMarket {
    #[serde(deserialize_with = "name")]
    ticker: String,
    #[serde(deserialize_with = "name")]
    event_ticker: String,
    #[serde(default, deserialize_with = "optional_text")]
    yes_sub_title: Option<String>,
    #[serde(default, deserialize_with = "optional_text")]
    subtitle: Option<String>,
    #[serde(default, deserialize_with = "optional_text")]
    title: Option<String>,
    status: String,
    #[serde(deserialize_with = "required")]
    open_time: Timestamp,
    #[serde(deserialize_with = "required")]
    close_time: Timestamp,
    #[serde(default, deserialize_with = "informative")]
    expected_expiration_time: Option<Timestamp>,
    #[serde(default, deserialize_with = "informative")]
    settlement_timer_seconds: Option<SpanSeconds>,
    price_ranges: Vec<WireRange>,
    #[serde(default)]
    exchange_index: Option<i32>,
    #[serde(default, deserialize_with = "optional")]
    volume_fp: Option<Quantity>,
    #[serde(default, deserialize_with = "informative")]
    yes_bid_dollars: Option<Price>,
    #[serde(default, deserialize_with = "informative")]
    yes_bid_size_fp: Option<Quantity>,
    #[serde(default, deserialize_with = "informative")]
    yes_ask_dollars: Option<Price>,
    #[serde(default, deserialize_with = "informative")]
    yes_ask_size_fp: Option<Quantity>,
    #[serde(default, deserialize_with = "informative")]
    last_price_dollars: Option<Price>,
    #[serde(default, deserialize_with = "optional_text")]
    result: Option<String>,
    #[serde(default, deserialize_with = "optional_text")]
    expiration_value: Option<String>,
    #[serde(default, deserialize_with = "informative")]
    settlement_value_dollars: Option<Price>,
    #[serde(default, deserialize_with = "informative")]
    updated_time: Option<Timestamp>,
    #[serde(default, deserialize_with = "optional_text")]
    strike_type: Option<String>,
    #[serde(default, deserialize_with = "optional")]
    floor_strike: Option<UsdPrice>,
    #[serde(default, deserialize_with = "optional")]
    cap_strike: Option<UsdPrice>,
}

/// Orderable prices on the wire.
#[derive(Deserialize)]
pub(crate) struct WireRange {
    #[serde(deserialize_with = "required")]
    start: Price,
    #[serde(deserialize_with = "required")]
    end: Price,
    #[serde(deserialize_with = "required")]
    step: Price,
}

/// A grid from its ranges.
pub(crate) fn grid(ranges: &[WireRange]) -> Result<PriceGrid, String> {
    let ranges = ranges.iter().map(|range| PriceRange { start: range.start, end: range.end, step: range.step });
    PriceGrid::new(ranges.collect()).ok_or_else(|| "price_ranges make no grid of prices".to_owned())
}

/// The exchange's word for where a market is in its life.
pub(crate) fn status(word: &str) -> MarketStatus {
    match word {
        "initialized" => MarketStatus::Initialized,
        "inactive" => MarketStatus::Inactive,
        "active" => MarketStatus::Active,
        "closed" => MarketStatus::Closed,
        "determined" => MarketStatus::Determined,
        "disputed" => MarketStatus::Disputed,
        "amended" => MarketStatus::Amended,
        "finalized" => MarketStatus::Finalized,
        other => MarketStatus::Other(other.to_owned()),
    }
}

/// The strike from its type and bounds; `None` while a bound is missing, and for types that are no number.
pub(crate) fn strike(kind: Option<&str>, floor: Option<UsdPrice>, cap: Option<UsdPrice>) -> Option<StrikeRule> {
    match kind? {
        "greater" => floor.map(StrikeRule::Greater),
        "greater_or_equal" => floor.map(StrikeRule::GreaterOrEqual),
        "less" => cap.map(StrikeRule::Less),
        "less_or_equal" => cap.map(StrikeRule::LessOrEqual),
        "between" => floor.zip(cap).filter(|(floor, cap)| floor <= cap).map(|(f, c)| StrikeRule::Between(f, c)),
        _ => None,
    }
}

/// A side of the top: a price of zero or one dollar means that there is no order, and a price without a size says
/// too little.
pub(crate) fn quoted(price: Option<Price>, size: Option<Quantity>) -> Option<Level> {
    let price = price.filter(|price| price.is_positive() && *price < Price::ONE)?;
    Some(Level { price, quantity: size? })
}

impl Row for MarketRow {
    type Wire = WireMarket;
    const LIST: &'static str = "markets";
    const WHAT: &'static str = "a market";

    fn from_wire(wire: WireMarket) -> Result<Self, String> {
        Ok(Self {
            ticker: MarketTicker::new(wire.ticker),
            event: EventTicker::new(wire.event_ticker),
            title: wire.yes_sub_title.or(wire.subtitle).or(wire.title).unwrap_or_default(),
            status: status(&wire.status),
            strike: strike(wire.strike_type.as_deref(), wire.floor_strike, wire.cap_strike),
            open_time: wire.open_time,
            close_time: wire.close_time,
            expected_expiration_time: wire.expected_expiration_time,
            settlement_timer: wire.settlement_timer_seconds.map(|span| span.0),
            grid: grid(&wire.price_ranges)?,
            exchange_index: wire.exchange_index.map(ExchangeIndex::new),
            volume: wire.volume_fp.unwrap_or_default(),
            top: Top {
                bid: quoted(wire.yes_bid_dollars, wire.yes_bid_size_fp),
                ask: quoted(wire.yes_ask_dollars, wire.yes_ask_size_fp),
            },
            last_price: wire.last_price_dollars.filter(|price| price.is_positive()),
            result: wire.result,
            expiration_value: wire.expiration_value.as_deref().and_then(expiration_value),
            settlement_value: wire.settlement_value_dollars,
            updated_at: wire.updated_time,
        })
    }

    fn identity(&self) -> String {
        self.ticker.to_string()
    }
}

#[cfg(test)]
mod tests {
    use rec_domain::{fee::FeeKind, market::Collateral};

    use super::*;
    use crate::rows::list::read_row;

    const MARKET: &str = r#"{"ticker":"S-E-T1","event_ticker":"S-E","status":"active","strike_type":"greater",
        "floor_strike":92799.99,"open_time":"2026-09-25T19:00:00Z","close_time":"2026-09-25T20:00:00Z",
        "price_ranges":[{"start":"0.0000","end":"1.0000","step":"0.0100"}],"expiration_value":"79,604.96",
        "volume_fp":"12.50","yes_bid_dollars":"0.0000","yes_ask_dollars":"0.0100","yes_ask_size_fp":"5.00","news":{}}"#;

    #[test]
    fn a_market_is_read_exactly_and_joined_with_event_and_series() {
        let market: MarketRow = read_row(MARKET).expect("market");
        assert_eq!(market.strike, Some(StrikeRule::Greater("92799.99".parse().expect("price"))));
        assert_eq!(market.expiration_value, Some("79604.96".parse().expect("price")));
        assert_eq!(market.top.bid, None);
        let event: EventRow = read_row(
            r#"{"event_ticker":"S-E","series_ticker":"S","collateral_return_type":"DIRECNET",
                "fee_type_override":null,"fee_multiplier_override":0.5}"#,
        )
        .expect("event");
        let series: SeriesRow =
            read_row(r#"{"ticker":"S","fee_type":"quadratic","fee_multiplier":1,"exchange_index":2}"#).expect("series");
        let joined = market.join(&event, &series).expect("they belong together");
        assert_eq!(joined.exchange_index, ExchangeIndex::new(2));
        assert_eq!(joined.collateral, Collateral::DirectNetting);
        assert_eq!((joined.fees.kind, joined.fees.multiplier_micros), (FeeKind::Quadratic, 500_000));
        let other: SeriesRow = read_row(r#"{"ticker":"T","fee_type":"flat","fee_multiplier":1}"#).expect("series");
        assert_eq!(other.fees.kind, FeeKind::Unknown);
        assert!(market.join(&event, &other).is_err());
    }

    #[test]
    fn an_unknown_word_is_kept_and_an_unset_strike_is_none() {
        let text = MARKET.replace("active", "sleeping").replace("92799.99", "null");
        let market: MarketRow = read_row(&text).expect("market");
        assert_eq!(market.status, MarketStatus::Other("sleeping".to_owned()));
        assert_eq!(market.strike, None);
    }

    #[test]
    fn a_strike_or_grid_that_cannot_be_held_exactly_is_refused() {
        assert!(read_row::<MarketRow>(&MARKET.replace("92799.99", "92799.9999999")).is_err());
        assert!(read_row::<MarketRow>(&MARKET.replace("92799.99", "1e300")).is_err());
        assert!(read_row::<MarketRow>(&MARKET.replace(r#""0.0100"}]"#, r#""0.0000"}]"#)).is_err());
    }

    #[test]
    fn only_an_event_that_says_so_has_no_collateral_rule() {
        let event = |collateral: &str| {
            read_row::<EventRow>(&format!(r#"{{"event_ticker":"E","series_ticker":"S"{collateral}}}"#)).expect("event")
        };
        assert!(event(r#","collateral_return_type":"""#).collateral.may_enter());
        assert!(!event(r#","collateral_return_type":"MECNET""#).collateral.may_enter());
        assert!(!event("").collateral.may_enter());
    }
}
