//! Settlements as the exchange lists them.

use rec_domain::{EventTicker, ExchangeIndex, MarketTicker, Money, Quantity, Timestamp, report::SettlementReport};
use serde::Deserialize;

use super::list::Row;
use crate::number::{Cents, name, optional, optional_text, required};

#[derive(Deserialize)]
pub(crate) struct WireSettlement {
    #[serde(deserialize_with = "name")]
    ticker: String,
    #[serde(default, deserialize_with = "optional_text")]
    event_ticker: Option<EventTicker>,
    #[serde(default)]
    exchange_index: Option<i32>,
    market_result: String,
    #[serde(deserialize_with = "required")]
    yes_count_fp: Quantity,
    #[serde(deserialize_with = "required")]
    yes_total_cost_dollars: Money,
    #[serde(deserialize_with = "required")]
    no_count_fp: Quantity,
    #[serde(deserialize_with = "required")]
    no_total_cost_dollars: Money,
    /// Whole cents to this day.
    #[serde(deserialize_with = "required")]
    revenue: Cents,
    /// Whole cents to this day.
    #[serde(default, deserialize_with = "optional")]
    value: Option<Cents>,
    #[serde(deserialize_with = "required")]
    settled_time: Timestamp,
}

impl Row for SettlementReport {
    type Wire = WireSettlement;
    const LIST: &'static str = "settlements";
    const WHAT: &'static str = "a settlement";

    fn from_wire(wire: WireSettlement) -> Result<Self, String> {
        Ok(Self {
            ticker: MarketTicker::new(wire.ticker),
            event: wire.event_ticker.ok_or("it has no event_ticker")?,
            exchange_index: wire.exchange_index.map(ExchangeIndex::new),
            result: wire.market_result,
            yes_count: wire.yes_count_fp,
            yes_cost: wire.yes_total_cost_dollars,
            no_count: wire.no_count_fp,
            no_cost: wire.no_total_cost_dollars,
            revenue: wire.revenue.0,
            value: wire.value.map(|cents| cents.0),
            // The exchange charges nothing for settling. Its `fee_cost` here is what the fills cost in all, which they
            // have stated themselves: taken as a fee of the settlement it would be paid twice.
            fee: Money::ZERO,
            settled_at: wire.settled_time,
        })
    }

    fn identity(&self) -> String {
        format!("{} {}", self.ticker, self.settled_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::list::read_row;

    #[test]
    fn revenue_is_in_cents_and_the_fees_of_the_fills_are_not_paid_again() {
        let row: SettlementReport = read_row(
            r#"{"ticker":"T","event_ticker":"E","market_result":"no","yes_count_fp":"0.00",
            "yes_total_cost_dollars":"0.000000","no_count_fp":"3.00","no_total_cost_dollars":"2.760000","revenue":300,
            "value":null,"fee_cost":"0.017500","settled_time":"2026-08-18T10:02:30.5Z"}"#,
        )
        .expect("settlement");
        assert_eq!(row.revenue, Money::from_dollars(3));
        assert_eq!(row.no_cost, Money::from_cents(276));
        assert_eq!((row.value, row.exchange_index), (None, None));
        assert_eq!(row.fee, Money::ZERO);
    }
}
