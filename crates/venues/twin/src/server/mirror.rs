//! The way into a mirror: what another exchange showed.

use std::sync::Arc;

use rec_domain::Timestamp;

use super::world::World;
use crate::core::{Mirrored, Series, market::Event};

/// Shows a served mirror what another exchange showed. Cheap to clone.
#[derive(Clone)]
pub struct MirrorFeed(Arc<World>);

impl MirrorFeed {
    pub(super) const fn new(world: Arc<World>) -> Self {
        Self(world)
    }

    /// Takes changes in the order in which they were shown, now. What lasts is in the journal, synced, before anybody
    /// hears of it; a world whose journal failed takes nothing. Gives whether none of them contradicts what was shown
    /// before: after one that does, books have to be shown whole again.
    pub fn show(&self, changes: &[Mirrored]) -> bool {
        self.0.mirror(changes)
    }

    /// Events that the mirror has and that were not paid yet.
    #[must_use]
    pub fn unpaid_events(&self) -> Vec<UnpaidEvent> {
        self.0.read(|twin| {
            let unpaid = twin.events().filter(|event| event.settled_at.is_none());
            let of = |event: &Event| UnpaidEvent {
                ticker: event.ticker.to_string(),
                series: event.series,
                close: event.close,
            };
            unpaid.map(of).collect()
        })
    }
}

/// An event whose payment is awaited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnpaidEvent {
    /// Its ticker.
    pub ticker: String,
    /// Its series.
    pub series: Series,
    /// When it closes, or closed.
    pub close: Timestamp,
}

impl std::fmt::Debug for MirrorFeed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MirrorFeed")
    }
}
