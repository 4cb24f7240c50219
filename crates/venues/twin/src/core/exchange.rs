//! The world: an event queue over market time, and the mutations from outside.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap, HashMap, VecDeque},
};

use rec_domain::{TimeSpan, Timestamp, UsdPrice};

use crate::core::{
    account::Account,
    config::{CRYPTO_SHARD, TwinConfig},
    dice::Dice,
    fair::Valuation,
    identity::{Kind, identity},
    ledger::LedgerAccount,
    market::{Event, Market},
    mutation::{Applied, Mutation},
    output::{IndexPrint, Output, TradePrint},
    path::{PathPoint, PricePath},
    rejection::Rejection,
    spot::SpotVenue,
};

/// How long after the second that it is stamped with a print of the index is passed on.
const INDEX_DELAY: TimeSpan = TimeSpan::from_millis(53);
/// Prints of the index that are kept: two hours.
const PRINTS_KEPT: usize = 7_200;
/// Public trades that are kept.
pub(crate) const TRADES_KEPT: usize = 2_000;
/// Minutes that were played before the world begins, so that its past can be asked for.
const PAST_MINUTES: i64 = 320;

/// What is due at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Due {
    /// A whole second: the price moves, the crowd decides what it does in it.
    Second,
    /// The index of this second is passed on.
    Index,
    /// The spot venue trades.
    Spot,
    /// Makers look at a market.
    Requote(u32),
    /// Someone takes liquidity in a market.
    Take(u32),
    /// Someone offers a side of a market too cheaply.
    Cheap(u32, bool),
    /// A cheap offer ends.
    CheapEnds(u32, u64),
    /// An order of the account expires.
    Expire(u64),
    /// Summaries are told.
    Tickers,
    /// An event closes.
    Close(Timestamp),
    /// Its result is known.
    Determine(Timestamp),
    /// It is paid.
    Settle(Timestamp),
}

/// A local exchange with a spot venue, under a time that is given to it.
#[derive(Debug, Clone)]
pub struct Twin {
    pub(crate) config: TwinConfig,
    pub(crate) now: Timestamp,
    pub(crate) path: PricePath,
    pub(crate) point: PathPoint,
    pub(crate) crowd: Dice,
    queue: BinaryHeap<Reverse<(Timestamp, u64, Due)>>,
    queued: u64,
    pub(crate) numbers: u64,
    pub(crate) trades_made: u64,
    /// Events by close.
    pub(crate) events: BTreeMap<Timestamp, Event>,
    /// Markets by number.
    pub(crate) markets: BTreeMap<u32, Market>,
    pub(crate) by_ticker: HashMap<std::sync::Arc<str>, u32>,
    pub(crate) prints: VecDeque<IndexPrint>,
    pub(crate) trades: VecDeque<TradePrint>,
    pub(crate) account: Account,
    pub(crate) spot: SpotVenue,
    pub(crate) outputs: Vec<Output>,
}

impl Twin {
    /// The world at its first instant.
    #[must_use]
    pub fn new(config: TwinConfig) -> Self {
        let past = config.start - TimeSpan::from_minutes(PAST_MINUTES);
        let mut path = PricePath::new(config.seed, past, config.calm_until());
        let mut spot = SpotVenue::new(config.seed);
        let mut prints = VecDeque::with_capacity(PRINTS_KEPT + 1);
        for _ in 0..PAST_MINUTES * 60 - 1 {
            let point = path.step(1);
            spot.remember(point);
            push_bounded(&mut prints, print_of(point), PRINTS_KEPT);
        }
        let mut twin = Self {
            now: config.start - TimeSpan::from_seconds(1),
            point: path.point(),
            crowd: Dice::new(config.seed, 2),
            queue: BinaryHeap::new(),
            queued: 0,
            numbers: 0,
            trades_made: 0,
            events: BTreeMap::new(),
            markets: BTreeMap::new(),
            by_ticker: HashMap::new(),
            prints,
            trades: VecDeque::new(),
            account: Account::default(),
            spot,
            outputs: Vec::new(),
            path,
            config,
        };
        let cash = twin.config.starting_cash;
        twin.account.ledger.post(&[(LedgerAccount::World, -cash), (LedgerAccount::Cash(CRYPTO_SHARD), cash)]);
        let hour = TimeSpan::from_minutes(60);
        let start = twin.config.start;
        twin.list_event(start + hour);
        twin.list_event(start + hour + hour);
        twin.schedule(start, Due::Second);
        twin.advance_quietly(start);
        twin
    }

