//! The other participants: makers who quote around the fair value, takers who give volume, and in the last
//! quarter of an hour people who offer the favoured side too cheaply.

use rec_domain::{BookSide, Price, Quantity, Side, TimeSpan, Timestamp};

use crate::core::{
    book::{Owner, Resting},
    exchange::{Due, Twin},
    market::{CheapOffer, Quote},
    matching::Incoming,
    output::{BookChange, Output},
};

/// Cheap offers appear only this long before the close, in seconds.
const CHEAP_WINDOW: std::ops::RangeInclusive<i64> = 128..=905;
/// The chance of a cheap offer in a second of that window.
const CHEAP_CHANCE: f64 = 0.12;
/// The favoured side's fair value, in points, at which someone offers it too cheaply.
const CHEAP_FAIR: std::ops::Range<f64> = 95.5..99.8;
/// The dearest cheap offer, in cents.
const CHEAP_CEILING: i64 = 98;
/// How far below the fair value a cheap offer is, in points.
const CHEAP_DISCOUNT: (f64, f64) = (1.0, 4.0);
/// Trades in a second, on average.
const TRADES_A_SECOND: f64 = 1.2;
/// How far from the price takers trade, in dollars (one standard deviation).
const TAKER_REACH: f64 = 450.0;

/// Which of a maker's orders.
#[derive(Debug, Clone, Copy)]
enum Slot {
    Bid,
    Ask,
    DeepBid,
    DeepAsk,
}

/// Prices that a maker wants, in cents; `None` where it does not quote.
#[derive(Debug, Clone, Copy)]
struct Target {
    bid: Option<i64>,
    ask: Option<i64>,
    deep_bid: Option<i64>,
    deep_ask: Option<i64>,
}

impl Twin {
    /// Decides what the crowd does in the second that begins now.
    pub(crate) fn schedule_crowd(&mut self) {
        let open: Vec<(Timestamp, std::ops::Range<u32>)> = self
            .events
            .values()
            .filter(|event| event.is_open(self.now))
            .map(|event| (event.close, event.markets.clone()))
            .collect();
        for (close, markets) in open {
            self.schedule_makers(close, markets.clone());
            self.schedule_takers(markets.clone());
            if CHEAP_WINDOW.contains(&close.since(self.now).seconds()) && self.crowd.chance(CHEAP_CHANCE) {
                self.schedule_cheap_offer(close, markets);
            }
        }
        self.schedule(self.now + TimeSpan::from_millis(995), Due::Tickers);
    }

    fn schedule_makers(&mut self, close: Timestamp, markets: std::ops::Range<u32>) {
        let valuation = self.valuation(close);
        for number in markets {
            let Some(market) = self.markets.get(&number) else { continue };
            let fair = 100.0 * valuation.chance_above(market.floor.as_f64());
            if self.wants_requote(number, fair) {
                let at = self.within_second();
                self.schedule(at, Due::Requote(number));
            }
        }
    }

    fn schedule_takers(&mut self, markets: std::ops::Range<u32>) {
        // One or two throws a second with this mean.
        for _throw in 0..2 {
            if !self.crowd.chance(TRADES_A_SECOND / 2.0) {
                continue;
            }
            let wanted = self.point.index.as_f64() + TAKER_REACH * self.crowd.normal();
            let number = markets.clone().find(|number| {
                self.markets.get(number).is_some_and(|market| (market.floor.as_f64() - wanted).abs() <= 50.0)
            });
            if let Some(number) = number {
                let at = self.within_second();
                self.schedule(at, Due::Take(number));
            }
        }
    }

    fn schedule_cheap_offer(&mut self, close: Timestamp, markets: std::ops::Range<u32>) {
        let valuation = self.valuation(close);
        let mut candidates = Vec::new();
        for number in markets {
            let Some(market) = self.markets.get(&number).filter(|market| market.cheap.is_none()) else { continue };
            let fair = 100.0 * valuation.chance_above(market.floor.as_f64());
            if CHEAP_FAIR.contains(&fair) {
                candidates.push((number, true));
            } else if CHEAP_FAIR.contains(&(100.0 - fair)) {
                candidates.push((number, false));
            }
        }
        if candidates.is_empty() {
            return;
        }
        let last = i64::try_from(candidates.len()).unwrap_or(1) - 1;
        let pick = usize::try_from(self.crowd.whole(0, last)).unwrap_or(0);
        let (number, yes) = candidates[pick];
        let at = self.within_second();
        self.schedule(at, Due::Cheap(number, yes));
    }

    /// What YES of a market is worth now, in points; `None` unless it is open.
    fn fair_points(&self, number: u32) -> Option<f64> {
        let market = self.markets.get(&number)?;
        self.events.get(&market.close).filter(|event| event.is_open(self.now))?;
        Some(100.0 * self.valuation(market.close).chance_above(market.floor.as_f64()))
    }

