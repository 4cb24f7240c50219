//! The twin's own books: double entry, every posting sums to zero.

use std::collections::BTreeMap;

use rec_domain::Money;

use crate::core::wallet::Wallet;

/// Where money can be. Assets and expenses are positive, income and what the world gave are negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LedgerAccount {
    /// Outside: deposits come from here.
    World,
    /// Free cash.
    Cash(Wallet),
    /// Collateral of resting orders.
    Reserved(Wallet),
    /// On its way from one shard to another.
    InTransit,
    /// Open positions at cost.
    Positions,
    /// Fees paid.
    Fees,
    /// What closing and settlement brought beyond cost; income is negative.
    Result,
}

/// Balances by account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ledger {
    balances: BTreeMap<LedgerAccount, Money>,
    postings: u64,
}

impl Ledger {
    /// Books one posting.
    ///
    /// # Panics
    /// In debug builds when the legs do not sum to zero: money would appear or vanish.
    pub fn post(&mut self, legs: &[(LedgerAccount, Money)]) {
        debug_assert_eq!(legs.iter().map(|(_, amount)| *amount).sum::<Money>(), Money::ZERO, "{legs:?}");
        for (account, amount) in legs {
            *self.balances.entry(*account).or_default() += *amount;
        }
        self.postings += 1;
    }

    /// The balance of an account.
    #[must_use]
    pub fn balance(&self, account: LedgerAccount) -> Money {
        self.balances.get(&account).copied().unwrap_or_default()
    }

    /// The sum of all balances: zero, always.
    #[must_use]
    pub fn total(&self) -> Money {
        self.balances.values().copied().sum()
    }

    /// Postings so far.
    #[must_use]
    pub const fn postings(&self) -> u64 {
        self.postings
    }
}
