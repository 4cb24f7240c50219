//! The strike table of a recording, minute by minute, with what the desk would decide on each row and why.
//!
//! The way of the data is that of the desk: `history` puts what all files say into the order of time, `spot` reads the
//! prices of the underlying, `markets` knows the markets, `desk` has the machines `momentum` and `odds` and the rules
//! of `entry`, and `report` is what comes of it. Nothing is traded in a replay: each row is judged as by a desk that
//! holds nothing, has its switch on and is reconciled.

mod desk;
mod history;
mod markets;
mod report;
mod spot;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use rec_domain::{TimeSpan, Timestamp, caps::RiskCaps, settings::AutomationSettings};
use rec_model::FingerprintSet;

pub use report::{Decision, Minute, MinuteRow, Minutes, Reason};
pub use spot::{SpotError, SpotPrice, read_spot};

use self::{
    desk::Desk,
    history::{Happening, History},
};
use super::Recorded;

/// After so long a silence of the exchange its recordings are taken to have paused: no hourly event outlasts it.
const PAUSE: TimeSpan = TimeSpan::from_minutes(60);

/// What a recording is judged by.
#[derive(Debug, Clone)]
pub struct Judgement {
    /// The model; without one no row has a chance.
    pub fingerprints: Option<Arc<FingerprintSet>>,
    /// The strategy. Its entry switch counts as on.
    pub settings: AutomationSettings,
    /// The limits on money and counts.
    pub caps: RiskCaps,
}

/// The strike tables at every full minute of the recordings and at their end. Where they pause for more than an hour,
/// as between files of different days, there are none from then until they go on.
///
/// `spot` is in the order of time. Recordings without index prints are judged by the spot price in the index' place,
/// which [`Minutes::assumed`] says.
#[must_use]
pub fn minutes(recordings: &[Recorded], spot: &[SpotPrice], judgement: &Judgement) -> Minutes {
    let history = History::of(recordings, spot);
    let mut desk = Desk::new(judgement, history.has_index());
    let mut minutes = Vec::new();
    let Some((begin, end)) = history.span() else { return Minutes::default() };
    let mut mark = next_minute(begin);
    let mut heard_at = begin;
    for (at, happening) in history.into_iter() {
        while mark <= at && mark <= end {
            if mark.since(heard_at) > PAUSE {
                mark = next_minute(at);
            } else {
                minutes.push(desk.table(mark));
                mark = next_minute(mark);
            }
        }
        if !matches!(happening, Happening::Spot(_)) {
            heard_at = at;
        }
        if at <= end {
            desk.take(at, happening);
        }
    }
    if minutes.last().is_none_or(|last| last.at < end) {
        minutes.push(desk.table(end));
    }
    Minutes { assumed: desk.assumed(), minutes }
}

/// The first full minute after an instant.
fn next_minute(at: Timestamp) -> Timestamp {
    const MINUTE: i64 = 60_000_000;
    Timestamp::from_micros((at.micros().div_euclid(MINUTE) + 1) * MINUTE)
}
