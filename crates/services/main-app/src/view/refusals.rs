//! Requests to open that the desk refused today, by reason.

use rec_domain::refusal::RefusalCode;

use super::{Age, Limits, Moment, automation::words, format};
use crate::live::Live;

/// What the panel of refusals shows.
#[derive(Debug, Clone, PartialEq)]
pub struct RefusalsView {
    /// Reasons, the most frequent first.
    pub rows: Vec<RefusalRow>,
    /// How old this is; `None` while nothing was read.
    pub age: Option<Age>,
}

/// One reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusalRow {
    /// Its stable code.
    pub code: String,
    /// In words; the code of one that this program does not know.
    pub words: String,
    /// How often.
    pub times: String,
}

impl RefusalsView {
    /// The panel of refusals.
    #[must_use]
    pub fn of(live: &Live, now: Moment) -> Self {
        let counts = live.records.as_ref().map(|records| records.value.refusals.as_slice()).unwrap_or_default();
        let rows = counts.iter().map(|count| {
            let known = RefusalCode::ALL.iter().find(|code| code.name() == count.code);
            RefusalRow {
                code: count.code.clone(),
                words: known.map_or_else(|| count.code.clone(), |code| words(*code).to_owned()),
                times: format::count(count.times),
            }
        });
        Self {
            rows: rows.collect(),
            age: live.records.as_ref().map(|records| Age::wall(records.received_at, Limits::RECORDS_WALL, now)),
        }
    }
}
