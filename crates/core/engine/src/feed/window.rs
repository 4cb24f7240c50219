//! The index prints of the last minutes, of which settlements are made.

use std::collections::BTreeMap;

use rec_domain::{
    TimeSpan, Timestamp, UsdPrice,
    index::{IndexPrint, SettlementWindow},
};
use serde::{Deserialize, Serialize};

/// Index prints by their second, for three minutes.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct PrintWindow {
    prints: BTreeMap<Timestamp, UsdPrice>,
}

impl PrintWindow {
    /// How long prints are kept.
    pub const KEPT: TimeSpan = TimeSpan::from_seconds(180);

    /// Takes a print; `false` when its second is known already or too old.
    pub fn take(&mut self, print: &IndexPrint) -> bool {
        let second = print.stamped_at.floor_second();
        let newest = self.prints.last_key_value().map_or(second, |(at, _value)| (*at).max(second));
        let oldest = newest - Self::KEPT;
        if second < oldest || self.prints.contains_key(&second) {
            return false;
        }
        self.prints.insert(second, print.value);
        self.prints = self.prints.split_off(&oldest);
        true
    }

    /// Whether the print of that second is known.
    #[must_use]
    pub fn knows(&self, stamped_at: Timestamp) -> bool {
        self.prints.contains_key(&stamped_at.floor_second())
    }

    /// What is known of the settlement at `close_time`. The mean is rounded half up to micro-dollars, which is finer
    /// than any two means of cents can differ, so rounding it to cents gives the settlement itself.
    #[must_use]
    pub fn settlement(&self, close_time: Timestamp) -> SettlementWindow {
        let begin = close_time - SettlementWindow::LENGTH;
        let (mut sum, mut known) = (0_i128, 0_u32);
        for (_at, value) in self.prints.range(begin..close_time) {
            sum += i128::from(value.units());
            known += 1;
        }
        let count = i128::from(known);
        let mean = (known > 0).then(|| (2 * sum + count).div_euclid(2 * count));
        SettlementWindow {
            close_time,
            known,
            mean: mean.and_then(|micros| i64::try_from(micros).ok()).map(UsdPrice::from_units),
        }
    }
}
