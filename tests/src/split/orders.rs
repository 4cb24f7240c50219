//! What the exchange accepted.

use std::{collections::BTreeMap, path::Path};

/// How often the exchange accepted each order, by the desk's identity for it. The twin's journal holds every accepted
/// mutation; its last line may be torn.
pub(super) fn accepted(state: &Path) -> BTreeMap<String, u32> {
    let journal = std::fs::read_to_string(state.join("twin/twin-journal.jsonl")).expect("the twin keeps a journal");
    let mut times = BTreeMap::new();
    for line in journal.lines() {
        let Ok(line) = serde_json::from_str::<serde_json::Value>(line) else { continue };
        if let Some(id) = line["applied"]["mutation"]["create_order"]["client_order_id"].as_str() {
            *times.entry(id.to_owned()).or_default() += 1;
        }
    }
    times
}
