//! Seeds by the hundred, over as many threads as there are.

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use rec_domain::{TimeSpan, trade::TradeState};
use serde::Serialize;

use super::{
    coverage::Coverage,
    fault::FaultKind,
    invariant::{Breach, Invariant},
    world::{SimConfig, World},
};

/// How long things may take to come to rest once nothing goes wrong any more.
const REST: TimeSpan = TimeSpan::from_minutes(4);

/// What a simulation came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SeedReport {
    /// The seed.
    pub seed: u64,
    /// One number of everything that happened, in sixteen digits.
    pub digest: String,
    /// Inputs that machines consumed.
    pub inputs: u64,
    /// Prints of the index.
    pub index_prints: u64,
    /// The most rows that a strike table had.
    pub strikes: usize,
    /// Orders and other intents that left the desk.
    pub sent: u64,
    /// Fills that the exchange made.
    pub fills: u64,
    /// Restarts of processes.
    pub restarts: u64,
    /// Points at which the books were compared to the micro-dollar.
    pub quiet_points: u64,
    /// States and transitions.
    pub coverage: Coverage,
    /// Faults that struck.
    pub faults: BTreeMap<FaultKind, u64>,
    /// The invariant that broke, if one did.
    pub breach: Option<Breach>,
    /// What happened, where that was wanted.
    #[serde(skip)]
    pub history: Vec<String>,
}

/// Plays one seed to its end, or to the first broken invariant.
#[must_use]
pub fn run_seed(config: &SimConfig) -> SeedReport {
    let mut world = World::new(config.clone());
    let end = world.now + config.span;
    guarded(&mut world, |world| {
        world.run(end);
        if world.watch.breach().is_none() {
            world.come_to_rest();
        }
    });
    let (inputs, digest) = world.total();
    SeedReport {
        seed: config.seed,
        digest: digest.to_string(),
        inputs,
        index_prints: world.index_prints,
        strikes: world.strikes_most,
        sent: world.sent,
        fills: world.watch.fills_made,
        restarts: world.restarts,
        quiet_points: world.watch.quiet_points,
        coverage: world.follower.coverage(),
        faults: world.fate.struck().clone(),
        breach: world.watch.breach().cloned(),
        history: world.history,
    }
}

/// Plays, and takes a panic for a broken invariant.
pub(super) fn guarded(world: &mut World, play: impl FnOnce(&mut World)) {
    let played = catch_unwind(AssertUnwindSafe(|| play(world)));
    if let Err(panic) = played {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic without words");
        world.watch.broke(Invariant::NoPanic, text.to_owned());
    }
}

/// Plays several seeds on `threads` threads; `seen` is told of each as it ends. The reports are in the order of the
/// seeds, and the same for any number of threads.
pub fn run_seeds(
    seeds: std::ops::RangeInclusive<u64>,
    config: &SimConfig,
    threads: usize,
    seen: impl Fn(&SeedReport) + Sync,
) -> Vec<SeedReport> {
    let next = AtomicU64::new(*seeds.start());
    let reports = Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if !seeds.contains(&seed) {
                        return;
                    }
                    let report = run_seed(&SimConfig { seed, ..config.clone() });
                    seen(&report);
                    reports.lock().unwrap_or_else(PoisonError::into_inner).insert(seed, report);
                }
            });
        }
    });
    reports.into_inner().unwrap_or_else(PoisonError::into_inner).into_values().collect()
}

impl World {
    /// Nothing goes wrong any more: within minutes nothing is unknown and the books are equal.
    pub(super) fn come_to_rest(&mut self) {
        self.fate.calm_down();
        let (begun, quiet_points) = (self.now, self.watch.quiet_points);
        self.run(begun + REST);
        if self.watch.breach().is_some() {
            return;
        }
        let unknown: Vec<String> = self
            .memory
            .orders
            .values()
            .filter(|order| !order.is_complete() && order.created_at < begun)
            .map(|order| format!("{} is {}", order.intent, order.state.name()))
            .collect();
        let twin = self.twin.account();
        let paid = |ticker: &str| twin.settlements.iter().any(|one| *one.position.ticker == *ticker && one.at < begun);
        let unpaid: Vec<String> = self
            .memory
            .trades
            .values()
            .filter(|trade| trade.state == TradeState::Expired && paid(trade.ticker.as_str()))
            .map(|trade| format!("trade {} is not settled", trade.id))
            .collect();
        let mut wrong = [unknown, unpaid].concat();
        if self.watch.quiet_points == quiet_points {
            wrong.push("there was no quiet point".to_owned());
        }
        if !self.watch.unplaced.is_empty() {
            wrong.push("what came or went was not found on its shard".to_owned());
        }
        if !wrong.is_empty() {
            self.watch.broke(Invariant::ComesToRest, wrong.join("; "));
        }
    }
}
