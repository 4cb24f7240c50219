//! How good stated chances were.

use rec_domain::Probability;
use serde::Serialize;

/// What the logarithmic score takes for an outcome that was called impossible.
const LEAST_CHANCE: f64 = 1e-6;

/// Bins of the reliability table, each a tenth wide.
const BINS: usize = 10;

/// Collects stated chances and what happened; constant memory.
#[derive(Debug, Clone, Default)]
pub struct Calibration {
    bins: [Bin; BINS],
    squared_error: f64,
    log_loss: f64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Bin {
    count: u64,
    happened: u64,
    stated: f64,
}

/// Stated against observed within one range of chances.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ReliabilityBin {
    /// The lower end of the range, included.
    pub from: f64,
    /// The upper end, not included (but for 1).
    pub to: f64,
    /// Chances stated in it.
    pub count: u64,
    /// Their mean.
    pub mean_stated: f64,
    /// The share that happened.
    pub observed: f64,
}

/// Scores over everything collected.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CalibrationReport {
    /// Chances collected.
    pub count: u64,
    /// Mean squared error: 0 is perfect, 0.25 is what always saying one half gets.
    pub brier: f64,
    /// Mean negative logarithm of the chance given to what happened, in nats: 0 is perfect, 0.693 is one half.
    pub log_loss: f64,
    /// The ranges that have any.
    pub reliability: Vec<ReliabilityBin>,
}

impl Calibration {
    /// With nothing collected.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a chance and whether it came true.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a probability times ten is 0 to 10")]
    pub fn add(&mut self, stated: Probability, happened: bool) {
        let chance = stated.get();
        let outcome = f64::from(u8::from(happened));
        let bin = &mut self.bins[((chance * BINS as f64) as usize).min(BINS - 1)];
        bin.count += 1;
        bin.happened += u64::from(happened);
        bin.stated += chance;
        self.squared_error += (chance - outcome) * (chance - outcome);
        let of_outcome = if happened { chance } else { 1.0 - chance };
        self.log_loss -= libm::log(of_outcome.max(LEAST_CHANCE));
    }

    /// The scores; `None` when nothing was collected.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^53 chances")]
    pub fn report(&self) -> Option<CalibrationReport> {
        let count: u64 = self.bins.iter().map(|bin| bin.count).sum();
        if count == 0 {
            return None;
        }
        let reliability = self.bins.iter().enumerate().filter(|(_index, bin)| bin.count > 0);
        let reliability = reliability.map(|(index, bin)| ReliabilityBin {
            from: index as f64 / BINS as f64,
            to: (index + 1) as f64 / BINS as f64,
            count: bin.count,
            mean_stated: bin.stated / bin.count as f64,
            observed: bin.happened as f64 / bin.count as f64,
        });
        Some(CalibrationReport {
            count,
            brier: self.squared_error / count as f64,
            log_loss: self.log_loss / count as f64,
            reliability: reliability.collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn collected(outcomes: &[(f64, bool)]) -> Option<CalibrationReport> {
        let mut calibration = Calibration::new();
        for (chance, happened) in outcomes {
            calibration.add(Probability::new(*chance).expect("a probability"), *happened);
        }
        calibration.report()
    }

    #[test]
    fn scores_by_their_definitions() {
        let report = collected(&[(0.5, true), (0.5, false), (1.0, true), (0.0, false)]).expect("collected");
        assert_eq!((report.count, report.brier.to_string().as_str()), (4, "0.125"));
        assert!((report.log_loss - libm::log(2.0) / 2.0).abs() < 1e-12);
        let counts: Vec<_> = report.reliability.iter().map(|bin| (bin.count, bin.observed.to_string())).collect();
        assert_eq!(counts, [(1, "0".to_owned()), (2, "0.5".to_owned()), (1, "1".to_owned())]);
    }

    #[test]
    fn nothing_collected_has_no_score_and_a_wrong_certainty_a_finite_one() {
        assert_eq!(collected(&[]), None);
        let wrong = collected(&[(1.0, false)]).expect("collected");
        assert!((wrong.brier - 1.0).abs() < 1e-12 && wrong.log_loss > 13.0 && wrong.log_loss.is_finite());
    }

    #[test]
    fn chances_learned_from_one_history_come_true_in_another() {
        use rec_domain::{TimeSpan, Timestamp, UsdPrice};

        use crate::{
            LearnSettings, MomentumBucket, MomentumHistory, StrikeQuestion, SyntheticMarket, learn, plain_probability,
        };
        let market = |seed| SyntheticMarket::new(seed, Timestamp::from_seconds(0), UsdPrice::from_cents(11_800_000));
        let set = learn(&market(1).history(90 * 24 * 60), &LearnSettings::for_symbol("btc")).expect("learned");
        let fresh = market(2).history(60 * 24 * 60);
        let mut momentum = MomentumHistory::new();
        let mut calibration = Calibration::new();
        for (index, now) in fresh.iter().enumerate() {
            momentum.observe(now.at, now.close).expect("in order");
            let Some(close) = fresh.get(index + 10).filter(|_close| index % 10 == 0) else { continue };
            let score = momentum.reading(now.at).score_percent;
            for cents in [-30_000, -10_000, 5_000, 20_000, 40_000] {
                let strike = now.close + UsdPrice::from_cents(cents);
                let question = StrikeQuestion {
                    price: now.close,
                    strike,
                    time_to_close: TimeSpan::from_minutes(10),
                    bucket: score.and_then(MomentumBucket::from_score_percent),
                };
                let stated = plain_probability(&set, &question).expect("a chance");
                calibration.add(stated.yes, close.close >= strike);
            }
        }
        let report = calibration.report().expect("collected");
        // Always stating the share of YES would score 0.25.
        assert!(report.brier < 0.15, "{report:?}");
        for bin in report.reliability.iter().filter(|bin| bin.count > 500) {
            assert!((bin.mean_stated - bin.observed).abs() < 0.03, "{bin:?}");
        }
    }
}