    /// Whether a maker's quotes are missing, too far off, crossed by the fair value, or mostly eaten.
    fn wants_requote(&self, number: u32, fair: f64) -> bool {
        let Some(market) = self.markets.get(&number) else { return false };
        let target = self.target(number, fair);
        let quotes = market.quotes;
        let stale = |quote: Option<Quote>, side: BookSide, wanted: Option<i64>| match (quote, wanted) {
            (None, None) => false,
            (Some(quote), Some(_)) => {
                let distance = match side {
                    BookSide::Bid => fair - quote.price.points(),
                    BookSide::Ask => quote.price.points() - fair,
                };
                let left = market.book.remaining(side, quote.price, quote.number).unwrap_or_default();
                !(0.4..=1.6).contains(&distance) || left.units() * 3 < quote.placed.units()
            }
            _ => true,
        };
        let capped = market.cheap.is_some_and(|cheap| match cheap.sells {
            Side::Yes => quotes.bid.is_some_and(|bid| bid.price >= cheap.price),
            Side::No => quotes.ask.is_some_and(|ask| ask.price <= cheap.price),
        });
        // While a cheap offer caps a quote, that quote is where it should be although it is far off.
        let bid_stale = match market.cheap {
            Some(cheap) if cheap.sells == Side::Yes => {
                quotes.bid.map(|bid| bid.price) != target.bid.map(Price::from_cents)
            }
            _ => stale(quotes.bid, BookSide::Bid, target.bid),
        };
        let ask_stale = match market.cheap {
            Some(cheap) if cheap.sells == Side::No => {
                quotes.ask.map(|ask| ask.price) != target.ask.map(Price::from_cents)
            }
            _ => stale(quotes.ask, BookSide::Ask, target.ask),
        };
        capped || bid_stale || ask_stale
    }

    #[expect(clippy::cast_possible_truncation, reason = "cents between 0 and 100")]
    fn target(&self, number: u32, fair: f64) -> Target {
        let orderable = |cents: i64| (1..=99).contains(&cents).then_some(cents);
        let mut bid = libm::floor(fair - 0.5) as i64;
        let mut ask = libm::ceil(fair + 0.5) as i64;
        if let Some(cheap) = self.markets.get(&number).and_then(|market| market.cheap) {
            let cents = cheap.price.units() / 100;
            match cheap.sells {
                Side::Yes => bid = bid.min(cents - 1),
                Side::No => ask = ask.max(cents + 1),
            }
        }
        Target { bid: orderable(bid), ask: orderable(ask), deep_bid: orderable(bid - 3), deep_ask: orderable(ask + 3) }
    }

    /// Makers look at a market and move what is off.
    pub(crate) fn requote(&mut self, number: u32) {
        let Some(fair) = self.fair_points(number) else { return };
        let target = self.target(number, fair);
        let Some(market) = self.markets.get(&number) else { return };
        let quotes = market.quotes;
        // Withdraw everything that moves before anything new is placed, so that makers never trade with themselves.
        let moves = [
            (Slot::Bid, quotes.bid, target.bid, 0),
            (Slot::Ask, quotes.ask, target.ask, 0),
            (Slot::DeepBid, quotes.deep_bid, target.deep_bid, 3),
            (Slot::DeepAsk, quotes.deep_ask, target.deep_ask, 3),
        ]
        .map(|(slot, quote, wanted, slack)| (slot, quote, wanted, self.must_move(number, slot, quote, wanted, slack)));
        for (slot, quote, _, must_move) in moves {
            if let (Some(quote), true) = (quote, must_move) {
                self.withdraw(number, slot, quote);
            }
        }
        for (slot, _, wanted, must_move) in moves {
            if let (Some(cents), true) = (wanted, must_move) {
                self.place_quote(number, slot, Price::from_cents(cents));
            }
        }
    }

    fn must_move(&self, number: u32, slot: Slot, quote: Option<Quote>, wanted: Option<i64>, slack: i64) -> bool {
        let (Some(quote), Some(wanted)) = (quote, wanted) else { return quote.is_some() != wanted.is_some() };
        let left = self
            .markets
            .get(&number)
            .and_then(|market| market.book.remaining(slot.side(), quote.price, quote.number))
            .unwrap_or_default();
        (quote.price.units() / 100 - wanted).abs() > slack || left.units() * 3 < quote.placed.units()
    }

    fn withdraw(&mut self, number: u32, slot: Slot, quote: Quote) {
        if let Some(market) = self.markets.get_mut(&number) {
            *slot.of(market) = None;
        }
        self.remove_crowd_order(number, slot.side(), quote.price, quote.number);
    }

    fn place_quote(&mut self, number: u32, slot: Slot, price: Price) {
        let contracts = match slot {
            Slot::Bid | Slot::Ask => self.crowd.whole(40, 250),
            Slot::DeepBid | Slot::DeepAsk => self.crowd.whole(150, 600),
        };
        let placed = Quantity::from_contracts(contracts);
        let order = self.rest_crowd_order(number, slot.side(), price, placed);
        if let (Some(order), Some(market)) = (order, self.markets.get_mut(&number)) {
            *slot.of(market) = Some(Quote { price, number: order, placed });
        }
    }

