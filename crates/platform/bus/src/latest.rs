//! The newest state by topic.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use rec_domain::{
    MarketTicker,
    book::BookTop,
    bus_event::{BusEvent, Topic},
};

/// Books kept at most, so that a publisher that never says which markets are open cannot fill the memory.
const MOST_BOOKS: usize = 4_096;

/// Whether events of a topic are states, of which a newer one replaces the older; the others are happenings.
#[must_use]
pub const fn is_state(topic: Topic) -> bool {
    !matches!(topic, Topic::Lifecycle | Topic::Outbox | Topic::Rows)
}

/// The newest state by topic. Topics of happenings have none.
///
/// A `Books` event names only the books that changed, so books are gathered by market; those of markets that the
/// newest `Markets` event does not list any more are forgotten.
#[derive(Debug, Default)]
pub struct Latest {
    events: BTreeMap<Topic, Arc<BusEvent>>,
    books: BTreeMap<MarketTicker, BookTop>,
}

impl Latest {
    /// Takes an event.
    pub fn take(&mut self, event: &Arc<BusEvent>) {
        match &**event {
            BusEvent::Lifecycle(_) | BusEvent::Outbox(_) | BusEvent::Rows(_) => {}
            BusEvent::Books(tops) => {
                for top in tops {
                    if self.books.len() < MOST_BOOKS || self.books.contains_key(&top.ticker) {
                        self.books.insert(top.ticker.clone(), top.clone());
                    }
                }
            }
            BusEvent::Markets(markets) => {
                let listed: BTreeSet<&MarketTicker> = markets.iter().map(|market| &market.ticker).collect();
                self.books.retain(|ticker, _| listed.contains(ticker));
                self.events.insert(Topic::Markets, Arc::clone(event));
            }
            _ => {
                self.events.insert(event.topic(), Arc::clone(event));
            }
        }
    }

    /// The newest state of a topic.
    #[must_use]
    pub fn get(&self, topic: Topic) -> Option<Arc<BusEvent>> {
        match topic {
            Topic::Books if self.books.is_empty() => None,
            Topic::Books => Some(Arc::new(BusEvent::Books(self.books.values().cloned().collect()))),
            _ => self.events.get(&topic).cloned(),
        }
    }
}
