//! An order of the desk and what is known of it.

use serde::{Deserialize, Serialize};

use crate::{
    IntentId, Money, OrderId, Price, Quantity, Timestamp, TradeId,
    intent::{GroupRole, OrderSpec},
};

/// Where an order is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderState {
    /// Committed; the executor has not said anything yet.
    Intended,
    /// Taken by the exchange and resting.
    Working,
    /// It may or may not have been executed.
    Unknown,
    /// Filled completely.
    Executed,
    /// Ended with less than everything filled.
    Canceled,
    /// Refused by the exchange.
    Rejected,
    /// Certainly never reached the exchange.
    Absent,
}

impl OrderState {
    /// Every state.
    pub const ALL: &'static [Self] =
        &[Self::Intended, Self::Working, Self::Unknown, Self::Executed, Self::Canceled, Self::Rejected, Self::Absent];

    /// Whether nothing more can fill.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Executed | Self::Canceled | Self::Rejected | Self::Absent)
    }

    /// Snake-case name, as stored.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Intended => "intended",
            Self::Working => "working",
            Self::Unknown => "unknown",
            Self::Executed => "executed",
            Self::Canceled => "canceled",
            Self::Rejected => "rejected",
            Self::Absent => "absent",
        }
    }
}

/// An order of the desk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// The intent that it is.
    pub intent: IntentId,
    /// The trade that it opens or closes.
    pub trade: TradeId,
    /// Whether it opens or closes.
    pub role: GroupRole,
    /// What was sent.
    pub spec: OrderSpec,
    /// Where it is in its life.
    pub state: OrderState,
    /// The exchange's identity, once known.
    pub order_id: Option<OrderId>,
    /// Contracts that the exchange says are filled.
    pub acknowledged: Quantity,
    /// Contracts whose fills are booked.
    pub booked: Quantity,
    /// When it was signed, once known.
    pub signed_at: Option<Timestamp>,
    /// When the intent was committed.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// The most that it could cost when it was sent.
    pub worst_case: Money,
    /// The exchange's or the executor's words, when it did not go as wanted.
    pub note: Option<String>,
}

impl Order {
    /// Whether nothing more will be booked for it.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.state.is_final() && self.booked >= self.acknowledged
    }

    /// Contracts that may still fill or have filled without being booked yet.
    #[must_use]
    pub fn unbooked(&self) -> Quantity {
        let most = if self.state.is_final() { self.acknowledged } else { self.spec.quantity };
        Quantity::from_units((most - self.booked).units().max(0))
    }

    /// What may still be paid for contracts that are not booked yet, fees included; zero for an order that closes.
    #[must_use]
    pub fn open_worst_case(&self) -> Money {
        if self.role == GroupRole::Exit || self.spec.quantity.is_zero() {
            return Money::ZERO;
        }
        let unbooked = self.unbooked();
        if unbooked == self.spec.quantity {
            return self.worst_case;
        }
        // The share of the whole worst case, rounded up: never less than what can be paid.
        let share = i128::from(self.worst_case.micros()) * i128::from(unbooked.units());
        let quantity = i128::from(self.spec.quantity.units());
        let micros = (share + quantity - 1).div_euclid(quantity);
        Money::from_micros(i64::try_from(micros).unwrap_or(self.worst_case.micros()))
    }

    /// The limit as price of the order's own side.
    #[must_use]
    pub fn limit(&self) -> Price {
        self.spec.limit()
    }
}
