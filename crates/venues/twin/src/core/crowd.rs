//! The other participants: makers who quote around the fair value, takers who give volume, and in the last
//! quarter of an hour people who offer the favoured side too cheaply.

use rec_domain::{BookSide, Price, PriceGrid, Quantity, Side, TimeSpan};

use crate::core::{
    book::{Owner, Resting},
    exchange::{Due, Twin},
    market::{CheapOffer, Quote},
    matching::Incoming,
    output::{BookChange, Output, OwnOrder},
    series::{Series, SeriesKind},
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
/// How far from the price takers trade, in steps of the strikes (one standard deviation).
const TAKER_REACH: f64 = 4.5;
/// How far makers quote from the fair value, in points: in the middle, and where a grid is finer near its ends.
const HALF_SPREAD: (f64, f64) = (0.5, 0.1);
/// How far behind the best quotes the deep ones are, in half spreads.
const DEEP: i64 = 6;

/// Which of a maker's orders.
#[derive(Debug, Clone, Copy)]
enum Slot {
    Bid,
    Ask,
    DeepBid,
    DeepAsk,
}

/// Prices that a maker wants; `None` where it does not quote.
#[derive(Debug, Clone, Copy)]
struct Target {
    bid: Option<Price>,
    ask: Option<Price>,
    deep_bid: Option<Price>,
    deep_ask: Option<Price>,
    /// Half of the spread, in points.
    half_spread: f64,
}

/// An open event, for the crowd.
#[derive(Debug, Clone)]
struct OpenEvent {
    series: Series,
    close: rec_domain::Timestamp,
    markets: std::ops::Range<u32>,
}

impl Twin {
    /// Decides what the crowd does in the second that begins now. While trading pauses it does nothing.
    pub(crate) fn schedule_crowd(&mut self) {
        if !self.is_trading_paused() {
            let open: Vec<OpenEvent> = self
                .events
                .values()
                .filter(|event| event.is_open(self.now))
                .map(|event| OpenEvent { series: event.series, close: event.close, markets: event.markets.clone() })
                .collect();
            for event in open {
                self.schedule_makers(&event);
                self.schedule_takers(&event);
                let left = event.close.since(self.now).seconds();
                if CHEAP_WINDOW.contains(&left) && self.crowd(event.series).chance(CHEAP_CHANCE) {
                    self.schedule_cheap_offer(&event);
                }
            }
        }
        self.schedule(self.now + TimeSpan::from_millis(995), Due::Tickers);
    }

    fn schedule_makers(&mut self, event: &OpenEvent) {
        let valuation = self.valuation(event.series.asset(), event.close);
        let grid = event.series.grid();
        for number in event.markets.clone() {
            let Some(market) = self.markets.get(&number) else { continue };
            let Some(chance) = market.strike.chance(&valuation) else { continue };
            if self.wants_requote(number, 100.0 * chance, &grid) {
                let at = self.within_second(event.series);
                self.schedule(at, Due::Requote(number));
            }
        }
    }

    fn schedule_takers(&mut self, event: &OpenEvent) {
        let step = event.series.strike_step().as_f64();
        // One or two throws a second with this mean.
        for _throw in 0..2 {
            let dice = self.crowd(event.series);
            if !dice.chance(TRADES_A_SECOND / 2.0) {
                continue;
            }
            let offset = TAKER_REACH * step * dice.normal();
            let wanted = self.point(event.series.asset()).index.as_f64() + offset;
            let near = |number: &u32| {
                let anchor = self.markets.get(number).and_then(|market| market.strike.anchor());
                anchor.is_some_and(|anchor| (anchor - wanted).abs() <= step / 2.0)
            };
            let number = match event.series.kind() {
                SeriesKind::Above | SeriesKind::Range => event.markets.clone().find(near),
                SeriesKind::Quarter => event.markets.clone().next(),
            };
            if let Some(number) = number {
                let at = self.within_second(event.series);
                self.schedule(at, Due::Take(number));
            }
        }
    }

    fn schedule_cheap_offer(&mut self, event: &OpenEvent) {
        let valuation = self.valuation(event.series.asset(), event.close);
        let mut candidates = Vec::new();
        for number in event.markets.clone() {
            let Some(market) = self.markets.get(&number).filter(|market| market.cheap.is_none()) else { continue };
            let Some(chance) = market.strike.chance(&valuation) else { continue };
            let fair = 100.0 * chance;
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
        let pick = usize::try_from(self.crowd(event.series).whole(0, last)).unwrap_or(0);
        let (number, yes) = candidates[pick];
        let at = self.within_second(event.series);
        self.schedule(at, Due::Cheap(number, yes));
    }

    /// What YES of a market is worth now, in points; `None` unless it trades and its strike is known.
    fn fair_points(&self, number: u32) -> Option<f64> {
        let market = self.markets.get(&number)?;
        self.event_of(number).filter(|event| event.is_open(self.now) && !self.is_trading_paused())?;
        let valuation = self.valuation(market.series.asset(), market.close);
        Some(100.0 * market.strike.chance(&valuation)?)
    }

    /// Whether a maker's quotes are missing, too far off, crossed by the fair value, or mostly eaten.
    fn wants_requote(&self, number: u32, fair: f64, grid: &PriceGrid) -> bool {
        let Some(market) = self.markets.get(&number) else { return false };
        let target = self.target(number, fair, grid);
        let quotes = market.quotes;
        let stale = |quote: Option<Quote>, side: BookSide, wanted: Option<Price>| match (quote, wanted) {
            (None, None) => false,
            (Some(quote), Some(_)) => {
                let distance = match side {
                    BookSide::Bid => fair - quote.price.points(),
                    BookSide::Ask => quote.price.points() - fair,
                };
                let left = market.book.remaining(side, quote.price, quote.number).unwrap_or_default();
                !(0.8 * target.half_spread..=3.2 * target.half_spread).contains(&distance)
                    || left.units() * 3 < quote.placed.units()
            }
            _ => true,
        };
        let capped = market.cheap.is_some_and(|cheap| match cheap.sells {
            Side::Yes => quotes.bid.is_some_and(|bid| bid.price >= cheap.price),
            Side::No => quotes.ask.is_some_and(|ask| ask.price <= cheap.price),
        });
        // While a cheap offer caps a quote, that quote is where it should be although it is far off.
        let bid_stale = match market.cheap {
            Some(cheap) if cheap.sells == Side::Yes => quotes.bid.map(|bid| bid.price) != target.bid,
            _ => stale(quotes.bid, BookSide::Bid, target.bid),
        };
        let ask_stale = match market.cheap {
            Some(cheap) if cheap.sells == Side::No => quotes.ask.map(|ask| ask.price) != target.ask,
            _ => stale(quotes.ask, BookSide::Ask, target.ask),
        };
        capped || bid_stale || ask_stale
    }

    #[expect(clippy::cast_possible_truncation, reason = "hundredths of a cent between 0 and 10000")]
    fn target(&self, number: u32, fair: f64, grid: &PriceGrid) -> Target {
        let fine = grid.ranges().len() > 1 && !(10.0..90.0).contains(&fair);
        let half_spread = if fine { HALF_SPREAD.1 } else { HALF_SPREAD.0 };
        let deep = Price::from_units(DEEP * libm::round(half_spread * 100.0) as i64);
        let mut bid = grid.round_down(Price::from_units(libm::floor((fair - half_spread) * 100.0) as i64));
        let mut ask = grid.round_up(Price::from_units(libm::ceil((fair + half_spread) * 100.0) as i64));
        if let Some(cheap) = self.markets.get(&number).and_then(|market| market.cheap) {
            let cent = Price::from_cents(1);
            match cheap.sells {
                Side::Yes => bid = bid.map(|bid| bid.min(cheap.price - cent)),
                Side::No => ask = ask.map(|ask| ask.max(cheap.price + cent)),
            }
        }
        let deep_bid = bid.and_then(|bid| grid.round_down(bid - deep));
        let deep_ask = ask.and_then(|ask| grid.round_up(ask + deep));
        Target { bid, ask, deep_bid, deep_ask, half_spread }
    }

    /// Makers look at a market and move what is off.
    pub(crate) fn requote(&mut self, number: u32) {
        let Some(fair) = self.fair_points(number) else { return };
        let Some(market) = self.markets.get(&number) else { return };
        let target = self.target(number, fair, &market.series.grid());
        let slack = libm::round(f64::from(DEEP as i32) * target.half_spread * 100.0) as i64;
        let quotes = market.quotes;
        // Withdraw everything that moves before anything new is placed, so that makers never trade with themselves.
        let moves = [
            (Slot::Bid, quotes.bid, target.bid, 0),
            (Slot::Ask, quotes.ask, target.ask, 0),
            (Slot::DeepBid, quotes.deep_bid, target.deep_bid, slack),
            (Slot::DeepAsk, quotes.deep_ask, target.deep_ask, slack),
        ]
        .map(|(slot, quote, wanted, slack)| (slot, quote, wanted, self.must_move(number, slot, quote, wanted, slack)));
        for (slot, quote, _, must_move) in moves {
            if let (Some(quote), true) = (quote, must_move) {
                self.withdraw(number, slot, quote);
            }
        }
        for (slot, _, wanted, must_move) in moves {
            if let (Some(price), true) = (wanted, must_move) {
                self.place_quote(number, slot, price);
            }
        }
    }

    fn must_move(&self, number: u32, slot: Slot, quote: Option<Quote>, wanted: Option<Price>, slack: i64) -> bool {
        let (Some(quote), Some(wanted)) = (quote, wanted) else { return quote.is_some() != wanted.is_some() };
        let left = self
            .markets
            .get(&number)
            .and_then(|market| market.book.remaining(slot.side(), quote.price, quote.number))
            .unwrap_or_default();
        (quote.price.units() - wanted.units()).abs() > slack || left.units() * 3 < quote.placed.units()
    }

    fn withdraw(&mut self, number: u32, slot: Slot, quote: Quote) {
        if let Some(market) = self.markets.get_mut(&number) {
            *slot.of(market) = None;
        }
        self.remove_crowd_order(number, slot.side(), quote.price, quote.number);
    }

    fn place_quote(&mut self, number: u32, slot: Slot, price: Price) {
        let Some(series) = self.series_of(number) else { return };
        let contracts = match slot {
            Slot::Bid | Slot::Ask => self.crowd(series).whole(40, 250),
            Slot::DeepBid | Slot::DeepAsk => self.crowd(series).whole(150, 600),
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
        let Some(series) = self.series_of(number) else { return };
        let side = if self.crowd(series).chance(0.5) { BookSide::Bid } else { BookSide::Ask };
        let contracts = self.crowd(series).whole(4, 90);
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
        let Some(series) = self.series_of(number) else { return };
        let (low, high) = CHEAP_DISCOUNT;
        let discount = self.crowd(series).between(low, high);
        let contracts = self.crowd(series).whole(20, 200);
        let lives = self.crowd(series).whole(8_000, 40_000);
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

    pub(crate) fn remove_crowd_order(&mut self, number: u32, side: BookSide, price: Price, order: u64) {
        let Some(market) = self.markets.get_mut(&number) else { return };
        if let Some(left) = market.book.remove(side, price, order) {
            let change =
                BookChange { market: market.name.clone(), side, price, delta: -left, cause: None, at: self.now };
            market.dirty = true;
            market.updated = self.now;
            self.outputs.push(Output::Book(change));
        }
    }

    /// Puts an order into a book and tells it.
    pub(crate) fn rest(&mut self, number: u32, side: BookSide, price: Price, order: Resting, cause: Option<OwnOrder>) {
        let Some(market) = self.markets.get_mut(&number) else { return };
        market.book.rest(side, price, order);
        market.dirty = true;
        market.updated = self.now;
        let change =
            BookChange { market: market.name.clone(), side, price, delta: order.remaining, cause, at: self.now };
        self.outputs.push(Output::Book(change));
    }

    /// Tells the summaries that changed. Only markets that trade, or have just closed, can have changed.
    pub(crate) fn tell_tickers(&mut self) {
        let now = self.now;
        let lately = now - TimeSpan::from_seconds(10);
        let trading = self.events.values().filter(|event| event.open <= now && event.close > lately);
        for number in trading.flat_map(|event| event.markets.clone()) {
            let Some(market) = self.markets.get_mut(&number).filter(|market| market.dirty) else { continue };
            market.dirty = false;
            let shown = market.shown();
            market.candles.quote(now, shown);
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
