//! Trades, with an event for every new state.

use chrono::{DateTime, Utc};
use rec_domain::{EventTicker, ExchangeIndex, MarketTicker, Money, Quantity, Timestamp, TradeId, trade::Trade};

use crate::{
    error::Result,
    link::Link,
    shape,
    time::{from_db, opt_from_db, opt_to_db, to_db},
};

/// A trade's columns.
pub(crate) struct TradeRow {
    pub(crate) id: i64,
    pub(crate) origin: String,
    pub(crate) ticker: String,
    pub(crate) event: String,
    pub(crate) exchange_index: i32,
    pub(crate) side: String,
    pub(crate) close_time: DateTime<Utc>,
    pub(crate) state: String,
    pub(crate) entered_e2: i64,
    pub(crate) entry_cost_micros: i64,
    pub(crate) exited_e2: i64,
    pub(crate) exit_proceeds_micros: i64,
    pub(crate) fees_micros: i64,
    pub(crate) open_cost_micros: i64,
    pub(crate) settlement_revenue_micros: i64,
    pub(crate) entry_probability_percent: Option<f64>,
    pub(crate) entry_reason: String,
    pub(crate) exit_reason: Option<String>,
    pub(crate) exit_attempts: i64,
    pub(crate) last_exit_at: Option<DateTime<Utc>>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) ended_at: Option<DateTime<Utc>>,
}

impl TradeRow {
    pub(crate) fn into_domain(self) -> Result<Trade> {
        Ok(Trade {
            id: TradeId::new(self.id),
            origin: shape::word("a trade's origin", &self.origin)?,
            ticker: MarketTicker::new(self.ticker),
            event: EventTicker::new(self.event),
            exchange_index: ExchangeIndex::new(self.exchange_index),
            side: shape::side(&self.side)?,
            close_time: from_db(self.close_time),
            state: shape::word("a trade's state", &self.state)?,
            entered: Quantity::from_units(self.entered_e2),
            entry_cost: Money::from_micros(self.entry_cost_micros),
            exited: Quantity::from_units(self.exited_e2),
            exit_proceeds: Money::from_micros(self.exit_proceeds_micros),
            fees: Money::from_micros(self.fees_micros),
            open_cost: Money::from_micros(self.open_cost_micros),
            settlement_revenue: Money::from_micros(self.settlement_revenue_micros),
            entry_probability_percent: self.entry_probability_percent,
            entry_reason: self.entry_reason,
            exit_reason: self.exit_reason,
            exit_attempts: shape::count("a trade's exit attempts", self.exit_attempts)?,
            last_exit_at: opt_from_db(self.last_exit_at),
            created_at: from_db(self.created_at),
            ended_at: opt_from_db(self.ended_at),
        })
    }
}

/// Trades that a condition holds for. The columns stand once.
macro_rules! select_trades {
    ($rest:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            $crate::desk::trade::TradeRow,
            "SELECT trades.id, trades.origin, trades.ticker, trades.event, trades.exchange_index, trades.side,
                trades.close_time, trades.state, trades.entered_e2, trades.entry_cost_micros, trades.exited_e2,
                trades.exit_proceeds_micros, trades.fees_micros, trades.open_cost_micros,
                trades.settlement_revenue_micros, trades.entry_probability_percent, trades.entry_reason,
                trades.exit_reason, trades.exit_attempts, trades.last_exit_at, trades.created_at, trades.ended_at
             FROM desk.trades " + $rest
            $(, $argument)*
        )
    };
}
pub(crate) use select_trades;

/// A trade as it stands now. What it is never changes, so only how it stands is updated.
pub(super) async fn upsert(connection: &mut Link, at: Timestamp, trade: &Trade) -> Result<()> {
    // The first part sees the table as it was before the statement.
    sqlx::query!(
        "WITH before AS (SELECT state FROM desk.trades WHERE id = $1),
         upsert AS (
            INSERT INTO desk.trades
                (id, origin, ticker, event, exchange_index, side, close_time, state, entered_e2, entry_cost_micros,
                 exited_e2, exit_proceeds_micros, fees_micros, open_cost_micros, settlement_revenue_micros,
                 entry_probability_percent, entry_reason, exit_reason, exit_attempts, last_exit_at, created_at,
                 ended_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
                $22)
            ON CONFLICT (id) DO UPDATE SET
                close_time = excluded.close_time, state = excluded.state, entered_e2 = excluded.entered_e2,
                entry_cost_micros = excluded.entry_cost_micros, exited_e2 = excluded.exited_e2,
                exit_proceeds_micros = excluded.exit_proceeds_micros, fees_micros = excluded.fees_micros,
                open_cost_micros = excluded.open_cost_micros,
                settlement_revenue_micros = excluded.settlement_revenue_micros,
                entry_probability_percent = excluded.entry_probability_percent,
                entry_reason = excluded.entry_reason, exit_reason = excluded.exit_reason,
                exit_attempts = excluded.exit_attempts, last_exit_at = excluded.last_exit_at,
                ended_at = excluded.ended_at
         )
         INSERT INTO desk.trade_events (trade_id, at, state, held_e2, realised_micros)
         SELECT $1, $23, $8, $24, $25 WHERE NOT EXISTS (SELECT FROM before WHERE state = $8)",
        trade.id.get(),
        trade.origin.name(),
        trade.ticker.as_str(),
        trade.event.as_str(),
        trade.exchange_index.get(),
        trade.side.name(),
        to_db(trade.close_time),
        trade.state.name(),
        trade.entered.units(),
        trade.entry_cost.micros(),
        trade.exited.units(),
        trade.exit_proceeds.micros(),
        trade.fees.micros(),
        trade.open_cost.micros(),
        trade.settlement_revenue.micros(),
        trade.entry_probability_percent,
        shape::text(&trade.entry_reason),
        shape::opt_text(trade.exit_reason.as_deref()),
        i64::from(trade.exit_attempts),
        opt_to_db(trade.last_exit_at),
        to_db(trade.created_at),
        opt_to_db(trade.ended_at),
        to_db(at),
        trade.held().units(),
        trade.realised().micros(),
    )
    .execute(connection)
    .await?;
    Ok(())
}
