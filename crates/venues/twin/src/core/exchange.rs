//! The world: an event queue over market time, and the mutations from outside.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap, HashMap, VecDeque},
    sync::Arc,
};

use rec_domain::{Money, TimeSpan, Timestamp, UsdPrice};

use crate::core::{
    account::Account,
    archive::Archive,
    config::{CRYPTO_SHARD, TwinConfig},
    dice::Dice,
    fair::Valuation,
    flicker::Flicker,
    identity::{Kind, identity},
    market::{Event, Market},
    mutation::{Applied, Mutation},
    other_venue::OtherVenue,
    output::{Output, SpotTick, TradePrint, Venue},
    path::{PathPoint, PricePath},
    rejection::Rejection,
    series::{Asset, Series},
    spot::SpotVenue,
    underlying::{INDEX_DELAY, STEADY_A_SECOND, STEADY_DELAY, Underlying},
};

/// Public trades that are kept.
pub(crate) const TRADES_KEPT: usize = 5_000;
/// The stream of chance of each series' crowd.
const CROWD_STREAMS: [u64; Series::ALL.len()] = [2, 22, 23, 24, 25, 26];
/// Minutes that were played before the world begins, so that its past can be asked for.
const PAST_MINUTES: i64 = 320;

/// What is due at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Due {
    /// A whole second: the price moves, the crowd decides what it does in it.
    Second,
    /// The index of this second is passed on.
    Index(Asset),
    /// The index of a fifth of this second is passed on.
    Steady(Asset, i64),
    /// A spot venue trades.
    Spot(Venue),
    /// Makers look at a market.
    Requote(u32),
    /// A maker who never holds still changes a market's book.
    Flicker(u32),
    /// Someone takes liquidity in a market.
    Take(u32),
    /// Someone offers a side of a market too cheaply.
    Cheap(u32, bool),
    /// A cheap offer ends.
    CheapEnds(u32, u64),
    /// An order of the account expires.
    Expire(u64),
    /// An order of the account falls to a cancel-all that came before it.
    Sweep(u64),
    /// A transfer between shards arrives.
    Transfer(u64),
    /// Cash is moved towards the wanted allocation.
    Rebalance,
    /// Summaries are told.
    Tickers,
    /// The events of the next day are listed.
    List(Series),
    /// The strike of an event that has opened is known.
    StrikeKnown(u32),
    /// An event closes.
    Close(u32),
    /// Its result is known.
    Determine(u32),
    /// It is paid.
    Settle(u32),
    /// Trading pauses for the week's maintenance, or by a fault.
    Pause,
}

/// A local exchange with a spot venue, under a time that is given to it.
#[derive(Debug, Clone)]
pub struct Twin {
    pub(crate) config: TwinConfig,
    pub(crate) now: Timestamp,
    pub(crate) underlyings: BTreeMap<Asset, Underlying>,
    /// One stream of chance a series, so that a series plays the same whatever else is listed.
    pub(crate) crowds: [Dice; Series::ALL.len()],
    queue: BinaryHeap<Reverse<(Timestamp, u64, Due)>>,
    queued: u64,
    pub(crate) numbers: u64,
    pub(crate) trades_made: u64,
    /// Events by number.
    pub(crate) events: BTreeMap<u32, Event>,
    /// Markets by number.
    pub(crate) markets: BTreeMap<u32, Market>,
    pub(crate) by_ticker: HashMap<Arc<str>, u32>,
    pub(crate) next_event: u32,
    pub(crate) next_market: u32,
    pub(crate) archive: Archive,
    /// Until here a fault pauses trading.
    pub(crate) paused_until: Option<Timestamp>,
    pub(crate) trades: VecDeque<TradePrint>,
    pub(crate) account: Account,
    pub(crate) spot: SpotVenue,
    pub(crate) kraken: OtherVenue,
    pub(crate) bitstamp: OtherVenue,
    pub(crate) flicker: Flicker,
    pub(crate) outputs: Vec<Output>,
}

