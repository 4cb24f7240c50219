//! Orders, with an event for every change.

use chrono::{DateTime, Utc};
use rec_domain::{
    ExchangeIndex, IntentId, MarketTicker, Money, OrderGroupId, OrderId, Price, Quantity, Timestamp, TradeId,
    intent::OrderSpec, order::Order,
};
use sqlx::types::Uuid;

use crate::{
    error::Result,
    link::Link,
    shape,
    time::{from_db, opt_from_db, opt_to_db, to_db},
};

/// An order's columns.
pub(crate) struct OrderRow {
    pub(crate) intent: Uuid,
    pub(crate) trade_id: i64,
    pub(crate) role: String,
    pub(crate) ticker: String,
    pub(crate) exchange_index: i32,
    pub(crate) side: String,
    pub(crate) book_side: String,
    pub(crate) price_e4: i64,
    pub(crate) quantity_e2: i64,
    pub(crate) time_in_force: String,
    pub(crate) reduce_only: bool,
    pub(crate) group_id: String,
    pub(crate) state: String,
    pub(crate) order_id: Option<String>,
    pub(crate) acknowledged_e2: i64,
    pub(crate) booked_e2: i64,
    pub(crate) signed_at: Option<DateTime<Utc>>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
    pub(crate) worst_case_micros: i64,
    pub(crate) note: Option<String>,
}

impl OrderRow {
    pub(crate) fn into_domain(self) -> Result<Order> {
        Ok(Order {
            intent: IntentId::from_uuid(self.intent),
            trade: TradeId::new(self.trade_id),
            role: shape::role(&self.role)?,
            spec: OrderSpec {
                ticker: MarketTicker::new(self.ticker),
                exchange_index: ExchangeIndex::new(self.exchange_index),
                side: shape::side(&self.side)?,
                book_side: shape::book_side(&self.book_side)?,
                price: Price::from_units(self.price_e4),
                quantity: Quantity::from_units(self.quantity_e2),
                time_in_force: shape::word("a time in force", &self.time_in_force)?,
                reduce_only: self.reduce_only,
                group: OrderGroupId::new(self.group_id),
            },
            state: shape::word("an order's state", &self.state)?,
            order_id: self.order_id.map(OrderId::new),
            acknowledged: Quantity::from_units(self.acknowledged_e2),
            booked: Quantity::from_units(self.booked_e2),
            signed_at: opt_from_db(self.signed_at),
            created_at: from_db(self.created_at),
            updated_at: from_db(self.updated_at),
            worst_case: Money::from_micros(self.worst_case_micros),
            note: self.note,
        })
    }
}

/// Orders that a condition holds for. The columns stand once.
macro_rules! select_orders {
    ($rest:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            $crate::desk::order::OrderRow,
            "SELECT orders.intent, orders.trade_id, orders.role, orders.ticker, orders.exchange_index, orders.side,
                orders.book_side, orders.price_e4, orders.quantity_e2, orders.time_in_force, orders.reduce_only,
                orders.group_id, orders.state, orders.order_id, orders.acknowledged_e2, orders.booked_e2,
                orders.signed_at, orders.created_at, orders.updated_at, orders.worst_case_micros, orders.note
             FROM desk.orders " + $rest
            $(, $argument)*
        )
    };
}
pub(crate) use select_orders;

/// An order as it stands now. What was sent never changes, so only its state is updated.
pub(super) async fn upsert(connection: &mut Link, at: Timestamp, order: &Order) -> Result<()> {
    let spec = &order.spec;
    let order_id = order.order_id.as_ref().map(OrderId::as_str);
    let note = shape::opt_text(order.note.as_deref());
    sqlx::query!(
        "INSERT INTO desk.orders
            (intent, trade_id, role, ticker, exchange_index, side, book_side, price_e4, quantity_e2, time_in_force,
             reduce_only, group_id, state, order_id, acknowledged_e2, booked_e2, signed_at, created_at, updated_at,
             worst_case_micros, note)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)
         ON CONFLICT (intent) DO UPDATE SET
            state = excluded.state, order_id = excluded.order_id, acknowledged_e2 = excluded.acknowledged_e2,
            booked_e2 = excluded.booked_e2, signed_at = excluded.signed_at, updated_at = excluded.updated_at,
            note = excluded.note",
        order.intent.as_uuid(),
        order.trade.get(),
        order.role.name(),
        spec.ticker.as_str(),
        spec.exchange_index.get(),
        spec.side.name(),
        spec.book_side.name(),
        spec.price.units(),
        spec.quantity.units(),
        shape::time_in_force(spec.time_in_force),
        spec.reduce_only,
        spec.group.as_str(),
        order.state.name(),
        order_id,
        order.acknowledged.units(),
        order.booked.units(),
        opt_to_db(order.signed_at),
        to_db(order.created_at),
        to_db(order.updated_at),
        order.worst_case.micros(),
        note.as_deref(),
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "INSERT INTO desk.order_events (intent, at, state, order_id, acknowledged_e2, booked_e2, note)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        order.intent.as_uuid(),
        to_db(at),
        order.state.name(),
        order_id,
        order.acknowledged.units(),
        order.booked.units(),
        note.as_deref(),
    )
    .execute(connection)
    .await?;
    Ok(())
}
