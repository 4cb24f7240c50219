//! The client's own token buckets, so that it never asks more than the account may.
//!
//! The exchange keeps one bucket for reads and one for writes, and a further one for the writes of each shard that is
//! named. They fill by market time, as its own do. A request that finds too little waits a bounded while and is then
//! given up, certainly not sent. What ends or reduces a position may empty a bucket; everything else leaves a reserve for
//! it, so that no reading and no entry makes a close wait.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use rec_domain::{Clock, ExchangeIndex, Timestamp};

use crate::rows::{AccountLimits, EndpointCosts, RateBucket};

/// Between two looks at a bucket that held too little, in wall time.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// Looks before a request is given up: a second, in which every bucket gains at least ten orders.
const MOST_LOOKS: u32 = 100;
/// The share of a bucket that only urgent requests may use, in percent.
const RESERVE_PERCENT: i64 = 20;
/// Tokens in the millionths that a bucket counts in: a rate per second is then a whole number per microsecond.
const TOKEN: i64 = 1_000_000;

/// What the lowest tier may do: right for every account until its limits were read.
pub(crate) const BASIC: (RateBucket, RateBucket) =
    (RateBucket { per_second: 200, capacity: 600 }, RateBucket { per_second: 100, capacity: 100 });

/// From where a request is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Purse {
    /// Reads.
    Read,
    /// Writes that name no shard or the first one, and all batches.
    Write,
    /// Single writes that name a shard from 1 on.
    Shard(ExchangeIndex),
}

impl Purse {
    /// Of a single write on a shard.
    pub(crate) const fn of_shard(shard: ExchangeIndex) -> Self {
        if shard.get() >= 1 { Self::Shard(shard) } else { Self::Write }
    }
}

/// What a request costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Toll {
    pub(crate) purse: Purse,
    pub(crate) tokens: u32,
    /// Whether it may use the reserve: closes, cancels, and what stops entries.
    pub(crate) urgent: bool,
}

/// A request that its bucket had no room for, within the longest wait or ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoRoom {
    toll: Toll,
    capacity: u32,
}

impl fmt::Display for NoRoom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.toll.purse == Purse::Read { "reads" } else { "writes" };
        let (tokens, capacity) = (self.toll.tokens, self.capacity);
        write!(f, "the account's rate has no room: {tokens} tokens of a bucket for {kind} that holds {capacity}")
    }
}

struct Bucket {
    limit: RateBucket,
    level: i64,
    filled_at: Timestamp,
}

impl Bucket {
    fn full(limit: RateBucket, now: Timestamp) -> Self {
        Self { limit, level: i64::from(limit.capacity) * TOKEN, filled_at: now }
    }

    fn reserve(&self) -> i64 {
        i64::from(self.limit.capacity) * TOKEN * RESERVE_PERCENT / 100
    }

    /// Takes all of the tokens or nothing. A clock that goes back fills nothing, and goes on filling from where it is then:
    /// a close does not wait until the old time is reached again.
    fn take(&mut self, now: Timestamp, toll: Toll) -> bool {
        let gained = now.since(self.filled_at).micros().max(0).saturating_mul(i64::from(self.limit.per_second));
        self.level = self.level.saturating_add(gained).min(i64::from(self.limit.capacity) * TOKEN);
        self.filled_at = now;
        let wanted = i64::from(toll.tokens) * TOKEN;
        let is_full = self.level == i64::from(self.limit.capacity) * TOKEN;
        // What is larger than all but the reserve would never leave otherwise.
        let kept = if toll.urgent || is_full { 0 } else { self.reserve() };
        let fits = wanted + kept <= self.level;
        if fits {
            self.level -= wanted;
        }
        fits
    }
}

struct Buckets {
    read: RateBucket,
    write: RateBucket,
    costs: EndpointCosts,
    open: BTreeMap<Purse, Bucket>,
}

impl Buckets {
    fn limit(&self, purse: Purse) -> RateBucket {
        if purse == Purse::Read { self.read } else { self.write }
    }

