//! Markets and events as the exchange describes them.

use serde::{Deserialize, Serialize};

use crate::{
    EventTicker, ExchangeIndex, MarketTicker, PriceGrid, Quantity, SeriesTicker, Side, TimeSpan, Timestamp, UsdPrice,
    fee::FeeSchedule,
};

/// Where a market is in its life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarketStatus {
    /// Listed, not open yet.
    Initialized,
    /// Open, trading suspended.
    Inactive,
    /// Takes orders.
    Active,
    /// Closed, result not known.
    Closed,
    /// Result known, not paid.
    Determined,
    /// The result is disputed.
    Disputed,
    /// The result was changed.
    Amended,
    /// Paid.
    Finalized,
    /// A word that this version does not know: nothing is traded on it.
    Other(String),
}

/// Which values of the underlying make a market resolve to YES.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StrikeRule {
    /// Strictly above the floor.
    Greater(UsdPrice),
    /// At the floor or above.
    GreaterOrEqual(UsdPrice),
    /// Strictly below the cap.
    Less(UsdPrice),
    /// At the cap or below.
    LessOrEqual(UsdPrice),
    /// From the first to the second, both included.
    Between(UsdPrice, UsdPrice),
}

impl StrikeRule {
    /// The winning side when the underlying settles at `value`.
    #[must_use]
    pub fn result(self, value: UsdPrice) -> Side {
        let yes = match self {
            Self::Greater(floor) => value > floor,
            Self::GreaterOrEqual(floor) => value >= floor,
            Self::Less(cap) => value < cap,
            Self::LessOrEqual(cap) => value <= cap,
            Self::Between(floor, cap) => floor <= value && value <= cap,
        };
        if yes { Side::Yes } else { Side::No }
    }

    /// The nominal strike of an "above" market: the lowest cent that wins.
    #[must_use]
    pub fn nominal_above(self) -> Option<UsdPrice> {
        match self {
            Self::Greater(floor) => Some(floor + UsdPrice::from_cents(1)),
            Self::GreaterOrEqual(floor) => Some(floor),
            _ => None,
        }
    }
}

/// How the exchange holds collateral across the markets of an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Collateral {
    /// Each market by itself.
    None,
    /// YES and NO of one market net at once.
    DirectNetting,
    /// Something else: shown, never entered.
    Other(String),
}

impl Collateral {
    /// Whether the desk may enter markets of an event with this collateral.
    #[must_use]
    pub const fn may_enter(&self) -> bool {
        matches!(self, Self::None | Self::DirectNetting)
    }
}

/// A market with what the desk needs of its event and series.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Market {
    /// The market's name.
    pub ticker: MarketTicker,
    /// The event it belongs to.
    pub event: EventTicker,
    /// The series it belongs to.
    pub series: SeriesTicker,
    /// Text for people, as "$92,800 or above".
    pub title: String,
    /// Where it is in its life.
    pub status: MarketStatus,
    /// Which settlement values win; `None` while the exchange has not set the strike.
    pub strike: Option<StrikeRule>,
    /// First instant at which it takes orders.
    pub open_time: Timestamp,
    /// First instant at which it takes no more, and the instant that it settles on.
    pub close_time: Timestamp,
    /// Orderable prices.
    pub grid: PriceGrid,
    /// The shard it trades on.
    pub exchange_index: ExchangeIndex,
    /// Contracts traded so far.
    pub volume: Quantity,
    /// What the series charges.
    pub fees: FeeSchedule,
    /// How the event holds collateral.
    pub collateral: Collateral,
}

impl Market {
    /// Whether the market takes orders at `now`: the exchange announces neither opening nor closing by time.
    #[must_use]
    pub fn takes_orders(&self, now: Timestamp) -> bool {
        let by_status = matches!(self.status, MarketStatus::Active | MarketStatus::Initialized);
        by_status && self.open_time <= now && now < self.close_time
    }

    /// Takes over what happened to it.
    pub fn take(&mut self, change: &LifecycleChange) {
        match change {
            LifecycleChange::Activated => self.status = MarketStatus::Active,
            LifecycleChange::Deactivated => self.status = MarketStatus::Inactive,
            LifecycleChange::CloseDateUpdated(close_time) => self.close_time = *close_time,
            LifecycleChange::Determined { .. } => self.status = MarketStatus::Determined,
            LifecycleChange::Settled => self.status = MarketStatus::Finalized,
            LifecycleChange::GridUpdated(grid) => self.grid = grid.clone(),
            LifecycleChange::Created | LifecycleChange::Other(_) => {}
        }
    }

    /// Time until the close; negative afterwards.
    #[must_use]
    pub fn time_to_close(&self, now: Timestamp) -> TimeSpan {
        self.close_time.since(now)
    }
}

/// A change in a market's life that the exchange announced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarketLifecycle {
    /// The market.
    pub ticker: MarketTicker,
    /// What happened.
    pub change: LifecycleChange,
    /// When we received it.
    pub received_at: Timestamp,
}

/// What happened to a market.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LifecycleChange {
    /// It was listed.
    Created,
    /// Trading resumed.
    Activated,
    /// Trading was suspended.
    Deactivated,
    /// It closes at another time.
    CloseDateUpdated(Timestamp),
    /// The result is known; the settlement value per YES contract is given where the exchange states it.
    Determined {
        /// The result word: `yes`, `no`, `scalar` or something new.
        result: String,
    },
    /// It was paid.
    Settled,
    /// Orderable prices changed.
    GridUpdated(PriceGrid),
    /// Something that this version does not act on.
    Other(String),
}
