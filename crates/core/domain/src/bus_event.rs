//! What services tell one another over the bus. Losing any of it loses no order and no fill.

use serde::{Deserialize, Serialize};

use crate::{
    Fresh, Timestamp, UsdPrice,
    book::BookTop,
    desk_view::DeskView,
    health::HealthReport,
    index::IndexPrint,
    market::{Market, MarketLifecycle},
    momentum::MomentumReading,
    outbox::OutboxEvent,
    refusal::RefusalCode,
    strike_table::{StrikeRows, StrikeTable},
};

/// An event on the bus.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "topic", content = "body", rename_all = "snake_case")]
pub enum BusEvent {
    /// A price of the underlying at a spot venue.
    Spot(Fresh<UsdPrice>),
    /// A print of the settlement index.
    Index(IndexPrint),
    /// Momentum.
    Momentum(MomentumReading),
    /// Every market that is open or about to open.
    Markets(Vec<Market>),
    /// Tops of books that changed.
    Books(Vec<BookTop>),
    /// A change in a market's life.
    Lifecycle(MarketLifecycle),
    /// The strike table.
    Strikes(Box<StrikeTable>),
    /// Rows of the strike table whose books changed.
    Rows(StrikeRows),
    /// The desk as it stands.
    Desk(Box<DeskView>),
    /// Something that happened at the desk.
    Outbox(OutboxEvent),
    /// Health of every service.
    Health(HealthReport),
    /// What the entry supervisor is doing.
    Entry(EntryStatus),
}

/// The kind of a [`BusEvent`], by which services subscribe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// Spot prices.
    Spot,
    /// Index prints.
    Index,
    /// Momentum.
    Momentum,
    /// Markets.
    Markets,
    /// Books.
    Books,
    /// Market life cycle.
    Lifecycle,
    /// Strike tables.
    Strikes,
    /// Rows of the strike table between two of them.
    Rows,
    /// The desk's state.
    Desk,
    /// The desk's events.
    Outbox,
    /// Health.
    Health,
    /// Entry supervisor.
    Entry,
}

impl BusEvent {
    /// The kind.
    #[must_use]
    pub const fn topic(&self) -> Topic {
        match self {
            Self::Spot(_) => Topic::Spot,
            Self::Index(_) => Topic::Index,
            Self::Momentum(_) => Topic::Momentum,
            Self::Markets(_) => Topic::Markets,
            Self::Books(_) => Topic::Books,
            Self::Lifecycle(_) => Topic::Lifecycle,
            Self::Strikes(_) => Topic::Strikes,
            Self::Rows(_) => Topic::Rows,
            Self::Desk(_) => Topic::Desk,
            Self::Outbox(_) => Topic::Outbox,
            Self::Health(_) => Topic::Health,
            Self::Entry(_) => Topic::Entry,
        }
    }
}

/// What the entry supervisor is doing, and why it does not enter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EntryStatus {
    /// When.
    pub at: Timestamp,
    /// Its state in one word.
    pub state: EntryState,
    /// Until when entries are paused after a spike; moves on while it is not calm.
    pub paused_until: Option<Timestamp>,
    /// Rows looked at since the start.
    pub considered: u64,
    /// Requests made since the start.
    pub requested: u64,
    /// Rows refused since the start, by reason.
    pub refused: Vec<(RefusalCode, u64)>,
}

/// The entry supervisor's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryState {
    /// Switched off, halted or without fresh data.
    Disabled,
    /// Paused after a spike.
    Paused,
    /// Outside the time window.
    Inactive,
    /// Looking for entries.
    Active,
}
