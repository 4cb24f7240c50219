//! Reading `market_lifecycle_v2`, `event_lifecycle` and `event_fee_update`.

use rec_domain::{
    EventTicker, ExchangeIndex, MarketTicker, Price, SeriesTicker, Timestamp, UsdPrice, market::LifecycleChange,
};
use serde::Deserialize;

use super::frame::{EventFeeUpdate, EventLifecycle, LifecycleUpdate};
use crate::{
    number::{Micros, Seconds, informative, optional, optional_text},
    rows::{
        event::collateral,
        market::{WireRange, grid, strike},
        series::fee_kind,
    },
};

/// A strike's fields, at the top of an update of a strike, inside `additional_metadata` of a listing.
#[derive(Deserialize, Default)]
struct WireStrike {
    #[serde(default, deserialize_with = "optional_text")]
    event_ticker: Option<EventTicker>,
    #[serde(default, deserialize_with = "optional_text")]
    strike_type: Option<String>,
    #[serde(default, deserialize_with = "informative")]
    floor_strike: Option<UsdPrice>,
    #[serde(default, deserialize_with = "informative")]
    cap_strike: Option<UsdPrice>,
}

#[derive(Deserialize)]
pub(crate) struct WireLifecycle {
    market_ticker: String,
    event_type: String,
    #[serde(default)]
    exchange_index: Option<i32>,
    #[serde(default, deserialize_with = "informative")]
    open_ts: Option<Seconds>,
    #[serde(default, deserialize_with = "informative")]
    close_ts: Option<Seconds>,
    #[serde(default, deserialize_with = "optional_text")]
    result: Option<String>,
    #[serde(default, deserialize_with = "informative")]
    determination_ts: Option<Seconds>,
    #[serde(default, deserialize_with = "informative")]
    settled_ts: Option<Seconds>,
    #[serde(default, deserialize_with = "informative")]
    settlement_value: Option<Price>,
    #[serde(default)]
    price_ranges: Option<Vec<WireRange>>,
    #[serde(default)]
    additional_metadata: Option<WireStrike>,
    #[serde(default, deserialize_with = "optional_text")]
    strike_type: Option<String>,
    #[serde(default, deserialize_with = "informative")]
    floor_strike: Option<UsdPrice>,
    #[serde(default, deserialize_with = "informative")]
    cap_strike: Option<UsdPrice>,
}

impl WireLifecycle {
    pub(crate) fn update(self) -> Result<LifecycleUpdate, String> {
        let listed = self.additional_metadata.unwrap_or_default();
        let close_time = self.close_ts.map(|seconds| seconds.0);
        let change = match self.event_type.as_str() {
            "created" => LifecycleChange::Created,
            "activated" => LifecycleChange::Activated,
            "deactivated" => LifecycleChange::Deactivated,
            "close_date_updated" => {
                LifecycleChange::CloseDateUpdated(close_time.ok_or("the new close has no close_ts")?)
            }
            "determined" => LifecycleChange::Determined { result: self.result.ok_or("the result is missing")? },
            "settled" => LifecycleChange::Settled,
            "price_level_structure_updated" => {
                let ranges = self.price_ranges.as_deref().ok_or("the new grid has no price_ranges")?;
                LifecycleChange::GridUpdated(grid(ranges)?)
            }
            other => LifecycleChange::Other(other.to_owned()),
        };
        let at: Option<Timestamp> = self.determination_ts.or(self.settled_ts).map(|seconds| seconds.0);
        Ok(LifecycleUpdate {
            ticker: MarketTicker::new(self.market_ticker),
            change,
            event: listed.event_ticker,
            exchange_index: self.exchange_index.map(ExchangeIndex::new),
            open_time: self.open_ts.map(|seconds| seconds.0),
            close_time,
            strike: strike(self.strike_type.as_deref(), self.floor_strike, self.cap_strike)
                .or_else(|| strike(listed.strike_type.as_deref(), listed.floor_strike, listed.cap_strike)),
            settlement_value: self.settlement_value,
            at,
        })
    }
}

#[derive(Deserialize)]
pub(crate) struct WireEventLifecycle {
    event_ticker: String,
    #[serde(default, deserialize_with = "optional_text")]
    series_ticker: Option<SeriesTicker>,
    #[serde(default)]
    collateral_return_type: Option<String>,
    #[serde(default)]
    exchange_index: Option<i32>,
}

impl WireEventLifecycle {
    pub(crate) fn update(self) -> EventLifecycle {
        EventLifecycle {
            ticker: EventTicker::new(self.event_ticker),
            series: self.series_ticker,
            collateral: collateral(self.collateral_return_type.as_deref()),
            exchange_index: self.exchange_index.map(ExchangeIndex::new),
        }
    }
}

#[derive(Deserialize)]
pub(crate) struct WireFeeUpdate {
    event_ticker: String,
    #[serde(default, deserialize_with = "optional_text")]
    fee_type_override: Option<String>,
    #[serde(default, deserialize_with = "optional")]
    fee_multiplier_override: Option<Micros>,
}

impl WireFeeUpdate {
    pub(crate) fn update(self) -> EventFeeUpdate {
        EventFeeUpdate {
            ticker: EventTicker::new(self.event_ticker),
            kind: self.fee_type_override.as_deref().map(fee_kind),
            multiplier_micros: self.fee_multiplier_override.map(|multiplier| multiplier.0),
        }
    }
}