    /// Someone takes what is best in a market, unless that is a cheap offer.
    pub(crate) fn take_liquidity(&mut self, number: u32) {
        if self.fair_points(number).is_none() {
            return;
        }
        let side = if self.crowd.chance(0.5) { BookSide::Bid } else { BookSide::Ask };
        let contracts = self.crowd.whole(4, 90);
        let Some(market) = self.markets.get(&number) else { return };
        let Some((price, available)) = market.book.best(side.opposite()) else { return };
        if market.cheap.is_some_and(|cheap| cheap.price == price) {
            return;
        }
        let count = Quantity::from_contracts(contracts).at_most(available);
        self.match_incoming(number, Incoming::crowd(side, price, count));
    }

    /// Someone rests an offer of a side one to four points below what it is worth.
    pub(crate) fn offer_cheaply(&mut self, number: u32, yes: bool) {
        let Some(fair) = self.fair_points(number) else { return };
        let (low, high) = CHEAP_DISCOUNT;
        let discount = self.crowd.between(low, high);
        let contracts = self.crowd.whole(20, 200);
        let lives = self.crowd.whole(8_000, 40_000);
        let own_fair = if yes { fair } else { 100.0 - fair };
        #[expect(clippy::cast_possible_truncation, reason = "cents between 0 and 100")]
        let own_cents = libm::floor(own_fair - discount) as i64;
        let busy = self.markets.get(&number).is_none_or(|market| market.cheap.is_some());
        if busy || !CHEAP_FAIR.contains(&own_fair) || !(90..=CHEAP_CEILING).contains(&own_cents) {
            return;
        }
        let sells = if yes { Side::Yes } else { Side::No };
        let price = sells.convert_price(Price::from_cents(own_cents));
        let order = self.next_number();
        if let Some(market) = self.markets.get_mut(&number) {
            market.cheap = Some(CheapOffer { sells, price, number: order });
        }
        // The makers see it coming and step behind it.
        self.requote(number);
        let count = Quantity::from_contracts(contracts);
        self.place_crowd_order(number, sells.closing_book_side(), price, count, order);
        self.schedule(self.now + TimeSpan::from_millis(lives), Due::CheapEnds(number, order));
    }

    /// A cheap offer is withdrawn, or what is left of it.
    pub(crate) fn end_cheap_offer(&mut self, number: u32, order: u64) {
        let Some(market) = self.markets.get_mut(&number) else { return };
        let Some(cheap) = market.cheap.filter(|cheap| cheap.number == order) else { return };
        market.cheap = None;
        self.remove_crowd_order(number, cheap.sells.closing_book_side(), cheap.price, order);
        self.requote(number);
    }

    /// Places an order of the crowd: it trades what it can and rests.
    fn rest_crowd_order(&mut self, number: u32, side: BookSide, price: Price, count: Quantity) -> Option<u64> {
        let order = self.next_number();
        self.place_crowd_order(number, side, price, count, order).then_some(order)
    }

    fn place_crowd_order(&mut self, number: u32, side: BookSide, price: Price, count: Quantity, order: u64) -> bool {
        let traded = self.match_incoming(number, Incoming::crowd(side, price, count)).filled;
        let remaining = count - traded;
        if !remaining.is_positive() {
            return false;
        }
        self.rest(number, side, price, Resting { number: order, owner: Owner::Crowd, remaining }, None);
        true
    }

    fn remove_crowd_order(&mut self, number: u32, side: BookSide, price: Price, order: u64) {
        let Some(market) = self.markets.get_mut(&number) else { return };
        if let Some(left) = market.book.remove(side, price, order) {
            let change = BookChange {
                market: market.name.clone(),
                side,
                price,
                delta: -left,
                client_order_id: None,
                at: self.now,
            };
            market.dirty = true;
            market.updated = self.now;
            self.outputs.push(Output::Book(change));
        }
    }

    /// Puts an order into a book and tells it.
    pub(crate) fn rest(
        &mut self,
        number: u32,
        side: BookSide,
        price: Price,
        order: Resting,
        client_order_id: Option<String>,
    ) {
        let Some(market) = self.markets.get_mut(&number) else { return };
        market.book.rest(side, price, order);
        market.dirty = true;
        market.updated = self.now;
        let change = BookChange {
            market: market.name.clone(),
            side,
            price,
            delta: order.remaining,
            client_order_id,
            at: self.now,
        };
        self.outputs.push(Output::Book(change));
    }

    /// Tells the summaries that changed.
    pub(crate) fn tell_tickers(&mut self) {
        let now = self.now;
        for market in self.markets.values_mut().filter(|market| market.dirty) {
            market.dirty = false;
            self.outputs.push(Output::Ticker(market.ticker_view(now)));
        }
    }
}

impl Slot {
    const fn side(self) -> BookSide {
        match self {
            Self::Bid | Self::DeepBid => BookSide::Bid,
            Self::Ask | Self::DeepAsk => BookSide::Ask,
        }
    }

    const fn of(self, market: &mut crate::core::market::Market) -> &mut Option<Quote> {
        match self {
            Self::Bid => &mut market.quotes.bid,
            Self::Ask => &mut market.quotes.ask,
            Self::DeepBid => &mut market.quotes.deep_bid,
            Self::DeepAsk => &mut market.quotes.deep_ask,
        }
    }
}
