//! Series: what charges a fee.

use rec_domain::{
    ExchangeIndex, SeriesTicker,
    fee::{FeeKind, FeeSchedule},
};
use serde::Deserialize;

use super::list::Row;
use crate::number::{Micros, optional};

/// A series as the exchange describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeriesRow {
    /// Its name.
    pub ticker: SeriesTicker,
    /// Text for people.
    pub title: String,
    /// What it charges. A kind or a multiplier that cannot be read gives [`FeeKind::Unknown`].
    pub fees: FeeSchedule,
    /// Its shard, where stated.
    pub exchange_index: Option<ExchangeIndex>,
}

#[derive(Deserialize)]
pub(crate) struct WireSeries {
    ticker: String,
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    fee_type: Option<String>,
    /// A JSON double, read from its text.
    #[serde(default, deserialize_with = "optional")]
    fee_multiplier: Option<Micros>,
    #[serde(default)]
    exchange_index: Option<i32>,
}

/// The exchange's word for a formula.
pub(crate) fn fee_kind(word: &str) -> FeeKind {
    match word {
        "quadratic" => FeeKind::Quadratic,
        "quadratic_with_maker_fees" => FeeKind::QuadraticWithMakerFees,
        "quadratic_with_combo_maker_fees" => FeeKind::QuadraticWithComboMakerFees,
        // "flat" among them: its amount is not documented.
        _ => FeeKind::Unknown,
    }
}

impl Row for SeriesRow {
    type Wire = WireSeries;
    const LIST: &'static str = "series";
    const WHAT: &'static str = "a series";

    fn from_wire(wire: WireSeries) -> Result<Self, String> {
        let fees = match (wire.fee_type.as_deref().map(fee_kind), wire.fee_multiplier) {
            (Some(kind), Some(multiplier)) => FeeSchedule { kind, multiplier_micros: multiplier.0 },
            // A fee without its formula or without its factor is not known; the multiplier is then not used.
            _ => FeeSchedule { kind: FeeKind::Unknown, multiplier_micros: 1_000_000 },
        };
        Ok(Self {
            ticker: SeriesTicker::new(wire.ticker),
            title: wire.title.unwrap_or_default(),
            fees,
            exchange_index: wire.exchange_index.map(ExchangeIndex::new),
        })
    }

    fn identity(&self) -> String {
        self.ticker.to_string()
    }
}
