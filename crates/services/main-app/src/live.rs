//! What the desk last said, gathered from the bus: the source of every number on the page.

use std::collections::{BTreeMap, VecDeque};

use rec_domain::{
    Fresh, MarketTicker, Timestamp, UsdPrice,
    book::BookTop,
    bus_event::{BusEvent, EntryStatus, Topic},
    desk_view::DeskView,
    health::HealthReport,
    index::IndexPrint,
    market::Market,
    momentum::MomentumReading,
    outbox::OutboxEvent,
    strike_table::StrikeTable,
};
use serde::Serialize;

use crate::{
    records::Records,
    view::{Moment, Panel},
};

/// Everything that the page follows.
pub const TOPICS: &[Topic] = &[
    Topic::Markets,
    Topic::Spot,
    Topic::Index,
    Topic::Momentum,
    Topic::Books,
    Topic::Strikes,
    Topic::Desk,
    Topic::Entry,
    Topic::Health,
    Topic::Outbox,
];

/// Events that are remembered.
pub const EVENTS_KEPT: usize = 40;
/// Markets whose books are remembered; an hour's event has fewer than a hundred.
const BOOKS_KEPT: usize = 2_000;

/// A value with the time of day at which it came: services that say something about themselves say so once a second
/// of wall time, whatever the speed of the market's clock.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Received<T> {
    /// What came.
    pub value: T,
    /// When, by the time of day.
    pub received_at: Timestamp,
}

/// What the desk last said.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Live {
    /// The spot price.
    pub spot: Option<Fresh<UsdPrice>>,
    /// The last print of the index.
    pub index: Option<IndexPrint>,
    /// Momentum.
    pub momentum: Option<MomentumReading>,
    /// Markets that are open or about to open.
    pub markets: BTreeMap<MarketTicker, Market>,
    /// The tops of their books.
    pub books: BTreeMap<MarketTicker, BookTop>,
    /// The strike table.
    pub strikes: Option<StrikeTable>,
    /// The desk as it stands.
    pub desk: Option<Received<DeskView>>,
    /// What the entry supervisor does.
    pub entry: Option<Received<EntryStatus>>,
    /// Its status before that, from which the present blockers follow.
    #[serde(skip)]
    pub entry_before: Option<EntryStatus>,
    /// Health of every service.
    pub health: Option<Received<HealthReport>>,
    /// What was read out of the database last.
    #[serde(skip)]
    pub records: Option<Received<Records>>,
    /// The newest events first.
    pub events: VecDeque<OutboxEvent>,
}

impl Live {
    /// Takes an event over and says which panels it changes.
    pub fn apply(&mut self, event: &BusEvent, now: Moment) -> &'static [Panel] {
        match event {
            BusEvent::Spot(spot) => {
                self.spot = Some(spot.clone());
                &[Panel::Header, Panel::Strikes]
            }
            BusEvent::Index(print) => {
                self.index = Some(*print);
                &[Panel::Header]
            }
            BusEvent::Momentum(reading) => {
                self.momentum = Some(reading.clone());
                &[Panel::Header, Panel::Strikes]
            }
            BusEvent::Markets(markets) => {
                let present = markets.iter().map(|market| (market.ticker.clone(), market.clone())).collect();
                let mut past = std::mem::replace(&mut self.markets, present);
                // A trade that waits for its result keeps the name of its market.
                for trade in self.desk.iter().flat_map(|desk| &desk.value.trades) {
                    if let Some(market) = past.remove(&trade.ticker) {
                        self.markets.entry(trade.ticker.clone()).or_insert(market);
                    }
                }
                self.forget_books();
                &[Panel::Trades]
            }
            BusEvent::Books(tops) => {
                self.books.extend(tops.iter().map(|top| (top.ticker.clone(), top.clone())));
                if self.books.len() > BOOKS_KEPT {
                    self.forget_books();
                }
                &[Panel::Trades]
            }
            BusEvent::Strikes(table) => {
                self.strikes = Some((**table).clone());
                &[Panel::Header, Panel::Strikes, Panel::Trades]
            }
            BusEvent::Desk(view) => {
                self.desk = Some(Received { value: (**view).clone(), received_at: now.wall });
                &[Panel::Safety, Panel::Automation, Panel::Strikes, Panel::Trades, Panel::Balance, Panel::Caps]
            }
            BusEvent::Entry(status) => {
                let before = self.entry.replace(Received { value: status.clone(), received_at: now.wall });
                self.entry_before = before.map(|before| before.value);
                &[Panel::Automation]
            }
            BusEvent::Health(report) => {
                self.health = Some(Received { value: report.clone(), received_at: now.wall });
                &[Panel::Health]
            }
            BusEvent::Outbox(event) => {
                // The relay may say a thing twice, and not in order.
                if self.events.iter().any(|known| known.number == event.number) {
                    return &[];
                }
                let position = self.events.partition_point(|known| (known.at, known.number) > (event.at, event.number));
                self.events.insert(position, event.clone());
                self.events.truncate(EVENTS_KEPT);
                &[Panel::Events]
            }
            BusEvent::Lifecycle(_) | BusEvent::Rows(_) => &[],
        }
    }

    /// The last known top of a market's book and when it was known.
    #[must_use]
    pub fn book(&self, ticker: &MarketTicker) -> Option<&BookTop> {
        self.books.get(ticker)
    }

    /// Books of markets that are gone are not kept; nor is more than [`BOOKS_KEPT`] in all.
    fn forget_books(&mut self) {
        let markets = &self.markets;
        self.books.retain(|ticker, _| markets.contains_key(ticker));
        while self.books.len() > BOOKS_KEPT {
            self.books.pop_first();
        }
    }
}

#[cfg(test)]
mod tests {
    use rec_domain::outbox::DeskEvent;

    use super::*;

    fn event(number: i64, at: i64) -> BusEvent {
        let event = DeskEvent::Automation { auto_entry: true, auto_stop: true };
        BusEvent::Outbox(OutboxEvent { number, at: Timestamp::from_seconds(at), event })
    }

    #[test]
    fn a_trade_that_waits_for_its_result_keeps_the_name_of_its_market() {
        let mut live = crate::sample::live();
        let held = live.desk.as_ref().expect("desk").value.trades[0].ticker.clone();
        assert!(live.markets.len() > 2);
        live.apply(&BusEvent::Markets(Vec::new()), moment());
        assert!(live.markets.contains_key(&held));
        assert_eq!(live.markets.len(), 2, "those of open trades, and no other");
        live.desk = None;
        live.apply(&BusEvent::Markets(Vec::new()), moment());
        assert!(live.markets.is_empty());
    }

    fn moment() -> Moment {
        Moment { market: Timestamp::from_seconds(0), wall: Timestamp::from_seconds(0), speed: 1.0 }
    }

    #[test]
    fn events_are_newest_first_once_each_and_bounded() {
        let mut live = Live::default();
        for (number, at) in [(1, 1), (3, 3), (2, 2), (3, 3)] {
            live.apply(&event(number, at), moment());
        }
        let numbers: Vec<_> = live.events.iter().map(|event| event.number).collect();
        assert_eq!(numbers, [3, 2, 1]);
        for number in 4..200 {
            live.apply(&event(number, number), moment());
        }
        assert_eq!(live.events.len(), EVENTS_KEPT);
        assert_eq!(live.events[0].number, 199);
    }
}
