//! Trades, orders, fills and settlements.

use rec_domain::{
    EventTicker, IntentId, Money, Quantity, Timestamp, TradeId,
    fill::Fill,
    ledger::Posting,
    order::{Order, OrderState},
    settlement::Settlement,
    trade::{Trade, TradeState},
};

use super::Pages;
use crate::{
    desk::{fill::select_fills, order::select_orders, settlement::select_settlements, trade::select_trades},
    error::Result,
    shape,
    time::{from_db, to_db},
};

/// A trade with everything that belongs to it, each list in the order in which it happened.
#[derive(Debug, Clone, PartialEq)]
pub struct TradeDetail {
    /// The trade.
    pub trade: Trade,
    /// The states that it came to.
    pub events: Vec<TradeEvent>,
    /// Its orders.
    pub orders: Vec<Order>,
    /// What happened to its orders.
    pub order_events: Vec<OrderEvent>,
    /// Its fills.
    pub fills: Vec<Fill>,
    /// What it got from its market's settlement; a second one is an amendment.
    pub settlements: Vec<Settlement>,
    /// Its entries in the books.
    pub postings: Vec<Posting>,
}

/// A state that a trade came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TradeEvent {
    /// When.
    pub at: Timestamp,
    /// The state.
    pub state: TradeState,
    /// Contracts held then.
    pub held: Quantity,
    /// Won or lost for good by then.
    pub realised: Money,
}

/// A change of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderEvent {
    /// The order.
    pub intent: IntentId,
    /// When.
    pub at: Timestamp,
    /// Its state from then on.
    pub state: OrderState,
    /// Contracts that the exchange says were filled by then.
    pub acknowledged: Quantity,
    /// Contracts whose fills were booked by then.
    pub booked: Quantity,
    /// The exchange's or the executor's words.
    pub note: Option<String>,
}

impl Pages {
    /// Up to `limit` trades before the one numbered `before` (all of them without).
    ///
    /// # Errors
    /// When the database does not answer, or a trade cannot be read.
    pub async fn trades(&self, before: Option<TradeId>, limit: u32) -> Result<Vec<Trade>> {
        let before = before.map_or(i64::MAX, TradeId::get);
        let rows = select_trades!("WHERE trades.id < $1 ORDER BY trades.id DESC LIMIT $2", before, i64::from(limit));
        rows.fetch_all(&self.database.pool).await?.into_iter().map(|row| row.into_domain()).collect()
    }

    /// A trade with everything that belongs to it; `None` when there is no such trade.
    ///
    /// # Errors
    /// When the database does not answer, or something cannot be read.
    pub async fn trade(&self, id: TradeId) -> Result<Option<TradeDetail>> {
        let pool = &self.database.pool;
        let Some(row) = select_trades!("WHERE trades.id = $1", id.get()).fetch_optional(pool).await? else {
            return Ok(None);
        };
        let orders = select_orders!("WHERE orders.trade_id = $1 ORDER BY orders.created_at, orders.intent", id.get());
        let fills = select_fills!("WHERE fills.trade_id = $1 ORDER BY fills.at, fills.fill_id", id.get());
        let settlements = select_settlements!("WHERE settlements.trade_id = $1 ORDER BY settlements.id", id.get());
        Ok(Some(TradeDetail {
            trade: row.into_domain()?,
            events: self.trade_events(id).await?,
            orders: orders.fetch_all(pool).await?.into_iter().map(|row| row.into_domain()).collect::<Result<_>>()?,
            order_events: self.order_events(id).await?,
            fills: fills.fetch_all(pool).await?.into_iter().map(|row| row.into_domain()).collect::<Result<_>>()?,
            settlements: settlements
                .fetch_all(pool)
                .await?
                .into_iter()
                .map(|row| row.into_domain())
                .collect::<Result<_>>()?,
            postings: self.postings_of(id).await?,
        }))
    }

    async fn trade_events(&self, id: TradeId) -> Result<Vec<TradeEvent>> {
        let rows = sqlx::query!(
            "SELECT at, state, held_e2, realised_micros FROM desk.trade_events WHERE trade_id = $1 ORDER BY id",
            id.get(),
        )
        .fetch_all(&self.database.pool)
        .await?;
        rows.into_iter()
            .map(|row| {
                Ok(TradeEvent {
                    at: from_db(row.at),
                    state: shape::word("a trade's state", &row.state)?,
                    held: Quantity::from_units(row.held_e2),
                    realised: Money::from_micros(row.realised_micros),
                })
            })
            .collect()
    }

    async fn order_events(&self, id: TradeId) -> Result<Vec<OrderEvent>> {
        let rows = sqlx::query!(
            "SELECT events.intent, events.at, events.state, events.acknowledged_e2, events.booked_e2, events.note
             FROM desk.order_events AS events
             JOIN desk.orders ON orders.intent = events.intent
             WHERE orders.trade_id = $1 ORDER BY events.id",
            id.get(),
        )
        .fetch_all(&self.database.pool)
        .await?;
        rows.into_iter()
            .map(|row| {
                Ok(OrderEvent {
                    intent: IntentId::from_uuid(row.intent),
                    at: from_db(row.at),
                    state: shape::word("an order's state", &row.state)?,
                    acknowledged: Quantity::from_units(row.acknowledged_e2),
                    booked: Quantity::from_units(row.booked_e2),
                    note: row.note,
                })
            })
            .collect()
    }

    /// The last `limit` orders.
    ///
    /// # Errors
    /// When the database does not answer, or an order cannot be read.
    pub async fn orders(&self, limit: u32) -> Result<Vec<Order>> {
        let rows = select_orders!("ORDER BY orders.created_at DESC, orders.intent DESC LIMIT $1", i64::from(limit));
        rows.fetch_all(&self.database.pool).await?.into_iter().map(|row| row.into_domain()).collect()
    }

    /// The last `limit` fills.
    ///
    /// # Errors
    /// When the database does not answer, or a fill cannot be read.
    pub async fn fills(&self, limit: u32) -> Result<Vec<Fill>> {
        let rows = select_fills!("ORDER BY fills.at DESC, fills.fill_id DESC LIMIT $1", i64::from(limit));
        rows.fetch_all(&self.database.pool).await?.into_iter().map(|row| row.into_domain()).collect()
    }

    /// The last `limit` settlements.
    ///
    /// # Errors
    /// When the database does not answer, or a settlement cannot be read.
    pub async fn settlements(&self, limit: u32) -> Result<Vec<Settlement>> {
        let rows = select_settlements!("ORDER BY settlements.id DESC LIMIT $1", i64::from(limit));
        rows.fetch_all(&self.database.pool).await?.into_iter().map(|row| row.into_domain()).collect()
    }

    /// Events that settled since `since` while a trade was held in one of their markets, by name.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn events_held_through_settlement(&self, since: Timestamp) -> Result<Vec<EventTicker>> {
        let events = sqlx::query_scalar!(
            "SELECT DISTINCT trades.event FROM desk.settlements
             JOIN desk.trades ON trades.id = settlements.trade_id
             WHERE settlements.quantity_e2 > 0 AND settlements.settled_at >= $1 ORDER BY 1",
            to_db(since),
        )
        .fetch_all(&self.database.pool)
        .await?;
        Ok(events.into_iter().map(EventTicker::new).collect())
    }
}
