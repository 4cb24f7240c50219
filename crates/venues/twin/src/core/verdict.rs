//! What a market pays.

use rec_domain::{Money, Price, Quantity, Side};
use serde::{Deserialize, Serialize};

/// What a market pays, once that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// A dollar for each YES contract.
    Yes,
    /// A dollar for each NO contract.
    No,
    /// This for each YES contract and the rest of a dollar for each NO contract. Only another exchange says so: the
    /// twin's own markets have a winner.
    Scalar(Price),
}

impl Verdict {
    /// The exchange's word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Scalar(_) => "scalar",
        }
    }

    /// What a YES contract is worth.
    #[must_use]
    pub const fn value(self) -> Price {
        match self {
            Self::Yes => Price::ONE,
            Self::No => Price::ZERO,
            Self::Scalar(value) => value,
        }
    }

    /// What a position is paid: `net` YES contracts, or below zero as many NO contracts.
    #[must_use]
    pub fn pays(self, net: Quantity) -> Money {
        let value = if net.is_negative() { self.value().complement() } else { self.value() };
        value * net.abs()
    }
}

impl From<Side> for Verdict {
    /// The side that won.
    fn from(winner: Side) -> Self {
        match winner {
            Side::Yes => Self::Yes,
            Side::No => Self::No,
        }
    }
}
