//! Token buckets: how much an account may ask and change in a second of market time.
//!
//! Tiers and budgets are those of the exchange's page of 2026-09-24: reads and writes apart, shared by all keys of the
//! account, single writes to a shard from 1 on out of a whole budget of that shard's own. Reads of the two lowest
//! tiers, and writes above the lowest, may save up three seconds; everything else saves up one.

use std::collections::BTreeMap;

use rec_domain::{ExchangeIndex, Timestamp};
use serde_json::{Value, json};

use crate::core::cost::{Bucket, Cost};

/// Shards that may have a bucket of their own; the exchange's parameters allow no more.
const SHARDS_MOST: i32 = 100;

/// What an account may use up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tier {
    /// What every account begins with.
    #[default]
    Basic,
    /// What an account may take by itself.
    Advanced,
    /// The first that is granted.
    Expert,
}

/// How fast a bucket fills, and how much it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Tokens in a second of market time.
    pub per_second: u32,
    /// Tokens when it is full.
    pub capacity: u32,
}

impl Tier {
    /// The exchange's word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Basic => "basic",
            Self::Advanced => "advanced",
            Self::Expert => "expert",
        }
    }

    /// For reads.
    #[must_use]
    pub const fn read(self) -> Budget {
        match self {
            Self::Basic => Budget { per_second: 200, capacity: 600 },
            Self::Advanced => Budget { per_second: 300, capacity: 900 },
            Self::Expert => Budget { per_second: 600, capacity: 600 },
        }
    }

    /// For writes: of the bucket without a shard, and of each shard's.
    #[must_use]
    pub const fn write(self) -> Budget {
        match self {
            Self::Basic => Budget { per_second: 100, capacity: 100 },
            Self::Advanced => Budget { per_second: 300, capacity: 900 },
            Self::Expert => Budget { per_second: 600, capacity: 1_800 },
        }
    }

    /// The body of `GET /account/limits`.
    #[must_use]
    pub fn body(self) -> Value {
        let bucket = |budget: Budget| json!({ "refill_rate": budget.per_second, "bucket_capacity": budget.capacity });
        json!({ "usage_tier": self.name(), "read": bucket(self.read()), "write": bucket(self.write()), "grants": [] })
    }
}

/// One bucket. It is full at the start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenBucket {
    budget: Budget,
    /// In millionths of a token: a rate per second is then a whole number per microsecond.
    level: i64,
    filled_at: Timestamp,
}

impl TokenBucket {
    /// A full bucket.
    #[must_use]
    pub fn full(budget: Budget, now: Timestamp) -> Self {
        Self { budget, level: i64::from(budget.capacity) * 1_000_000, filled_at: now }
    }

    /// Takes all of `tokens`, or nothing. A clock that goes back fills nothing.
    pub fn take(&mut self, now: Timestamp, tokens: u32) -> bool {
        let elapsed = now.since(self.filled_at).micros().max(0);
        let gained = elapsed.saturating_mul(i64::from(self.budget.per_second));
        self.level = self.level.saturating_add(gained).min(i64::from(self.budget.capacity) * 1_000_000);
        self.filled_at = self.filled_at.max(now);
        let wanted = i64::from(tokens) * 1_000_000;
        let fits = wanted <= self.level;
        if fits {
            self.level -= wanted;
        }
        fits
    }
}

/// All buckets of an account.
#[derive(Debug, Clone)]
pub struct Limits {
    tier: Tier,
    read: TokenBucket,
    write: TokenBucket,
    shards: BTreeMap<ExchangeIndex, TokenBucket>,
}

impl Limits {
    /// Full buckets of a tier.
    #[must_use]
    pub fn of(tier: Tier, now: Timestamp) -> Self {
        Self {
            tier,
            read: TokenBucket::full(tier.read(), now),
            write: TokenBucket::full(tier.write(), now),
            shards: BTreeMap::new(),
        }
    }

