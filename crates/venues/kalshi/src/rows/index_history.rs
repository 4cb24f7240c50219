//! Past prints of a settlement index.

use rec_domain::{Timestamp, UsdPrice};
use serde::Deserialize;

use super::list::{ReadError, read_object};
use crate::number::{Millis, required};

/// One past print; the history has five a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IndexHistoryRow {
    /// The instant that it is stamped with.
    pub stamped_at: Timestamp,
    /// The index.
    pub value: UsdPrice,
}

#[derive(Deserialize)]
struct WireHistory {
    data: WireData,
}

#[derive(Deserialize)]
struct WireData {
    payload: Option<Vec<WirePrint>>,
}

#[derive(Deserialize)]
struct WirePrint {
    #[serde(deserialize_with = "required")]
    time: Millis,
    #[serde(deserialize_with = "required")]
    value: UsdPrice,
}

pub(crate) fn read_index_history(body: &str) -> Result<Vec<IndexHistoryRow>, ReadError> {
    let wire: WireHistory = read_object(body, "the index history")?;
    let prints = wire.data.payload.unwrap_or_default();
    Ok(prints.iter().map(|print| IndexHistoryRow { stamped_at: print.time.0, value: print.value }).collect())
}
