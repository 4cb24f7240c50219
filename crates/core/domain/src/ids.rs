//! Identities. Ours are UUIDs and numbers; the exchange's are opaque text.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        ///
        /// Clones share the text.
        #[serde(transparent)]
        pub struct $name(std::sync::Arc<str>);

        impl $name {
            /// From the text that the exchange uses.
            pub fn new(text: impl AsRef<str>) -> Self {
                Self(text.as_ref().into())
            }

            /// The text that the exchange uses.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(&self.0)
            }
        }
    };
}
pub(crate) use text_id;

text_id! {
    /// The exchange's identity of an order.
    OrderId
}
text_id! {
    /// The exchange's identity of a fill (`trade_id` there). Each is booked once.
    FillId
}
text_id! {
    /// The exchange's identity of an order group.
    OrderGroupId
}
text_id! {
    /// The identity that whoever placed an order gave it. One of ours reads as an [`IntentId`].
    ClientOrderId
}

/// One desk among several that may use the same account: 28 bits, drawn when its database is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DeskId(u32);

impl DeskId {
    /// The lowest 28 bits of `bits`.
    #[must_use]
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits & 0x0FFF_FFFF)
    }

    /// The 28 bits.
    #[must_use]
    pub const fn bits(self) -> u32 {
        self.0
    }
}

impl fmt::Display for DeskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:07x}", self.0)
    }
}

/// The identity of an intent, which is also the `client_order_id` of its order.
///
/// A version 8 UUID made of the mark `REC`, the desk, the lease's epoch and a number that this epoch never
/// gives twice, so that it needs no randomness, repeats in a replay, and tells whose order it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IntentId(Uuid);

const MARK: [u8; 3] = *b"REC";

impl IntentId {
    /// The intent numbered `number` in `epoch` of `desk`.
    #[must_use]
    pub fn new(desk: DeskId, epoch: u32, number: u32) -> Self {
        // mark 24 | desk 24 | version 4 | desk 4 and epoch 8 | variant 2 | epoch 22 | number 32, with 8 bits unused
        let desk_bits = desk.bits().to_be_bytes();
        let epoch_bits = epoch.to_be_bytes();
        let number_bits = number.to_be_bytes();
        let bytes = [
            MARK[0],
            MARK[1],
            MARK[2],
            desk_bits[0],
            desk_bits[1],
            desk_bits[2],
            0,
            desk_bits[3],
            0,
            epoch_bits[0],
            epoch_bits[1],
            epoch_bits[2],
            epoch_bits[3],
            number_bits[1],
            number_bits[2],
            number_bits[3],
        ];
        Self(Uuid::new_v8(bytes))
    }

    /// The identity as stored.
    #[must_use]
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid)
    }

    /// The identity to store.
    #[must_use]
    pub const fn as_uuid(self) -> Uuid {
        self.0
    }

    /// The identity as the exchange takes it.
    #[must_use]
    pub fn client_order_id(self) -> ClientOrderId {
        ClientOrderId::new(self.0.to_string())
    }

    /// The desk that made it; `None` when no REC desk did.
    #[must_use]
    pub fn desk(self) -> Option<DeskId> {
        let b = self.0.as_bytes();
        let ours = b[..3] == MARK && self.0.get_version_num() == 8;
        ours.then(|| DeskId::from_bits(u32::from_be_bytes([b[3], b[4], b[5], b[7]])))
    }
}

impl ClientOrderId {
    /// The intent that this is, when some REC desk made it.
    #[must_use]
    pub fn intent(&self) -> Option<IntentId> {
        let id = IntentId(Uuid::parse_str(&self.0).ok()?);
        id.desk().map(|_ours| id)
    }
}

impl fmt::Display for IntentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The identity that whoever asks for something gives the request; repeating it returns the first answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DecisionId(Uuid);

impl DecisionId {
    /// From a UUID that the requester made.
    #[must_use]
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid)
    }

    /// The identity to store.
    #[must_use]
    pub const fn as_uuid(self) -> Uuid {
        self.0
    }

    /// The identity of a decision that `facts` determine: the same facts give the same decision, in a replay too.
    #[must_use]
    pub fn of(facts: &str) -> Self {
        const SPACE: Uuid = Uuid::from_bytes(*b"REC decision ids");
        Self(Uuid::new_v5(&SPACE, facts.as_bytes()))
    }
}

impl fmt::Display for DecisionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The identity of a trade: a number that counts up within a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TradeId(i64);

impl TradeId {
    /// From the number.
    #[must_use]
    pub const fn new(number: i64) -> Self {
        Self(number)
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl fmt::Display for TradeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_intent_tells_its_desk_and_never_repeats_within_an_epoch() {
        let desk = DeskId::from_bits(0xABC_DEF1);
        let first = IntentId::new(desk, 7, 1);
        assert_eq!(first.desk(), Some(desk));
        assert_eq!(first.client_order_id().intent(), Some(first));
        assert_ne!(first, IntentId::new(desk, 7, 2));
        assert_ne!(first, IntentId::new(desk, 8, 1));
        assert_ne!(first, IntentId::new(DeskId::from_bits(1), 7, 1));
        assert_eq!(ClientOrderId::new("my-order-1").intent(), None);
        assert_eq!(ClientOrderId::new(Uuid::nil().to_string()).intent(), None);
    }
}
