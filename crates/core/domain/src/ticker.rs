//! The exchange's names of what it trades. They are compared and shown, never parsed for truth.

use serde::{Deserialize, Serialize};

use crate::ids::text_id;

text_id! {
    /// A series, as `KXBTCD`.
    SeriesTicker
}
text_id! {
    /// An event, as `KXBTCD-26SEP2516`: one close, several strikes.
    EventTicker
}
text_id! {
    /// A market, as `KXBTCD-26SEP2516-T92799.99`: one strike of an event.
    MarketTicker
}

/// The shard of the exchange on which something trades, with its own collateral. Read per market, sent explicitly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ExchangeIndex(i32);

impl ExchangeIndex {
    /// From the exchange's number.
    #[must_use]
    pub const fn new(index: i32) -> Self {
        Self(index)
    }

    /// The exchange's number.
    #[must_use]
    pub const fn get(self) -> i32 {
        self.0
    }
}

impl std::fmt::Display for ExchangeIndex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}
