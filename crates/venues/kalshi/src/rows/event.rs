//! Events: one close, several strikes, one way of holding collateral.

use rec_domain::{
    EventTicker, ExchangeIndex, SeriesTicker,
    fee::{FeeKind, FeeSchedule},
    market::Collateral,
};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    list::{ReadError, Row, Strictness, Unreadable, members, read_row, read_rows},
    market::MarketRow,
    series::fee_kind,
};
use crate::number::{Micros, optional, optional_text};

/// An event as the exchange describes it.
#[derive(Debug, Clone, PartialEq)]
pub struct EventRow {
    /// Its name.
    pub ticker: EventTicker,
    /// Its series.
    pub series: SeriesTicker,
    /// Text for people.
    pub title: String,
    /// How it holds collateral.
    pub collateral: Collateral,
    /// Formula that replaces the series' for this event.
    pub fee_kind_override: Option<FeeKind>,
    /// Multiplier in millionths that replaces the series' for this event.
    pub fee_multiplier_override_micros: Option<i64>,
    /// Its shard, where stated.
    pub exchange_index: Option<ExchangeIndex>,
    /// Its markets, where they were asked for.
    pub markets: Vec<MarketRow>,
    /// Markets that could not be read.
    pub unreadable: Vec<Unreadable>,
}

impl EventRow {
    /// What trading in this event costs: the series' fee, or what the event has instead.
    #[must_use]
    pub fn fees(&self, series: FeeSchedule) -> FeeSchedule {
        FeeSchedule {
            kind: self.fee_kind_override.unwrap_or(series.kind),
            multiplier_micros: self.fee_multiplier_override_micros.unwrap_or(series.multiplier_micros),
        }
    }
}

#[derive(Deserialize)]
pub(crate) struct WireEvent {
    event_ticker: String,
    series_ticker: String,
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    collateral_return_type: Option<String>,
    #[serde(default, deserialize_with = "optional_text")]
    fee_type_override: Option<String>,
    #[serde(default, deserialize_with = "optional")]
    fee_multiplier_override: Option<Micros>,
    #[serde(default)]
    exchange_index: Option<i32>,
    #[serde(default)]
    markets: Option<Box<RawValue>>,
}

/// The exchange's word for collateral. An event that does not say is not entered: only an empty word means none.
pub(crate) fn collateral(word: Option<&str>) -> Collateral {
    match word {
        Some("") => Collateral::None,
        Some("DIRECNET") => Collateral::DirectNetting,
        Some(other) => Collateral::Other(other.to_owned()),
        None => Collateral::Other("not stated".to_owned()),
    }
}

impl Row for EventRow {
    type Wire = WireEvent;
    const LIST: &'static str = "events";
    const WHAT: &'static str = "an event";

    fn from_wire(wire: WireEvent) -> Result<Self, String> {
        let (markets, unreadable) = match wire.markets.as_deref() {
            Some(list) => read_rows(list, Strictness::Tolerant).map_err(|error| error.to_string())?,
            None => (Vec::new(), Vec::new()),
        };
        Ok(Self {
            ticker: EventTicker::new(wire.event_ticker),
            series: SeriesTicker::new(wire.series_ticker),
            title: wire.title.unwrap_or_default(),
            collateral: collateral(wire.collateral_return_type.as_deref()),
            fee_kind_override: wire.fee_type_override.as_deref().map(fee_kind),
            fee_multiplier_override_micros: wire.fee_multiplier_override.map(|multiplier| multiplier.0),
            exchange_index: wire.exchange_index.map(ExchangeIndex::new),
            markets,
            unreadable,
        })
    }

    fn identity(&self) -> String {
        self.ticker.to_string()
    }
}

/// Reads the answer to a request for one event: its markets stand inside it, or beside it.
pub(crate) fn read_event(body: &str) -> Result<EventRow, ReadError> {
    let members = members(body, EventRow::WHAT)?;
    let event = members.get("event").ok_or_else(|| ReadError::new(EventRow::WHAT, "the answer has no \"event\""))?;
    let mut event: EventRow = read_row(event.get())?;
    if let Some(list) = members.get("markets").filter(|_| event.markets.is_empty()) {
        (event.markets, event.unreadable) = read_rows(list, Strictness::Tolerant)?;
    }
    Ok(event)
}