    /// Whose budgets these are.
    #[must_use]
    pub const fn tier(&self) -> Tier {
        self.tier
    }

    /// Pays for a request, or says that it is one too many.
    pub fn pay(&mut self, now: Timestamp, cost: Cost) -> bool {
        let bucket = match cost.bucket {
            Bucket::Read => &mut self.read,
            Bucket::ShardWrite(shard) if shard.get() <= SHARDS_MOST => {
                self.shards.entry(shard).or_insert_with(|| TokenBucket::full(self.tier.write(), now))
            }
            Bucket::Write | Bucket::ShardWrite(_) => &mut self.write,
        };
        bucket.take(now, cost.tokens)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rec_domain::TimeSpan;

    use super::*;

    const NOON: Timestamp = Timestamp::from_seconds(1_790_186_400);

    #[test]
    fn the_lowest_tier_creates_ten_orders_at_once_on_each_shard_and_ten_more_a_second_later() {
        let mut limits = Limits::of(Tier::Basic, NOON);
        let order = |shard| Cost { bucket: Bucket::ShardWrite(ExchangeIndex::new(shard)), tokens: 10 };
        let unscoped = Cost { bucket: Bucket::Write, tokens: 10 };
        for cost in [order(1), order(2), unscoped] {
            assert!((0..10).all(|_| limits.pay(NOON, cost)), "{cost:?}");
            assert!(!limits.pay(NOON, cost), "{cost:?}");
        }
        let later = NOON + TimeSpan::from_seconds(1);
        assert!((0..10).all(|_| limits.pay(later, order(2))));
        assert!(!limits.pay(later, order(2)), "only one second is saved up");
        let read = Cost { bucket: Bucket::Read, tokens: 10 };
        assert!((0..60).all(|_| limits.pay(NOON, read)) && !limits.pay(NOON, read), "three seconds of reads");
    }

    #[test]
    fn a_batch_beyond_the_capacity_never_fits_and_takes_nothing() {
        let mut limits = Limits::of(Tier::Basic, NOON);
        assert!(!limits.pay(NOON, Cost { bucket: Bucket::Write, tokens: 110 }));
        assert!(limits.pay(NOON, Cost { bucket: Bucket::Write, tokens: 100 }));
    }

    proptest! {
        /// Whatever is asked when, no more leaves than what the bucket held and what came in since.
        #[test]
        fn no_more_is_given_than_capacity_and_refill(
            asked in proptest::collection::vec((0_i64..2_000_000, 0_u32..200), 1..80),
        ) {
            let budget = Budget { per_second: 100, capacity: 150 };
            let mut bucket = TokenBucket::full(budget, NOON);
            let (mut now, mut given) = (NOON, 0_i64);
            for (pause, tokens) in asked {
                now += TimeSpan::from_micros(pause);
                if bucket.take(now, tokens) {
                    given += i64::from(tokens) * 1_000_000;
                }
                let most = 150_000_000 + now.since(NOON).micros() * 100;
                prop_assert!(given <= most, "{given} of {most}");
                prop_assert!((0..=150_000_000).contains(&bucket.level));
            }
        }

        /// Pauses may be cut in any way; a clock that goes back gives nothing.
        #[test]
        fn the_refill_depends_on_the_time_alone(cuts in proptest::collection::vec(-500_000_i64..500_000, 1..30)) {
            let budget = Budget { per_second: 7, capacity: 1_000 };
            let mut bucket = TokenBucket::full(budget, NOON);
            prop_assert!(bucket.take(NOON, 1_000));
            let (mut now, mut latest) = (NOON, NOON);
            for cut in cuts {
                now += TimeSpan::from_micros(cut);
                latest = latest.max(now);
                prop_assert!(bucket.take(now, 0));
                prop_assert_eq!(bucket.level, latest.since(NOON).micros() * 7);
            }
        }
    }
}