    /// The instant up to which the world has been played.
    #[must_use]
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// What this world was made from.
    #[must_use]
    pub const fn config(&self) -> &TwinConfig {
        &self.config
    }

    /// The account and its books.
    #[must_use]
    pub const fn account(&self) -> &Account {
        &self.account
    }

    /// The spot venue.
    #[must_use]
    pub const fn spot(&self) -> &SpotVenue {
        &self.spot
    }

    /// The account holder's identity.
    #[must_use]
    pub fn user_id(&self) -> String {
        identity(self.config.seed, Kind::User, 0).to_string()
    }

    /// Plays up to `to`, both included, and gives what happened. An instant that was played is not played again.
    pub fn advance(&mut self, to: Timestamp) -> Vec<Output> {
        while let Some(Reverse((at, _, due))) = self.queue.peek().copied().filter(|Reverse((at, _, _))| *at <= to) {
            self.queue.pop();
            debug_assert!(self.now <= at, "time does not run backwards");
            self.now = at;
            self.handle(due);
        }
        self.now = self.now.max(to);
        std::mem::take(&mut self.outputs)
    }

    /// Plays up to `to` without keeping what happened: for worlds that nobody watches yet.
    pub fn advance_quietly(&mut self, to: Timestamp) {
        let step = TimeSpan::from_seconds(60);
        while self.now + step < to {
            let next = self.now + step;
            drop(self.advance(next));
        }
        drop(self.advance(to));
    }

    /// Applies a change from outside at `at` (or now, when that is later).
    ///
    /// What happens before it and because of it is kept for [`Twin::take_outputs`].
    ///
    /// # Errors
    /// When the exchange refuses; then nothing has changed but the time.
    pub fn apply(&mut self, at: Timestamp, mutation: &Mutation) -> Result<Applied, Rejection> {
        let mut earlier = self.advance(at);
        let answer = match mutation {
            Mutation::CreateOrder(order) => self.create_order(order).map(Applied::Order),
            Mutation::CancelOrder(cancel) => self.cancel_order(cancel).map(Applied::Cancelled),
            Mutation::CreateGroup(group) => Ok(self.create_group(group)),
            Mutation::LimitGroup(group, limit) => self.limit_group(group, *limit),
            Mutation::TriggerGroup(group) => self.trigger_group(group),
            Mutation::ResetGroup(group) => self.reset_group(group),
            Mutation::DeleteGroup(group) => self.delete_group(group),
            Mutation::Fault(fault) => self.suffer(fault),
        };
        earlier.append(&mut self.outputs);
        self.outputs = earlier;
        answer
    }

    /// What happened since the last time it was asked for.
    pub fn take_outputs(&mut self) -> Vec<Output> {
        std::mem::take(&mut self.outputs)
    }

    pub(crate) fn schedule(&mut self, at: Timestamp, due: Due) {
        self.queued += 1;
        self.queue.push(Reverse((at, self.queued, due)));
    }

