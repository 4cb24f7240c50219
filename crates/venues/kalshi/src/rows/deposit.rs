//! Deposits and withdrawals.

use rec_domain::{Money, Timestamp};
use serde::Deserialize;

use super::list::Row;
use crate::number::{Cents, Seconds, name, optional, required};

/// Money that the operator brought in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deposit {
    /// The exchange's identity of it.
    pub id: String,
    /// `pending`, `applied` (in the balance), `failed`, `returned`, or something new.
    pub status: String,
    /// The way it came.
    pub kind: String,
    /// Amount.
    pub amount: Money,
    /// What the exchange charged for it.
    pub fee: Money,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its status became final.
    pub finalized_at: Option<Timestamp>,
}

#[derive(Deserialize)]
pub(crate) struct WireDeposit {
    #[serde(deserialize_with = "name")]
    id: String,
    status: String,
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(deserialize_with = "required")]
    amount_cents: Cents,
    #[serde(deserialize_with = "required")]
    fee_cents: Cents,
    #[serde(deserialize_with = "required")]
    created_ts: Seconds,
    #[serde(default, deserialize_with = "optional")]
    finalized_ts: Option<Seconds>,
}

impl From<WireDeposit> for Deposit {
    fn from(wire: WireDeposit) -> Self {
        Self {
            id: wire.id,
            status: wire.status,
            kind: wire.kind,
            amount: wire.amount_cents.0,
            fee: wire.fee_cents.0,
            created_at: wire.created_ts.0,
            finalized_at: wire.finalized_ts.map(|seconds| seconds.0),
        }
    }
}

impl Row for Deposit {
    type Wire = WireDeposit;
    const LIST: &'static str = "deposits";
    const WHAT: &'static str = "a deposit";

    fn from_wire(wire: WireDeposit) -> Result<Self, String> {
        Ok(wire.into())
    }

    fn identity(&self) -> String {
        self.id.clone()
    }
}

/// Money that the operator took out: the same fields, in the other direction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withdrawal(pub Deposit);

impl Row for Withdrawal {
    type Wire = WireDeposit;
    const LIST: &'static str = "withdrawals";
    const WHAT: &'static str = "a withdrawal";

    fn from_wire(wire: WireDeposit) -> Result<Self, String> {
        Ok(Self(wire.into()))
    }

    fn identity(&self) -> String {
        self.0.id.clone()
    }
}
