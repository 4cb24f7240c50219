//! Makers who never hold still: a set number of book changes a second, as load for whoever listens. None by default.
//!
//! They join the best quotes of the markets nearest to the price with small orders and withdraw them a moment later, so
//! each change moves what the top of a book shows, and none moves a price.

use std::collections::{BTreeMap, VecDeque};

use rec_domain::{BookSide, Price, Quantity, TimeSpan};

use crate::core::{
    book::{Owner, Resting},
    dice::Dice,
    exchange::{Due, Twin},
    market::Market,
};

/// The stream of chance: with or without flicker, the rest of the crowd throws the same dice.
const STREAM: u64 = 40;
/// The strikes of an event that flicker: those nearest to the price.
const STRIKES: usize = 20;
/// Orders that rest in a market before the oldest is withdrawn.
const HELD: usize = 4;
/// The largest of these orders, in contracts.
const LARGEST: i64 = 20;
/// The most changes a second that a twin can be asked for.
pub const MOST_FLICKER: u32 = 20_000;

/// What flickers.
#[derive(Debug, Clone)]
pub(crate) struct Flicker {
    dice: Dice,
    /// By market, the oldest first.
    resting: BTreeMap<u32, VecDeque<(BookSide, Price, u64)>>,
}

impl Flicker {
    pub(crate) fn new(seed: u64) -> Self {
        Self { dice: Dice::new(seed, STREAM), resting: BTreeMap::new() }
    }

    /// The markets that it holds orders in.
    #[cfg(test)]
    pub(crate) fn markets(&self) -> impl Iterator<Item = u32> {
        self.resting.keys().copied()
    }
}

impl Twin {
    /// Spreads the changes of the second that begins now over it. A world that nobody may look at yet has none.
    pub(crate) fn schedule_flicker(&mut self) {
        let wanted = self.config.flicker.min(MOST_FLICKER);
        if wanted == 0 || self.now < self.config.opening() {
            return;
        }
        let markets = if self.is_trading_paused() { Vec::new() } else { self.flickering() };
        let left: Vec<u32> = self.flicker.resting.keys().copied().filter(|number| !markets.contains(number)).collect();
        for number in left {
            while self.withdraw_flicker(number) {}
            self.flicker.resting.remove(&number);
        }
        let Some(last) = i64::try_from(markets.len()).ok().and_then(|count| count.checked_sub(1)) else { return };
        if last < 0 {
            return;
        }
        for place in 0..i64::from(wanted) {
            let market = usize::try_from(self.flicker.dice.whole(0, last)).unwrap_or(0);
            let at = self.now + TimeSpan::from_micros(place * 1_000_000 / i64::from(wanted));
            self.schedule(at, Due::Flicker(markets[market]));
        }
    }

    /// The open markets nearest to the price of each event, where makers quote both sides.
    fn flickering(&self) -> Vec<u32> {
        let mut chosen = Vec::new();
        for event in self.events.values().filter(|event| event.is_open(self.now)) {
            let price = self.point(event.series.asset()).index.as_f64();
            let distance = |market: &Market| market.strike.anchor().map_or(0.0, |anchor| (anchor - price).abs());
            let quoted = |market: &&Market| market.quotes.bid.is_some() && market.quotes.ask.is_some();
            let mut near: Vec<(f64, u32)> = event
                .markets
                .clone()
                .filter_map(|number| self.markets.get(&number).filter(quoted).map(|market| (distance(market), number)))
                .collect();
            near.sort_by(|(one, _), (other, _)| one.total_cmp(other));
            chosen.extend(near.into_iter().take(STRIKES).map(|(_, number)| number));
        }
        chosen
    }

    /// Changes one level of a market's book.
    pub(crate) fn flicker(&mut self, number: u32) {
        if self.is_trading_paused() || self.event_of(number).is_none_or(|event| !event.is_open(self.now)) {
            return;
        }
        let told = self.outputs.len();
        let held = self.flicker.resting.get(&number).map_or(0, VecDeque::len);
        // An order that somebody took is not there to be withdrawn, and tells nothing.
        if held >= HELD && self.withdraw_flicker(number) && self.outputs.len() > told {
            return;
        }
        let side = if self.flicker.dice.chance(0.5) { BookSide::Bid } else { BookSide::Ask };
        let contracts = self.flicker.dice.whole(1, LARGEST);
        let Some(quotes) = self.markets.get(&number).map(|market| market.quotes) else { return };
        let quote = match side {
            BookSide::Bid => quotes.bid,
            BookSide::Ask => quotes.ask,
        };
        let Some(price) = quote.map(|quote| quote.price) else { return };
        let order = self.next_number();
        let resting = Resting { number: order, owner: Owner::Crowd, remaining: Quantity::from_contracts(contracts) };
        self.rest(number, side, price, resting, None);
        self.flicker.resting.entry(number).or_default().push_back((side, price, order));
    }

    /// Withdraws the oldest of these orders of a market; `false` when there is none.
    fn withdraw_flicker(&mut self, number: u32) -> bool {
        let oldest = self.flicker.resting.get_mut(&number).and_then(VecDeque::pop_front);
        let Some((side, price, order)) = oldest else { return false };
        self.remove_crowd_order(number, side, price, order);
        true
    }
}