    /// An order number, unique in the world.
    pub(crate) fn next_number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    fn handle(&mut self, due: Due) {
        match due {
            Due::Second => self.play_second(),
            Due::Index => {
                if let Some(print) = self.prints.back() {
                    self.outputs.push(Output::Index(*print));
                }
            }
            Due::Spot => self.spot_trade(),
            Due::Requote(market) => self.requote(market),
            Due::Take(market) => self.take_liquidity(market),
            Due::Cheap(market, yes) => self.offer_cheaply(market, yes),
            Due::CheapEnds(market, number) => self.end_cheap_offer(market, number),
            Due::Expire(number) => self.expire_order(number),
            Due::Tickers => self.tell_tickers(),
            Due::Close(close) => self.close_event(close),
            Due::Determine(close) => self.determine_event(close),
            Due::Settle(close) => self.settle_event(close),
        }
    }

    fn play_second(&mut self) {
        self.point = self.path.step(1);
        debug_assert_eq!(self.point.at, self.now, "the path and the queue keep the same seconds");
        push_bounded(&mut self.prints, print_of(self.point), PRINTS_KEPT);
        self.schedule(self.now + INDEX_DELAY, Due::Index);
        self.schedule(self.now + TimeSpan::from_seconds(1), Due::Second);
        self.schedule_spot();
        self.schedule_crowd();
    }

    fn schedule_spot(&mut self) {
        for at in self.spot.moments(self.now) {
            self.schedule(at, Due::Spot);
        }
    }

    fn spot_trade(&mut self) {
        let (point, now) = (self.point, self.now);
        let tick = self.spot.trade(point, now);
        self.outputs.push(Output::Spot(tick));
    }

    /// An instant within the second that begins now.
    pub(crate) fn within_second(&mut self) -> Timestamp {
        self.now + TimeSpan::from_micros(self.crowd.whole(1_000, 990_000))
    }

    /// How an event that closes at `close` is to be valued now.
    pub(crate) fn valuation(&self, close: Timestamp) -> Valuation {
        let window = close - TimeSpan::from_seconds(60);
        let (mut known, mut known_sum) = (0, 0.0);
        if self.now >= window {
            for print in self.prints.iter().rev().take_while(|print| print.stamped >= window) {
                if print.stamped < close {
                    known += 1;
                    known_sum += print.value.as_f64();
                }
            }
        }
        Valuation {
            index: self.point.index.as_f64(),
            seconds_to_close: close.since(self.now).as_seconds_f64(),
            volatility: self.path.expected_volatility(),
            known,
            known_sum,
        }
    }

    /// Every market that is kept, with its event, by event and strike.
    pub fn listed(&self) -> impl Iterator<Item = (&Event, &Market)> {
        self.events
            .values()
            .flat_map(|event| event.markets.clone().map(move |number| (event, number)))
            .filter_map(|(event, number)| self.markets.get(&number).map(|market| (event, market)))
    }

    /// What YES of a market is worth to the twin's makers now; `None` for an unknown market.
    #[must_use]
    pub fn fair_value(&self, ticker: &str) -> Option<f64> {
        let market = self.markets.get(self.by_ticker.get(ticker)?)?;
        Some(self.valuation(market.close).chance_above(market.floor.as_f64()))
    }

    /// The settlement value of `close` from the prints so far; `None` unless all sixty are known.
    #[must_use]
    pub fn settlement_value(&self, close: Timestamp) -> Option<UsdPrice> {
        let first = close - TimeSpan::from_seconds(60);
        let window: Vec<UsdPrice> = self
            .prints
            .iter()
            .filter(|print| first <= print.stamped && print.stamped < close)
            .map(|print| print.value)
            .collect();
        (window.len() == 60).then(|| UsdPrice::mean_half_up_to_cents(&window)).flatten()
    }
}

fn print_of(point: PathPoint) -> IndexPrint {
    IndexPrint { stamped: point.at, value: point.index, received: point.at + INDEX_DELAY }
}

/// Appends and drops the oldest beyond `kept`.
pub(crate) fn push_bounded<T>(queue: &mut VecDeque<T>, item: T, kept: usize) {
    queue.push_back(item);
    if queue.len() > kept {
        queue.pop_front();
    }
}
