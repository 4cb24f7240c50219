//! What the exchange accepted: the twin's journal holds every accepted mutation.

use std::{collections::BTreeMap, path::Path};

use serde_json::Value;

/// The orders that the exchange accepted, in order. A line may be torn, or on its way to the disk: nobody had its answer.
#[must_use]
pub fn accepted(state: &Path) -> Vec<Value> {
    let journal = std::fs::read_to_string(state.join("twin/twin-journal.jsonl")).expect("the twin keeps a journal");
    let lines = journal.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.map(|mut line| line["applied"]["mutation"]["create_order"].take()).filter(|order| !order.is_null()).collect()
}

/// How often the exchange accepted each order, by the desk's identity for it.
#[must_use]
pub fn times_accepted(state: &Path) -> BTreeMap<String, u32> {
    let mut times = BTreeMap::new();
    for order in accepted(state) {
        if let Some(id) = order["client_order_id"].as_str() {
            *times.entry(id.to_owned()).or_default() += 1;
        }
    }
    times
}
