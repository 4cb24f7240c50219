//! Limits on values and on risk.

use rec_domain::{TimeSpan, caps::RiskCaps};
use serde::Deserialize;

use super::seconds;

/// How old a value may be on the way to an order. In accelerated modes the clock of `runtime` widens them to
/// one second of wall time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FreshnessConfig {
    /// Spot price.
    #[serde(rename = "price_seconds", deserialize_with = "seconds")]
    pub price: TimeSpan,
    /// Settlement index.
    #[serde(rename = "index_seconds", deserialize_with = "seconds")]
    pub index: TimeSpan,
    /// Order book.
    #[serde(rename = "book_seconds", deserialize_with = "seconds")]
    pub book: TimeSpan,
    /// Strike table.
    #[serde(rename = "strike_table_seconds", deserialize_with = "seconds")]
    pub strike_table: TimeSpan,
}

/// Limits on entries, and what no limit may exceed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RiskConfig {
    /// The limits.
    pub caps: RiskCaps,
    /// What none of them may exceed.
    pub ceiling: RiskCaps,
    /// Counts up when what was lowered at run time and the peak of equity shall be forgotten.
    pub revision: u32,
}

impl<'de> Deserialize<'de> for RiskConfig {
    /// The limits stand in `[risk]` itself and the ceilings in `[risk.ceiling]`; both refuse unknown names, which
    /// flattening would not.
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        let mut table = toml::Table::deserialize(deserializer)?;
        let ceiling = table.remove("ceiling").ok_or_else(|| D::Error::missing_field("ceiling"))?;
        let revision = table.remove("revision").ok_or_else(|| D::Error::missing_field("revision"))?;
        let revision = revision.try_into().map_err(|error: toml::de::Error| D::Error::custom(error.message()))?;
        let caps =
            toml::Value::Table(table).try_into().map_err(|error: toml::de::Error| D::Error::custom(error.message()))?;
        let ceiling = ceiling.try_into().map_err(|error: toml::de::Error| D::Error::custom(error.message()))?;
        Ok(Self { caps, ceiling, revision })
    }
}