impl Twin {
    /// The world at its first instant.
    #[must_use]
    pub fn new(config: TwinConfig) -> Self {
        let past = config.start - TimeSpan::from_minutes(PAST_MINUTES);
        let mut spot = SpotVenue::new(config.seed);
        let mut underlyings = BTreeMap::new();
        for asset in config.assets() {
            let path = PricePath::of(asset, config.seed, past, config.calm_until());
            let seconds = if config.mirror { 0 } else { PAST_MINUTES * 60 - 1 };
            let underlying = Underlying::new(asset, path, seconds, |point| {
                if asset == Asset::Bitcoin {
                    spot.remember(point);
                }
            });
            underlyings.insert(asset, underlying);
        }
        let seed = config.seed;
        let mut twin = Self {
            now: config.start - TimeSpan::from_seconds(1),
            underlyings,
            crowds: std::array::from_fn(|place| Dice::new(seed, CROWD_STREAMS[place])),
            queue: BinaryHeap::new(),
            queued: 0,
            numbers: 0,
            trades_made: 0,
            events: BTreeMap::new(),
            markets: BTreeMap::new(),
            by_ticker: HashMap::new(),
            next_event: 1,
            next_market: 1,
            archive: Archive::default(),
            paused_until: None,
            trades: VecDeque::new(),
            account: Account::default(),
            spot,
            kraken: OtherVenue::new(Venue::Kraken, seed),
            bitstamp: OtherVenue::new(Venue::Bitstamp, seed),
            flicker: Flicker::new(seed),
            outputs: Vec::new(),
            config,
        };
        let cash = twin.config.starting_cash;
        // Whatever the cash is, whole cents of it are a deposit; a fraction of a cent is not given.
        let _ = twin.deposit(CRYPTO_SHARD, Money::from_cents(cash.floor_cents()));
        let start = twin.config.start;
        if !twin.config.mirror {
            twin.list_first_events();
            twin.schedule_next_pause();
        }
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

    /// When the world next does something by itself; there is always something.
    #[must_use]
    pub fn next_at(&self) -> Option<Timestamp> {
        self.queue.peek().map(|Reverse((at, _, _))| *at)
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
            Mutation::AmendOrder(amend) => self.amend_order(amend).map(Applied::Amended),
            Mutation::DecreaseOrder(decrease) => self.decrease_order(decrease).map(Applied::Decreased),
            Mutation::CreateOrders(orders) => Ok(Applied::Orders(self.create_orders(orders))),
            Mutation::CancelOrders(cancels) => Ok(Applied::Cancels(self.cancel_orders(cancels))),
            Mutation::CancelAll(subaccount) => {
                self.cancel_all(*subaccount);
                Ok(Applied::CancelledAll)
            }
            Mutation::CreateSubaccount(shard) => self.create_subaccount(*shard),
            Mutation::TransferBetweenSubaccounts(transfer) => self.transfer_between_subaccounts(transfer),
            Mutation::TransferBetweenShards(transfer) => self.transfer_between_shards(transfer),
            Mutation::Allocate(allocation) => self.allocate(allocation),
            Mutation::Net { subaccount, enabled } => self.net_subaccount(*subaccount, *enabled),
            Mutation::Deposit(shard, amount) => self.deposit(*shard, *amount),
            Mutation::Withdraw(shard, amount) => self.withdraw_cash(*shard, *amount),
            Mutation::CreateGroup(group) => self.create_group(group),
            Mutation::LimitGroup(group, limit) => self.limit_group(group, *limit),
            Mutation::TriggerGroup(group) => self.trigger_group(group),
            Mutation::ResetGroup(group) => self.reset_group(group),
            Mutation::DeleteGroup(group) => self.delete_group(group),
            Mutation::Fault(fault) => self.suffer(fault),
            Mutation::Mirror(change) => Ok(self.mirror(change)),
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
            Due::Index(asset) => {
                let print = self.told_underlying(asset).and_then(|underlying| underlying.prints.back());
                self.outputs.extend(print.copied().map(Output::Index));
            }
            Due::Steady(asset, part) => {
                let print = self.told_underlying(asset).map(|underlying| underlying.steady(part));
                self.outputs.extend(print.map(Output::Steady));
            }
            Due::Spot(venue) => self.spot_trade(venue),
            Due::Requote(market) => self.requote(market),
            Due::Flicker(market) => self.flicker(market),
            Due::Take(market) => self.take_liquidity(market),
            Due::Cheap(market, yes) => self.offer_cheaply(market, yes),
            Due::CheapEnds(market, number) => self.end_cheap_offer(market, number),
            Due::Expire(number) => self.expire_order(number),
            Due::Sweep(number) => self.withdraw_order(number, "Decrease"),
            Due::Transfer(number) => self.complete_transfer(number),
            Due::Rebalance => self.rebalance(),
            Due::Tickers => self.tell_tickers(),
            Due::List(series) => self.list_next_day(series),
            Due::StrikeKnown(event) => self.make_strike_known(event),
            Due::Close(event) => self.close_event(event),
            Due::Determine(event) => self.determine_event(event),
            Due::Settle(event) => self.settle_event(event),
            Due::Pause => {
                self.cancel_on_pause();
                self.schedule_next_pause();
            }
        }
    }

    fn play_second(&mut self) {
        if self.config.mirror {
            self.mirror_second();
            return;
        }
        for underlying in self.underlyings.values_mut() {
            underlying.step();
            debug_assert_eq!(underlying.point.at, self.now, "the path and the queue keep the same seconds");
        }
        self.schedule_index();
        self.schedule(self.now + TimeSpan::from_seconds(1), Due::Second);
        self.schedule_spot();
        self.schedule_crowd();
        self.schedule_flicker();
    }

    /// An asset whose index is passed on now.
    fn told_underlying(&self, asset: Asset) -> Option<&Underlying> {
        self.underlyings.get(&asset).filter(|underlying| !underlying.is_silent(self.now))
    }

