//! What is no longer among the live markets: the newest of the paid events, with their markets, without books.

use std::collections::VecDeque;

use crate::core::market::{Event, Market};

/// Markets that are kept.
const MARKETS_KEPT: usize = 6_000;

/// Paid events, the oldest first.
#[derive(Debug, Clone, Default)]
pub struct Archive {
    events: VecDeque<(Event, Vec<Market>)>,
    markets: usize,
    /// Markets that made room.
    gone: u64,
}

impl Archive {
    /// Takes an event with its markets; the oldest make room.
    pub(crate) fn take(&mut self, event: Event, mut markets: Vec<Market>) {
        for market in &mut markets {
            market.candles.trim();
        }
        self.markets += markets.len();
        self.events.push_back((event, markets));
        while self.markets > MARKETS_KEPT
            && let Some((_, gone)) = self.events.pop_front()
        {
            self.markets -= gone.len();
            self.gone += gone.len() as u64;
        }
    }

    /// Every market with its event, the newest first, with its place among all that ever came.
    pub fn markets(&self) -> impl Iterator<Item = (u64, &Event, &Market)> {
        let newest_first = self
            .events
            .iter()
            .rev()
            .flat_map(|(event, markets)| markets.iter().rev().map(move |market| (event, market)));
        let last = self.gone + self.markets as u64;
        newest_first.zip(0..).map(move |((event, market), back)| (last - back, event, market))
    }

    /// A market by its ticker.
    #[must_use]
    pub fn market(&self, ticker: &str) -> Option<(&Event, &Market)> {
        let found = self.markets().find(|(_, _, market)| &*market.name.ticker == ticker);
        found.map(|(_, event, market)| (event, market))
    }

    /// How many markets it holds.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.markets
    }

    /// Whether it holds none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.markets == 0
    }
}