    fn bucket(&mut self, purse: Purse, now: Timestamp) -> &mut Bucket {
        let limit = self.limit(purse);
        self.open.entry(purse).or_insert_with(|| Bucket::full(limit, now))
    }
}

/// The buckets of one client and its clones.
pub(crate) struct Pace {
    clock: Arc<dyn Clock>,
    /// This client's part of the account's reads, in percent: others read on the same account.
    read_percent: u32,
    buckets: Mutex<Buckets>,
}

impl Pace {
    pub(crate) fn new(clock: Arc<dyn Clock>, read_percent: u32) -> Self {
        let (read, write) = BASIC;
        let costs = EndpointCosts::documented();
        let buckets = Buckets { read: part(read, read_percent), write, costs, open: BTreeMap::new() };
        Self { clock, read_percent, buckets: Mutex::new(buckets) }
    }

    /// Takes the account's own limits. What was used up stays used up.
    pub(crate) fn allow(&self, limits: &AccountLimits, costs: Option<EndpointCosts>) {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        (buckets.read, buckets.write) = (part(limits.read, self.read_percent), limits.write);
        let (read, write) = (buckets.read, buckets.write);
        for (purse, bucket) in &mut buckets.open {
            bucket.limit = if *purse == Purse::Read { read } else { write };
            bucket.level = bucket.level.min(i64::from(bucket.limit.capacity) * TOKEN);
        }
        if let Some(costs) = costs {
            buckets.costs = costs;
        }
    }