    fn schedule_index(&mut self) {
        let now = self.now;
        let assets: Vec<Asset> = self.underlyings.keys().copied().collect();
        for asset in assets {
            self.schedule(now + INDEX_DELAY, Due::Index(asset));
            for part in 0..STEADY_A_SECOND {
                let at = now + TimeSpan::from_millis(part * 1_000 / STEADY_A_SECOND) + STEADY_DELAY;
                self.schedule(at, Due::Steady(asset, part));
            }
        }
    }

    fn schedule_spot(&mut self) {
        for venue in Venue::ALL {
            let moments = match venue {
                Venue::Coinbase => self.spot.moments(self.now),
                Venue::Kraken => self.kraken.moments(self.now),
                Venue::Bitstamp => self.bitstamp.moments(self.now),
            };
            for at in moments {
                self.schedule(at, Due::Spot(venue));
            }
        }
    }

    fn spot_trade(&mut self, venue: Venue) {
        let (point, now) = (self.point(Asset::Bitcoin), self.now);
        let tick = match venue {
            Venue::Coinbase => self.spot.trade(point, now),
            Venue::Kraken => self.kraken.trade(point, now),
            Venue::Bitstamp => self.bitstamp.trade(point, now),
        };
        self.outputs.push(Output::Spot(tick));
    }

    /// The last trade of a spot venue.
    #[must_use]
    pub const fn last_spot_trade(&self, venue: Venue) -> Option<&SpotTick> {
        match venue {
            Venue::Coinbase => self.spot.last(),
            Venue::Kraken => self.kraken.last(),
            Venue::Bitstamp => self.bitstamp.last(),
        }
    }

    /// What a spot venue's feed says of a trade; `is_first` where it answers a subscription.
    #[must_use]
    pub fn spot_frame(&self, tick: &SpotTick, is_first: bool) -> String {
        match tick.venue {
            Venue::Coinbase => self.spot.ticker_frame(tick),
            Venue::Kraken => self.kraken.frame(tick, is_first),
            Venue::Bitstamp => self.bitstamp.frame(tick, is_first),
        }
    }

    /// The stream of chance of a series' crowd.
    pub(crate) const fn crowd(&mut self, series: Series) -> &mut Dice {
        &mut self.crowds[series as usize]
    }

    /// An instant within the second that begins now.
    pub(crate) fn within_second(&mut self, series: Series) -> Timestamp {
        self.now + TimeSpan::from_micros(self.crowd(series).whole(1_000, 990_000))
    }

    /// An asset's walk as it stands.
    pub(crate) fn point(&self, asset: Asset) -> PathPoint {
        let nowhere = PathPoint { at: self.now, spot: UsdPrice::ZERO, index: UsdPrice::ZERO };
        self.underlyings.get(&asset).map_or(nowhere, |underlying| underlying.point)
    }

    /// How an event on `asset` that closes at `close` is to be valued now.
    pub(crate) fn valuation(&self, asset: Asset, close: Timestamp) -> Valuation {
        let window = close - TimeSpan::from_seconds(60);
        let underlying = self.underlyings.get(&asset);
        let (mut known, mut known_sum) = (0, 0.0);
        if self.now >= window {
            let prints = underlying.into_iter().flat_map(|one| one.prints.iter().rev());
            for print in prints.take_while(|print| print.stamped >= window) {
                if print.stamped < close {
                    known += 1;
                    known_sum += print.value.as_f64();
                }
            }
        }
        Valuation {
            index: self.point(asset).index.as_f64(),
            seconds_to_close: close.since(self.now).as_seconds_f64(),
            volatility: underlying.map_or(0.0, Underlying::expected_volatility),
            known,
            known_sum,
        }
    }

    /// Every event that is kept, in the order of listing.
    pub fn events(&self) -> impl Iterator<Item = &Event> {
        self.events.values()
    }

    /// A market that is not archived, by its ticker.
    #[must_use]
    pub fn market(&self, ticker: &str) -> Option<&Market> {
        self.markets.get(self.by_ticker.get(ticker)?)
    }

    /// Every market that is kept, with its event, by event and strike.
    pub fn listed(&self) -> impl Iterator<Item = (&Event, &Market)> {
        self.events
            .values()
            .flat_map(|event| event.markets.clone().map(move |number| (event, number)))
            .filter_map(|(event, number)| self.markets.get(&number).map(|market| (event, market)))
    }

    /// What YES of a market is worth to the twin's makers now; `None` for an unknown market, and while its strike is
    /// not known.
    #[must_use]
    pub fn fair_value(&self, ticker: &str) -> Option<f64> {
        let market = self.markets.get(self.by_ticker.get(ticker)?)?;
        market.strike.chance(&self.valuation(market.series.asset(), market.close))
    }

    /// The settlement value of `asset` at `close` from the prints so far; `None` unless all sixty are known.
    #[must_use]
    pub fn settlement_value(&self, asset: Asset, close: Timestamp) -> Option<UsdPrice> {
        self.underlyings.get(&asset)?.mean_before(close)
    }
}

/// Appends and drops the oldest beyond `kept`.
pub(crate) fn push_bounded<T>(queue: &mut VecDeque<T>, item: T, kept: usize) {
    queue.push_back(item);
    if queue.len() > kept {
        queue.pop_front();
    }
}
