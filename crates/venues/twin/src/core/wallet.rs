//! Where cash is held: a subaccount on a shard.

use rec_domain::ExchangeIndex;
use serde::{Deserialize, Serialize};

use crate::core::config::CRYPTO_SHARD;

/// The shards that the twin has: the one that holds what names none, and the one that crypto trades on.
pub const SHARDS: [ExchangeIndex; 2] = [ExchangeIndex::new(0), CRYPTO_SHARD];

/// Subaccounts that an account may make beside the primary one, which is number 0.
pub const MOST_SUBACCOUNTS: u32 = 63;

/// The cash of a subaccount on a shard. Orders are paid from the one of their market's shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Wallet {
    /// The subaccount; 0 is the primary one.
    pub subaccount: u32,
    /// The shard.
    pub exchange_index: ExchangeIndex,
}

impl Wallet {
    /// A wallet.
    #[must_use]
    pub const fn new(exchange_index: ExchangeIndex, subaccount: u32) -> Self {
        Self { subaccount, exchange_index }
    }

    /// The primary account's wallet on a shard.
    #[must_use]
    pub const fn primary(exchange_index: ExchangeIndex) -> Self {
        Self::new(exchange_index, 0)
    }
}
