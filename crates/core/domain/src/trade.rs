//! A trade: from the decision to open to the last cent.

use serde::{Deserialize, Serialize};

use crate::{
    EventTicker, ExchangeIndex, MarketTicker, Money, Price, Quantity, Side, Timestamp, TradeId, cost_basis::share_of,
};

/// Where a trade is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TradeState {
    /// An entry is under way and nothing is held yet.
    Opening,
    /// Contracts are held.
    Open,
    /// Contracts are held and an order to close is under way.
    Closing,
    /// The market has closed; the result is awaited.
    Expired,
    /// Ended by closing orders.
    Closed,
    /// Ended by the market's settlement.
    Settled,
    /// Ended without ever holding anything.
    Unfilled,
}

impl TradeState {
    /// Every state.
    pub const ALL: &'static [Self] =
        &[Self::Opening, Self::Open, Self::Closing, Self::Expired, Self::Closed, Self::Settled, Self::Unfilled];

    /// Whether the trade has ended.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Closed | Self::Settled | Self::Unfilled)
    }

    /// Snake-case name, as stored.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Opening => "opening",
            Self::Open => "open",
            Self::Closing => "closing",
            Self::Expired => "expired",
            Self::Closed => "closed",
            Self::Settled => "settled",
            Self::Unfilled => "unfilled",
        }
    }
}

/// Who began a trade.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The entry supervisor.
    Auto,
    /// The operator, through the desk.
    Manual,
    /// Somebody outside this desk: booked and counted, never supervised.
    Foreign,
}

impl Origin {
    /// Snake-case name, as stored.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Manual => "manual",
            Self::Foreign => "foreign",
        }
    }
}

/// A trade. Every amount comes from booked fills and settlements.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trade {
    /// Identity.
    pub id: TradeId,
    /// Who began it.
    pub origin: Origin,
    /// The market.
    pub ticker: MarketTicker,
    /// Its event.
    pub event: EventTicker,
    /// Its shard.
    pub exchange_index: ExchangeIndex,
    /// The side that it holds.
    pub side: Side,
    /// When its market closes.
    pub close_time: Timestamp,
    /// Where it is in its life.
    pub state: TradeState,
    /// Contracts bought.
    pub entered: Quantity,
    /// What they cost, without fees.
    pub entry_cost: Money,
    /// Contracts sold again.
    pub exited: Quantity,
    /// What they fetched, without fees.
    pub exit_proceeds: Money,
    /// All fees, of entries and exits.
    pub fees: Money,
    /// Cost of the contracts still held.
    pub open_cost: Money,
    /// What the settlement paid.
    pub settlement_revenue: Money,
    /// Chance of its side when it was decided, in percent.
    pub entry_probability_percent: Option<f64>,
    /// Why it was entered, for people.
    pub entry_reason: String,
    /// Why it was closed, for people.
    pub exit_reason: Option<String>,
    /// Orders sent to close it.
    pub exit_attempts: u32,
    /// When the last of them was decided.
    pub last_exit_at: Option<Timestamp>,
    /// When it was decided.
    pub created_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

/// What is known of a trade when it is begun.
#[derive(Debug, Clone, PartialEq)]
pub struct NewTrade {
    /// Identity.
    pub id: TradeId,
    /// Who began it.
    pub origin: Origin,
    /// The market.
    pub ticker: MarketTicker,
    /// Its event.
    pub event: EventTicker,
    /// Its shard.
    pub exchange_index: ExchangeIndex,
    /// The side that it is to hold.
    pub side: Side,
    /// When its market closes.
    pub close_time: Timestamp,
    /// Chance of its side, in percent.
    pub entry_probability_percent: Option<f64>,
    /// Why it is entered, for people.
    pub entry_reason: String,
    /// When it was decided.
    pub created_at: Timestamp,
}

impl Trade {
    /// A trade that begins: nothing is booked yet.
    #[must_use]
    pub fn opened(new: NewTrade) -> Self {
        Self {
            id: new.id,
            origin: new.origin,
            ticker: new.ticker,
            event: new.event,
            exchange_index: new.exchange_index,
            side: new.side,
            close_time: new.close_time,
            state: TradeState::Opening,
            entered: Quantity::ZERO,
            entry_cost: Money::ZERO,
            exited: Quantity::ZERO,
            exit_proceeds: Money::ZERO,
            fees: Money::ZERO,
            open_cost: Money::ZERO,
            settlement_revenue: Money::ZERO,
            entry_probability_percent: new.entry_probability_percent,
            entry_reason: new.entry_reason,
            exit_reason: None,
            exit_attempts: 0,
            last_exit_at: None,
            created_at: new.created_at,
            ended_at: None,
        }
    }

    /// Contracts held.
    #[must_use]
    pub fn held(&self) -> Quantity {
        if matches!(self.state, TradeState::Settled) { Quantity::ZERO } else { self.entered - self.exited }
    }

    /// Average price of the contracts bought; `None` before the first fill.
    #[must_use]
    pub fn average_entry(&self) -> Option<Price> {
        let units = self.entered.units();
        (units > 0).then(|| Price::from_units((self.entry_cost.micros() + units / 2).div_euclid(units)))
    }

    /// What has been won or lost for good, after all fees.
    #[must_use]
    pub fn realised(&self) -> Money {
        let cost_of_ended = self.entry_cost - self.open_cost;
        self.exit_proceeds + self.settlement_revenue - cost_of_ended - self.fees
    }

    /// Takes the cost of `quantity` contracts out of the open cost: their share, and all the rest with the last.
    pub fn release_cost(&mut self, quantity: Quantity) -> Money {
        let share = share_of(self.open_cost, quantity, self.held());
        self.open_cost -= share;
        share
    }
}
