//! Fills as the exchange lists them.

use rec_domain::{
    BookSide, ClientOrderId, ExchangeIndex, FillId, MarketTicker, Money, OrderId, Price, Quantity, Timestamp,
    report::FillReport,
};
use serde::Deserialize;

use super::{list::Row, order::Direction};
use crate::number::{Millis, Seconds, informative, name, optional, optional_text, required};

/// A fill in a list (`fill_id`, `created_time`) and in a `fill` frame (`trade_id`, `ts_ms`).
#[derive(Deserialize)]
pub(crate) struct WireFill {
    #[serde(default, deserialize_with = "optional_text")]
    trade_id: Option<String>,
    #[serde(default, deserialize_with = "optional_text")]
    fill_id: Option<String>,
    #[serde(deserialize_with = "name")]
    order_id: String,
    /// Only in frames.
    #[serde(default, deserialize_with = "optional_text")]
    client_order_id: Option<ClientOrderId>,
    #[serde(default, deserialize_with = "optional_text")]
    ticker: Option<MarketTicker>,
    #[serde(default, deserialize_with = "optional_text")]
    market_ticker: Option<MarketTicker>,
    #[serde(default)]
    exchange_index: Option<i32>,
    #[serde(default)]
    book_side: Option<String>,
    #[serde(default)]
    outcome_side: Option<String>,
    #[serde(default)]
    purchased_side: Option<String>,
    #[serde(default)]
    side: Option<String>,
    #[serde(default)]
    action: Option<String>,
    #[serde(deserialize_with = "required")]
    yes_price_dollars: Price,
    #[serde(deserialize_with = "required")]
    count_fp: Quantity,
    is_taker: bool,
    #[serde(default, deserialize_with = "optional")]
    fee_cost: Option<Money>,
    #[serde(default, deserialize_with = "informative")]
    created_time: Option<Timestamp>,
    #[serde(default, deserialize_with = "informative")]
    ts_ms: Option<Millis>,
    #[serde(default, deserialize_with = "informative")]
    ts: Option<Seconds>,
}

impl WireFill {
    /// The old `side` names the side acquired in fills, also where the action is a sale, but not everywhere:
    /// without a newer field only a purchase is unambiguous.
    fn direction(&self) -> Result<BookSide, String> {
        let purchased = self.purchased_side.as_deref();
        let bought = self.side.as_deref().filter(|_| self.action.as_deref() == Some("buy"));
        let outcome_side = self.outcome_side.as_deref().or(purchased).or(bought);
        Direction { book_side: self.book_side.as_deref(), outcome_side, side: None, action: None }.book_side()
    }
}

impl Row for FillReport {
    type Wire = WireFill;
    const LIST: &'static str = "fills";
    const WHAT: &'static str = "a fill";

    fn from_wire(wire: WireFill) -> Result<Self, String> {
        let book_side = wire.direction()?;
        // Both names carry the same identity; each fill is booked once under it.
        let id = wire.trade_id.or(wire.fill_id).ok_or("it has no trade_id")?;
        let at = wire
            .created_time
            .or(wire.ts_ms.map(|millis| millis.0))
            .or(wire.ts.map(|seconds| seconds.0))
            .ok_or("it has no time")?;
        Ok(Self {
            fill_id: FillId::new(id),
            order_id: OrderId::new(wire.order_id),
            client_order_id: wire.client_order_id,
            ticker: wire.ticker.or(wire.market_ticker).ok_or("it has no ticker")?,
            // The exchange leaves the number out where it is its default, zero.
            exchange_index: ExchangeIndex::new(wire.exchange_index.unwrap_or(0)),
            book_side,
            price: wire.yes_price_dollars,
            quantity: wire.count_fp,
            fee: wire.fee_cost,
            is_taker: wire.is_taker,
            at,
        })
    }

    fn identity(&self) -> String {
        self.fill_id.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::list::read_row;

    #[test]
    fn a_listed_fill_and_a_streamed_one_are_the_same_report() {
        let listed: FillReport = read_row(
            r#"{"fill_id":"f","trade_id":"f","order_id":"o","ticker":"T","market_ticker":"T","exchange_index":2,
            "side":"no","action":"sell","outcome_side":"yes","book_side":"bid","count_fp":"71.94",
            "yes_price_dollars":"0.0130","is_taker":true,"created_time":"2026-08-18T10:00:00Z","fee_cost":"0.064780"}"#,
        )
        .expect("fill");
        assert_eq!(listed.fee, Some(Money::from_micros(64_780)));
        assert_eq!(listed.book_side, BookSide::Bid);
        let streamed: FillReport = read_row(
            r#"{"trade_id":"f","order_id":"o","market_ticker":"T","exchange_index":2,"is_taker":true,"side":"yes",
            "yes_price_dollars":"0.013","count_fp":"71.94","action":"buy","ts":1787047200,"ts_ms":1787047200000,
            "post_position_fp":"500.00","purchased_side":"yes","fee_cost":"0.06478"}"#,
        )
        .expect("fill");
        assert_eq!(streamed, listed);
    }

    #[test]
    fn an_ambiguous_sale_is_no_fill_of_either_side() {
        let text = r#"{"trade_id":"f","order_id":"o","ticker":"T","is_taker":true,"side":"yes","action":"sell",
            "yes_price_dollars":"0.5","count_fp":"1.00","ts":1787047200}"#;
        assert!(read_row::<FillReport>(text).is_err());
    }
}
