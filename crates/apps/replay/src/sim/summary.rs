//! What many seeds came to, together.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{coverage::Coverage, fault::FaultKind, run::SeedReport};

/// The sum of the seeds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Seeds that were played.
    pub seeds: usize,
    /// Inputs that machines consumed.
    pub inputs: u64,
    /// The fewest inputs of a seed that was played to its end.
    pub fewest_inputs: u64,
    /// The fewest prints of the index of such a seed.
    pub fewest_prints: u64,
    /// The fewest rows of a seed's largest strike table.
    pub fewest_strikes: usize,
    /// Orders and other intents that left the desks.
    pub sent: u64,
    /// Fills that the exchanges made.
    pub fills: u64,
    /// Restarts of processes.
    pub restarts: u64,
    /// Points at which the books were compared to the micro-dollar.
    pub quiet_points: u64,
    /// States and transitions.
    pub coverage: Coverage,
    /// Faults that struck.
    pub faults: BTreeMap<FaultKind, u64>,
    /// Seeds in which an invariant broke.
    pub broken: Vec<u64>,
}

impl Summary {
    /// The sum of `reports`.
    #[must_use]
    pub fn of(reports: &[SeedReport]) -> Self {
        let mut sum = Self { seeds: reports.len(), ..Self::default() };
        let whole = || reports.iter().filter(|report| report.breach.is_none());
        sum.fewest_inputs = whole().map(|report| report.inputs).min().unwrap_or(0);
        sum.fewest_prints = whole().map(|report| report.index_prints).min().unwrap_or(0);
        sum.fewest_strikes = whole().map(|report| report.strikes).min().unwrap_or(0);
        for report in reports {
            sum.inputs += report.inputs;
            sum.sent += report.sent;
            sum.fills += report.fills;
            sum.restarts += report.restarts;
            sum.quiet_points += report.quiet_points;
            sum.coverage.add(&report.coverage);
            for (kind, times) in &report.faults {
                *sum.faults.entry(*kind).or_default() += times;
            }
            sum.broken.extend(report.breach.as_ref().map(|_| report.seed));
        }
        sum
    }
}
