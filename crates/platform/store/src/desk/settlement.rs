//! Booked settlements.

use chrono::{DateTime, Utc};
use rec_domain::{MarketTicker, Money, Quantity, TradeId, settlement::Settlement};

use crate::{
    error::Result,
    link::Link,
    shape,
    time::{from_db, to_db},
};

/// A settlement's columns.
pub(crate) struct SettlementRow {
    pub(crate) ticker: String,
    pub(crate) trade_id: i64,
    pub(crate) side: String,
    pub(crate) result: String,
    pub(crate) quantity_e2: i64,
    pub(crate) revenue_micros: i64,
    pub(crate) settled_at: DateTime<Utc>,
}

impl SettlementRow {
    pub(crate) fn into_domain(self) -> Result<Settlement> {
        Ok(Settlement {
            ticker: MarketTicker::new(self.ticker),
            trade: TradeId::new(self.trade_id),
            side: shape::side(&self.side)?,
            result: self.result,
            quantity: Quantity::from_units(self.quantity_e2),
            revenue: Money::from_micros(self.revenue_micros),
            settled_at: from_db(self.settled_at),
        })
    }
}

/// Settlements that a condition holds for. The columns stand once.
macro_rules! select_settlements {
    ($rest:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            $crate::desk::settlement::SettlementRow,
            "SELECT settlements.ticker, settlements.trade_id, settlements.side, settlements.result,
                settlements.quantity_e2, settlements.revenue_micros, settlements.settled_at
             FROM desk.settlements " + $rest
            $(, $argument)*
        )
    };
}
pub(crate) use select_settlements;

/// A settlement; the same one twice breaks the table's rule.
pub(super) async fn insert(connection: &mut Link, settlement: &Settlement) -> Result<()> {
    sqlx::query!(
        "INSERT INTO desk.settlements (ticker, trade_id, side, result, quantity_e2, revenue_micros, settled_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        settlement.ticker.as_str(),
        settlement.trade.get(),
        settlement.side.name(),
        shape::text(&settlement.result),
        settlement.quantity.units(),
        settlement.revenue.micros(),
        to_db(settlement.settled_at),
    )
    .execute(connection)
    .await?;
    Ok(())
}
