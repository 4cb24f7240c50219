//! What the other exchange displays in a market, and what of it was taken here.

use std::collections::BTreeMap;

use rec_domain::{BookSide, Price, Quantity};

/// One price of one side.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Live {
    /// Contracts that the other exchange displays.
    shown: Quantity,
    /// Contracts of them that were taken here since the level last changed there.
    taken: Quantity,
}

/// Both sides of a market's book.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Depth {
    bids: BTreeMap<Price, Live>,
    asks: BTreeMap<Price, Live>,
}

impl Depth {
    const fn side_mut(&mut self, side: BookSide) -> &mut BTreeMap<Price, Live> {
        match side {
            BookSide::Bid => &mut self.bids,
            BookSide::Ask => &mut self.asks,
        }
    }

    const fn side(&self, side: BookSide) -> &BTreeMap<Price, Live> {
        match side {
            BookSide::Bid => &self.bids,
            BookSide::Ask => &self.asks,
        }
    }

    /// Contracts at a price that were not taken yet.
    pub(crate) fn left(&self, side: BookSide, price: Price) -> Quantity {
        let live = self.side(side).get(&price).copied().unwrap_or_default();
        Quantity::from_units((live.shown - live.taken).units().max(0))
    }

    /// The prices of a side.
    pub(crate) fn prices(&self, side: BookSide) -> impl Iterator<Item = Price> {
        self.side(side).keys().copied()
    }

    /// A level changed there: what was taken from it here counts no more. `false` when it would fall below zero, which no
    /// true book does.
    #[must_use]
    pub(crate) fn change(&mut self, side: BookSide, price: Price, delta: Quantity) -> bool {
        let level = self.side_mut(side).entry(price).or_default();
        let shown = level.shown + delta;
        *level = Live { shown, taken: Quantity::ZERO };
        if shown.is_zero() {
            self.side_mut(side).remove(&price);
        }
        !shown.is_negative()
    }

    /// Replaces a side. What was taken from a level that is as it was stays taken.
    pub(crate) fn replace(&mut self, side: BookSide, levels: &[(Price, Quantity)]) {
        let before = std::mem::take(self.side_mut(side));
        let level = |(price, shown): &(Price, Quantity)| {
            let same = before.get(price).filter(|live| live.shown == *shown);
            (*price, Live { shown: *shown, taken: same.map_or(Quantity::ZERO, |live| live.taken) })
        };
        *self.side_mut(side) = levels.iter().filter(|(_, shown)| shown.is_positive()).map(level).collect();
    }

    /// Contracts were taken here.
    pub(crate) fn take(&mut self, side: BookSide, price: Price, count: Quantity) {
        if let Some(level) = self.side_mut(side).get_mut(&price) {
            level.taken += count;
        }
    }
}
