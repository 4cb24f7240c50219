//! Books: what is displayed becomes orders of others, one a level.

use rec_domain::{BookSide, Price, Quantity};

use super::{CONTRADICTING, Effect, Mirrored, PASSING};
use crate::core::{
    Twin,
    book::{Owner, Resting, crosses},
    market::{Market, Stage},
    output::{BookChange, Output},
};

/// The number of all orders of others: there is one at each price.
const OTHERS: u64 = u64::MAX;
const SIDES: [BookSide; 2] = [BookSide::Bid, BookSide::Ask];

/// A market's book is unknown until it is shown whole.
fn lose_book(market: &mut Market) {
    let Some(mirrored) = &mut market.mirrored else { return };
    mirrored.is_known = false;
    for side in SIDES {
        let prices: Vec<Price> = market.book.levels(side).keys().copied().collect();
        for price in prices {
            market.book.remove(side, price, OTHERS);
        }
    }
}

impl Twin {
    /// A market that is mirrored and takes orders or will.
    fn mirrored_open(&self, ticker: &str) -> Option<u32> {
        let number = *self.by_ticker.get(ticker)?;
        let event = self.event_of(number)?;
        (event.stage == Stage::Listed).then_some(number)
    }

    pub(super) fn mirror_book(
        &mut self,
        ticker: &str,
        bids: &[(Price, Quantity)],
        asks: &[(Price, Quantity)],
    ) -> Effect {
        let Some(number) = self.mirrored_open(ticker) else { return PASSING };
        let Some(market) = self.markets.get_mut(&number) else { return PASSING };
        let Some(mirrored) = &mut market.mirrored else { return PASSING };
        let before: Vec<(BookSide, Price)> =
            SIDES.into_iter().flat_map(|side| mirrored.depth.prices(side).map(move |price| (side, price))).collect();
        mirrored.depth.replace(BookSide::Bid, bids);
        mirrored.depth.replace(BookSide::Ask, asks);
        let was_known = std::mem::replace(&mut mirrored.is_known, true);
        let told = self.outputs.len();
        for (side, price) in before {
            self.display(number, side, price);
        }
        self.display_all(number);
        if !was_known {
            // Nobody was told of this book yet: it is told whole.
            self.outputs.truncate(told);
            self.outputs.push(Output::Snapshot(number));
        }
        PASSING
    }

    pub(super) fn mirror_level(&mut self, ticker: &str, side: BookSide, price: Price, delta: Quantity) -> Effect {
        let Some(number) = self.mirrored_open(ticker) else { return PASSING };
        let Some(market) = self.markets.get_mut(&number) else { return PASSING };
        let Some(mirrored) = market.mirrored.as_mut().filter(|mirrored| mirrored.is_known) else { return PASSING };
        if !mirrored.depth.change(side, price, delta) {
            lose_book(market);
            return CONTRADICTING;
        }
        self.display(number, side, price);
        PASSING
    }

    /// Every book is unknown: nothing is displayed, and nobody is told so, since an empty book would be a lie.
    pub(super) fn lose_books(&mut self) -> Effect {
        self.markets.values_mut().for_each(lose_book);
        PASSING
    }

    /// Displays every level of a market anew: an order of ours came or went, and may hide or uncover some.
    pub(crate) fn display_all(&mut self, number: u32) {
        let Some(mirrored) = self.markets.get(&number).and_then(|market| market.mirrored.as_ref()) else { return };
        let levels: Vec<(BookSide, Price)> =
            SIDES.into_iter().flat_map(|side| mirrored.depth.prices(side).map(move |price| (side, price))).collect();
        for (side, price) in levels {
            self.display(number, side, price);
        }
    }

    /// Makes the book show at a price what the other exchange displays there, less what was taken here. Depth that would
    /// meet an order of ours is not shown: whether it would have is not known.
    fn display(&mut self, number: u32, side: BookSide, price: Price) {
        let own = self.best_own(number, side.opposite());
        let now = self.now;
        let Some(market) = self.markets.get_mut(&number) else { return };
        let Some(mirrored) = market.mirrored.as_ref().filter(|mirrored| mirrored.is_known) else { return };
        let meets = own.is_some_and(|own| crosses(side, price, own));
        let wanted = if meets { Quantity::ZERO } else { mirrored.depth.left(side, price) };
        let shown = market.book.remaining(side, price, OTHERS).unwrap_or_default();
        if wanted == shown {
            return;
        }
        if shown.is_positive() && wanted.is_positive() && wanted < shown {
            market.book.reduce(side, price, OTHERS, shown - wanted);
        } else {
            market.book.remove(side, price, OTHERS);
            if wanted.is_positive() {
                // Always before ours at a price, however the level came about: a mirror that is rebuilt has no other past.
                let others = Resting { number: OTHERS, owner: Owner::Crowd, remaining: wanted };
                market.book.rest_ahead(side, price, others);
            }
        }
        market.dirty = true;
        market.updated = now;
        let market = market.name.clone();
        self.outputs.push(Output::Book(BookChange {
            market,
            side,
            price,
            delta: wanted - shown,
            cause: None,
            at: now,
        }));
    }

    /// The best price of what rests of ours on a side.
    fn best_own(&self, number: u32, side: BookSide) -> Option<Price> {
        let own = self.account.resting.iter().filter_map(|order| self.account.orders.get(order));
        let prices = own.filter(|order| order.market == number && order.side == side).map(|order| order.price);
        match side {
            BookSide::Bid => prices.max(),
            BookSide::Ask => prices.min(),
        }
    }

    /// What others have in a market, as it is displayed; `None` where it is not known.
    pub(super) fn displayed(&self, ticker: &str) -> Option<Mirrored> {
        let market = self.markets.get(self.by_ticker.get(ticker)?)?;
        market.mirrored.as_ref().filter(|mirrored| mirrored.is_known)?;
        let of = |side| -> Vec<(Price, Quantity)> {
            let prices = market.book.levels(side).keys();
            prices.filter_map(|price| Some((*price, market.book.remaining(side, *price, OTHERS)?))).collect()
        };
        Some(Mirrored::Book { ticker: ticker.to_owned(), bids: of(BookSide::Bid), asks: of(BookSide::Ask) })
    }
}
