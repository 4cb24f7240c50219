//! Booked fills.

use chrono::{DateTime, Utc};
use rec_domain::{FillId, IntentId, MarketTicker, Money, OrderId, Price, Quantity, TradeId, fill::Fill};
use sqlx::types::Uuid;

use crate::{
    error::Result,
    link::Link,
    shape,
    time::{from_db, to_db},
};

/// A fill's columns.
pub(crate) struct FillRow {
    pub(crate) fill_id: String,
    pub(crate) order_id: String,
    pub(crate) intent: Option<Uuid>,
    pub(crate) trade_id: i64,
    pub(crate) ticker: String,
    pub(crate) side: String,
    pub(crate) book_side: String,
    pub(crate) price_e4: i64,
    pub(crate) quantity_e2: i64,
    pub(crate) fee_micros: i64,
    pub(crate) is_taker: bool,
    pub(crate) at: DateTime<Utc>,
}

impl FillRow {
    pub(crate) fn into_domain(self) -> Result<Fill> {
        Ok(Fill {
            fill_id: FillId::new(self.fill_id),
            order_id: OrderId::new(self.order_id),
            intent: self.intent.map(IntentId::from_uuid),
            trade: TradeId::new(self.trade_id),
            ticker: MarketTicker::new(self.ticker),
            side: shape::side(&self.side)?,
            book_side: shape::book_side(&self.book_side)?,
            price: Price::from_units(self.price_e4),
            quantity: Quantity::from_units(self.quantity_e2),
            fee: Money::from_micros(self.fee_micros),
            is_taker: self.is_taker,
            at: from_db(self.at),
        })
    }
}

/// Fills that a condition holds for. The columns stand once.
macro_rules! select_fills {
    ($rest:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            $crate::desk::fill::FillRow,
            "SELECT fills.fill_id, fills.order_id, fills.intent, fills.trade_id, fills.ticker, fills.side,
                fills.book_side, fills.price_e4, fills.quantity_e2, fills.fee_micros, fills.is_taker, fills.at
             FROM desk.fills " + $rest
            $(, $argument)*
        )
    };
}
pub(crate) use select_fills;

/// A fill; the same one twice breaks the table's rule.
pub(super) async fn insert(connection: &mut Link, fill: &Fill) -> Result<()> {
    sqlx::query!(
        "INSERT INTO desk.fills
            (fill_id, order_id, intent, trade_id, ticker, side, book_side, price_e4, quantity_e2, fee_micros, is_taker,
             at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        fill.fill_id.as_str(),
        fill.order_id.as_str(),
        fill.intent.map(IntentId::as_uuid),
        fill.trade.get(),
        fill.ticker.as_str(),
        fill.side.name(),
        fill.book_side.name(),
        fill.price.units(),
        fill.quantity.units(),
        fill.fee.micros(),
        fill.is_taker,
        to_db(fill.at),
    )
    .execute(connection)
    .await?;
    Ok(())
}
