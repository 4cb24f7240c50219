//! From a move to the highest threshold that it reaches.

/// Finds the highest threshold that a move reaches: a table over hundredths of the smallest step gets close,
/// the thresholds themselves decide.
pub(crate) struct Thresholds<'a> {
    percent: &'a [f64],
    slots_a_percent: f64,
    /// For each slot the number of thresholds at or below its start.
    reached_at_slot: Vec<usize>,
}

impl<'a> Thresholds<'a> {
    const SLOTS: u32 = 4_096;

    pub(crate) fn new(percent: &'a [f64]) -> Self {
        let largest = percent[percent.len() - 1].max(f64::MIN_POSITIVE);
        let slots_a_percent = f64::from(Self::SLOTS) / largest;
        let reached_at_slot = (0..Self::SLOTS)
            .map(|slot| percent.partition_point(|threshold| *threshold <= f64::from(slot) / slots_a_percent))
            .collect();
        Self { percent, slots_a_percent, reached_at_slot }
    }

    /// `None` when it reaches not even the first one.
    pub(crate) fn reached(&self, moved_percent: f64) -> Option<usize> {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the cast saturates, the table limits"
        )]
        let slot = ((moved_percent * self.slots_a_percent) as usize).min(self.reached_at_slot.len() - 1);
        let mut reached = self.reached_at_slot[slot];
        while reached > 0 && self.percent[reached - 1] > moved_percent {
            reached -= 1;
        }
        while reached < self.percent.len() && self.percent[reached] <= moved_percent {
            reached += 1;
        }
        reached.checked_sub(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_move_reaches_exactly_the_thresholds_at_or_below_it() {
        let percent = crate::LearnSettings::for_symbol("btc").thresholds_percent;
        let thresholds = Thresholds::new(&percent);
        for (index, threshold) in percent.iter().enumerate() {
            assert_eq!(thresholds.reached(*threshold), Some(index));
            assert_eq!(thresholds.reached(threshold + 1e-9), Some(index));
        }
        assert_eq!(thresholds.reached(50.0), Some(percent.len() - 1));
        assert_eq!(Thresholds::new(&[0.25, 0.5]).reached(0.2), None);
    }
}