    /// The tokens of one request of `path`, below the interface's root.
    pub(crate) fn cost(&self, method: &str, path: &[&str]) -> u32 {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner).costs.of(method, path)
    }

    fn take(&self, toll: Toll) -> Result<bool, NoRoom> {
        let now = self.clock.now();
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let capacity = buckets.limit(toll.purse).capacity;
        if toll.tokens > capacity {
            return Err(NoRoom { toll, capacity });
        }
        Ok(buckets.bucket(toll.purse, now).take(now, toll))
    }

    /// Pays for a request, waiting for tokens no longer than the bound.
    pub(crate) async fn pay(&self, toll: Toll) -> Result<(), NoRoom> {
        for _look in 0..MOST_LOOKS {
            if self.take(toll)? {
                return Ok(());
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        let capacity = self.buckets.lock().unwrap_or_else(PoisonError::into_inner).limit(toll.purse).capacity;
        Err(NoRoom { toll, capacity })
    }

    /// The exchange refused a request as one too many: others use the account too. Nothing that is not urgent leaves
    /// before the bucket filled again.
    pub(crate) fn refused(&self, purse: Purse) {
        let now = self.clock.now();
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = buckets.bucket(purse, now);
        (bucket.level, bucket.filled_at) = (bucket.level.min(bucket.reserve()), now);
    }
}

/// A part of a bucket, at least one default request a second.
fn part(whole: RateBucket, percent: u32) -> RateBucket {
    let of = |tokens: u32| (u64::from(tokens) * u64::from(percent) / 100).max(10);
    let narrow = |tokens: u64| u32::try_from(tokens).unwrap_or(u32::MAX);
    RateBucket { per_second: narrow(of(whole.per_second)), capacity: narrow(of(whole.capacity)) }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use proptest::prelude::*;
    use rec_domain::TimeSpan;

    use super::*;

    /// A clock that a test moves.
    #[derive(Default)]
    struct Hand(AtomicI64);

    impl Clock for Hand {
        fn now(&self) -> Timestamp {
            Timestamp::from_seconds(1_790_366_400) + TimeSpan::from_micros(self.0.load(Ordering::SeqCst))
        }
    }

    const SHARD: Purse = Purse::Shard(ExchangeIndex::new(2));

    const fn toll(purse: Purse, tokens: u32, urgent: bool) -> Toll {
        Toll { purse, tokens, urgent }
    }

    fn pace() -> (Pace, Arc<Hand>) {
        let hand = Arc::new(Hand::default());
        (Pace::new(hand.clone(), 100), hand)
    }

    fn taken(pace: &Pace, toll: Toll) -> usize {
        (0..1_000).take_while(|_| pace.take(toll).expect("it may fit")).count()
    }

    #[test]
    fn entries_leave_room_for_closes_and_reads_take_none_of_it() {
        let (pace, hand) = pace();
        assert_eq!(taken(&pace, toll(SHARD, 10, false)), 8, "two of ten are kept");
        assert_eq!(taken(&pace, toll(Purse::Read, 10, false)), 48);
        assert_eq!(taken(&pace, toll(SHARD, 10, true)), 2);
        assert_eq!(taken(&pace, toll(Purse::of_shard(ExchangeIndex::new(3)), 10, true)), 10, "each shard has its own");
        hand.0.store(300_000, Ordering::SeqCst);
        assert_eq!(taken(&pace, toll(SHARD, 10, false)), 1, "30 came back, 20 stay");
        assert_eq!(taken(&pace, toll(SHARD, 10, true)), 2);
    }

    #[test]
    fn limits_that_were_read_count_and_do_not_fill_what_was_used() {
        let (pace, _hand) = pace();
        assert_eq!(taken(&pace, toll(SHARD, 10, true)), 10);
        let expert = RateBucket { per_second: 600, capacity: 1_800 };
        pace.allow(&AccountLimits { tier: "expert".to_owned(), read: expert, write: expert }, None);
        assert_eq!(taken(&pace, toll(SHARD, 10, true)), 0);
        assert_eq!(taken(&pace, toll(Purse::Write, 10, true)), 180);
    }

    #[tokio::test]
    async fn a_wait_is_bounded_and_what_never_fits_is_refused_at_once() {
        let (pace, hand) = pace();
        assert_eq!(taken(&pace, toll(SHARD, 10, true)), 10);
        let refused = pace.pay(toll(SHARD, 10, true)).await.expect_err("the clock stands");
        assert!(refused.to_string().contains("a bucket for writes that holds 100"), "{refused}");
        hand.0.store(100_000, Ordering::SeqCst);
        pace.pay(toll(SHARD, 10, true)).await.expect("there is room again");
        assert!(pace.pay(toll(Purse::Write, 110, true)).await.is_err(), "a batch beyond the bucket");
    }

    #[test]
    fn after_a_refusal_only_what_is_urgent_leaves() {
        let (pace, _hand) = pace();
        pace.refused(SHARD);
        assert_eq!(taken(&pace, toll(SHARD, 10, false)), 0);
        assert_eq!(taken(&pace, toll(SHARD, 10, true)), 2);
    }

    #[test]
    fn a_clock_that_was_set_back_fills_on_from_there() {
        let (pace, hand) = pace();
        let hour = TimeSpan::from_minutes(60).micros();
        hand.0.store(hour, Ordering::SeqCst);
        assert_eq!(taken(&pace, toll(SHARD, 10, true)), 10);
        hand.0.store(0, Ordering::SeqCst);
        assert_eq!(taken(&pace, toll(SHARD, 10, true)), 0, "nothing came by it");
        hand.0.store(500_000, Ordering::SeqCst);
        assert_eq!(taken(&pace, toll(SHARD, 10, true)), 5, "a close does not wait for an hour");
    }

    proptest! {
        /// Whatever is asked when, no more leaves than what the bucket held and what came in since.
        #[test]
        fn no_more_leaves_than_the_exchange_gives(
            asked in proptest::collection::vec((0_i64..1_000_000, 0_u32..=100, any::<bool>()), 1..80),
        ) {
            let (pace, hand) = pace();
            let mut left = 0;
            for (pause, tokens, urgent) in asked {
                let now = hand.0.fetch_add(pause, Ordering::SeqCst) + pause;
                if pace.take(toll(SHARD, tokens, urgent)).expect("it may fit") {
                    left += i64::from(tokens) * TOKEN;
                }
                prop_assert!(left <= 100 * TOKEN + now * 100, "{left}");
            }
        }
    }
}
