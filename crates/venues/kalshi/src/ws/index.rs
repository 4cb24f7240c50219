//! Frames of the index: prints once a second and five times a second, and means of windows.

use rec_domain::UsdPrice;
use serde::Deserialize;

use super::frame::{IndexTick, IndexValue, WindowMean};
use crate::{
    number::{Mean, Millis, informative, optional, required},
    rows::list::object,
};

/// Both index channels; the print itself is JSON inside a JSON text.
#[derive(Deserialize)]
pub(super) struct WireIndex {
    index_id: String,
    #[serde(default)]
    data: Option<String>,
    #[serde(default, deserialize_with = "optional")]
    value_usd: Option<UsdPrice>,
    #[serde(default, deserialize_with = "optional")]
    source_ts_ms: Option<Millis>,
    #[serde(default)]
    avg_60s_data: Option<WireMean>,
    #[serde(default)]
    last_60s_windowed_average_15min: Option<WireMean>,
}

#[derive(Deserialize)]
struct WirePrint {
    #[serde(deserialize_with = "required")]
    time: Millis,
    #[serde(deserialize_with = "required")]
    value: UsdPrice,
}

#[derive(Deserialize)]
struct WireMean {
    #[serde(default, deserialize_with = "informative")]
    value: Option<Mean>,
    #[serde(default)]
    window_size: u32,
}

impl WireMean {
    fn mean(self) -> Option<WindowMean> {
        // A window without prints carries the present value, which is no mean of anything.
        let value = self.value.filter(|_| self.window_size > 0)?;
        Some(WindowMean { value: value.0, prints: self.window_size })
    }
}

fn positive(value: UsdPrice) -> Result<UsdPrice, String> {
    if value.is_positive() { Ok(value) } else { Err(format!("the index is {value}")) }
}

impl WireIndex {
    fn print(&self) -> Result<WirePrint, String> {
        object(self.data.as_deref().ok_or("there is no data")?)
    }

    pub(super) fn value(self) -> Result<IndexValue, String> {
        let print = self.print()?;
        Ok(IndexValue {
            index: self.index_id,
            stamped_at: print.time.0,
            value: positive(print.value)?,
            mean_60s: self.avg_60s_data.and_then(WireMean::mean),
            mean_of_quarter_end: self.last_60s_windowed_average_15min.and_then(WireMean::mean),
        })
    }

    pub(super) fn tick(self) -> Result<IndexTick, String> {
        let (value, stamped_at) = match (self.value_usd, &self.source_ts_ms) {
            (Some(value), Some(at)) => (value, at.0),
            _ => self.print().map(|print| (print.value, print.time.0))?,
        };
        Ok(IndexTick { index: self.index_id, stamped_at, value: positive(value)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        rows::order_book::NoSidePrices,
        ws::{Frame, FrameKind},
    };

    #[test]
    fn an_index_print_is_exact_and_an_empty_window_has_no_mean() {
        let frame = |size: u32| {
            format!(
                r#"{{"type":"cfbenchmarks_value","sid":5,"seq":1,"msg":{{"index_id":"BRTI","received_at":1,
                "data":"{{\"type\":\"value\",\"time\":1790363593000,\"id\":\"BRTI\",\"value\":\"84018.87\"}}",
                "avg_60s_data":{{"value":"84023.75645833","window_size":{size}}}}}}}"#
            )
        };
        let value = |size| match Frame::decode(&frame(size), NoSidePrices::Yes).kind {
            FrameKind::IndexValue(value) => value,
            other => panic!("{other:?}"),
        };
        assert_eq!(value(0).value, UsdPrice::from_cents(8_401_887));
        assert_eq!(value(0).mean_60s, None);
        assert_eq!(value(48).mean_60s.map(|mean| (mean.value.units(), mean.prints)), Some((84_023_756_458, 48)));
    }
}
