//! The averages that the index channel adds. Their windows fill from the start of the subscription.

use std::collections::VecDeque;

use rec_domain::UsdPrice;
use serde_json::{Value, json};

use crate::core::output::IndexPrint;

/// Seconds of a quarter of an hour.
const QUARTER_SECONDS: i64 = 900;

/// The prints that this subscription has seen in the last minute.
#[derive(Debug, Clone, Default)]
pub(super) struct IndexWindow(VecDeque<IndexPrint>);

impl IndexWindow {
    /// The message of a print. The average of sixty seconds leaves the present print out; the windowed one, which
    /// comes only in the last minute of a quarter of an hour, takes it in and is not what markets settle on.
    pub(super) fn message(&mut self, print: IndexPrint) -> Value {
        let second = print.stamped.seconds();
        let id = print.asset.index_id();
        while self.0.front().is_some_and(|old| old.stamped.seconds() < second - 60) {
            self.0.pop_front();
        }
        let before: Vec<UsdPrice> = self.0.iter().map(|old| old.value).collect();
        let data = json!({
            "type": "value", "time": print.stamped.millis(), "id": id, "value": print.value.to_string(),
        });
        let mut message = json!({
            "index_id": id,
            "received_at": print.received.millis(),
            "data": data.to_string(),
            "avg_60s_data": {
                "value": average(&before).unwrap_or_else(|| eight_decimals(print.value)),
                "window_size": before.len(),
                "window_start_ts_ms": (second - 60) * 1_000,
                "window_end_ts_exclusive": second * 1_000,
            },
        });
        self.0.push_back(print);
        let quarter = (second + QUARTER_SECONDS - 1).div_euclid(QUARTER_SECONDS) * QUARTER_SECONDS;
        if second > quarter - 60 {
            let inside: Vec<UsdPrice> =
                self.0.iter().filter(|old| old.stamped.seconds() > quarter - 60).map(|old| old.value).collect();
            message["last_60s_windowed_average_15min"] = json!({
                "value": average(&inside),
                "window_size": inside.len(),
                "window_start_ts_ms": (quarter - 60) * 1_000,
                "window_end_ts_exclusive": second * 1_000,
            });
        }
        message
    }
}

/// The mean with eight decimals, rounded half up.
fn average(values: &[UsdPrice]) -> Option<String> {
    let count = i128::try_from(values.len()).ok().filter(|count| *count > 0)?;
    let sum: i128 = values.iter().map(|value| i128::from(value.units()) * 100).sum();
    let mean = i64::try_from((2 * sum + count).div_euclid(2 * count)).ok()?;
    Some(rec_domain::decimal::format(mean, 8, 8))
}

fn eight_decimals(value: UsdPrice) -> String {
    rec_domain::decimal::format(value.units(), 6, 6) + "00"
}
